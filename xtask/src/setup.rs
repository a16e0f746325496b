//! What a machine needs beside rustup's stable toolchain, found or installed.
//!
//! Each part looks first and fetches only what is missing, so a machine that has everything is
//! never asked for the network or for root. The order in which they are needed: the WebAssembly
//! toolchain, Node's packages, and for `cargo xtask test` its tools.

pub(crate) mod apt;
pub(crate) mod lint;
pub(crate) mod npm;
pub(crate) mod private;
pub(crate) mod toolchain;
pub(crate) mod tools;
