//! The wall alone, as a program for the browser.

fn main() {
    egret_frontend::start_wall();
}
