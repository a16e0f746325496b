//! `wasm-bindgen` for the browser part, at exactly the version of `Cargo.lock`.
//!
//! A program of its own, so that `cargo xtask` starts without compiling its sixty crates: the
//! wasm step builds and runs it. What it writes is an ES module for `<script type="module">`,
//! `OUT_NAME.js` with `OUT_NAME_bg.wasm`, and `snippets/` where a crate brings JavaScript along.

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, out_name] = arguments.as_slice() else {
        bail!("usage: xtask-bindgen INPUT.wasm OUT_DIR OUT_NAME");
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .out_name(out_name)
        .typescript(false);
    bindgen
        .remove_name_section(true)
        .remove_producers_section(true);
    // The page calls `init()` without a path: the module finds its wasm beside itself.
    bindgen.omit_default_module_path(false);
    bindgen
        .web(true)?
        .generate(out_dir)
        .with_context(|| format!("wasm-bindgen on {input}"))
}
