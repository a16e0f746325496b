//! Every screen, as a program for the browser.

fn main() {
    egret_frontend::start_all();
}
