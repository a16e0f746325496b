//! Compresses files ahead of being served: `STEM.br` and `STEM.gz` beside one another.
//!
//! A program of its own, so that `cargo xtask` starts without compiling compressors: the site step
//! builds and runs it, for files that it has not met before.

use std::fs;
use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The most that brotli can do, and the window that every browser takes.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        let [source, stem] = pair else {
            bail!("usage: xtask-press [SOURCE STEM]…");
        };
        press(source, stem).with_context(|| format!("compressing {source}"))?;
    }
    Ok(())
}

fn press(source: &str, stem: &str) -> Result<()> {
    let content = fs::read(source)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    fs::write(format!("{stem}.gz"), gzip.finish()?)?;
    let mut smaller = Vec::new();
    let mut brotli =
        brotli::CompressorWriter::new(&mut smaller, 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    brotli.write_all(&content)?;
    drop(brotli);
    // Last, for a stem with this file is complete.
    fs::write(format!("{stem}.br"), smaller)?;
    Ok(())
}
