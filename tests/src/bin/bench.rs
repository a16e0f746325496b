//! `cargo xtask bench`: see [`egret_tests::bench`].

fn main() {
    egret_tests::bench::run();
}
