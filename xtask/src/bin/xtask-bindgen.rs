//! `wasm-bindgen` for the browser part, at exactly the version of `Cargo.lock`.
//!
//! A program of its own, so that `cargo xtask` starts without compiling its sixty crates: the
//! wasm step builds and runs it. What it writes is an ES module for `<script type="module">`,
//! `OUT_NAME.js` with `OUT_NAME_bg.wasm`, and `snippets/` where a crate brings JavaScript along.
//! With a folder for parts, what is marked in the program to come later is cut off first, into files
//! of that folder; the module that loads them lies beside them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

/// The module that loads what comes later.
const LOADER: &str = "parts.js";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (input, out_dir, out_name, parts) = match arguments.as_slice() {
        [input, out_dir, out_name] => (input, out_dir, out_name, None),
        [input, out_dir, out_name, parts] => (input, out_dir, out_name, Some(parts)),
        _ => bail!("usage: xtask-bindgen INPUT.wasm OUT_DIR OUT_NAME [PARTS]"),
    };
    let out_dir = Path::new(out_dir);
    let first = parts.map(|parts| split(Path::new(input), out_dir, out_name, parts));
    let first = first.transpose()?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(first.as_deref().unwrap_or(Path::new(input)))
        .out_name(out_name)
        .typescript(false);
    bindgen
        .remove_name_section(true)
        .remove_producers_section(true);
    // Parts find what they need of the first one by these names.
    bindgen.keep_lld_exports(first.is_some());
    bindgen.demangle(first.is_none());
    // The page calls `init()` without a path: the module finds its wasm beside itself.
    bindgen.omit_default_module_path(false);
    bindgen
        .web(true)?
        .generate(out_dir)
        .with_context(|| format!("wasm-bindgen on {input}"))?;
    first.map_or(Ok(()), |first| Ok(fs::remove_file(first)?))
}

/// Cuts off what comes later; returns the file with what is left.
fn split(input: &Path, out_dir: &Path, out_name: &str, parts: &str) -> Result<PathBuf> {
    let program = fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let first = out_dir.join("first.wasm");
    let folder = out_dir.join(parts);
    fs::create_dir_all(&folder)?;
    let loader = format!("./{parts}/{LOADER}");
    let glue = format!("../{out_name}.js");
    let mut options = Options::new(&program);
    options.output_dir = out_dir;
    options.main_out_path = &first;
    options.link_name = &loader;
    options.main_module = &glue;
    let split =
        transform(options).map_err(|error| anyhow!("cutting {}: {error:?}", input.display()))?;
    // The loader looks for them beside itself.
    for part in &split.split_modules {
        let name = part.file_name().context("a part without a name")?;
        fs::rename(part, folder.join(name))?;
    }
    Ok(first)
}
