//! Writes the archive of map tiles that tests draw the tiny city on.

use egret_tests::tiles;
use egret_tests::tools::repository;

fn main() -> std::io::Result<()> {
    std::fs::write(repository().join(tiles::FILE), tiles::archive())
}
