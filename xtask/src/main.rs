//! `cargo xtask`: set-up, demo, tests, benchmarks. The only build scripting of the project.
//!
//! In the order of the work: [`setup`] finds or fetches what a bare machine lacks, [`wasm`] builds
//! the browser part, [`site`] gathers what the server embeds, and [`command`] strings these steps
//! together. Everything skips itself when nothing changed.

mod command;
mod page;
mod paths;
mod press;
mod run;
mod setup;
mod site;
mod stamp;
mod steps;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::command::build::Profile;
use crate::paths::Paths;

/// What `cargo xtask help` prints.
const HELP: &str = "\
cargo xtask COMMAND

  demo [--dev] [FLAG…]   build everything, run the demo city, print its address;
                         flags go to `egret demo`: --http ADDR, --mqtt ADDR, --scenario storm
  test [FILTER…]         every check; with filters only the tests whose names contain one
  build [--dev]          the browser part and the server
  site [--dev]           the browser part alone, target/site
  screens [--dev] [WORD…]
                         target/screens: every scene of the demo city at 1080p, 4K and 32:9, in both
                         languages, dark and light, and what of it cannot be read; words narrow it:
                         traffic 4k en light, upright, 8k
  bench [FLAG…]          measure this machine, one JSON line per figure
  bench storm [FLAG…]    compare incidents with what really happened, over 20 seeds
  bench -- --only PART   map, slow, paint: in a real Chromium
  soak [FLAG…]           a wall through a bad hour: does it grow, does it still tell the truth;
                         --minutes 60, --rate 20, --restart-every 10 (minutes)
  dist                   target/dist: the program to copy to a server, with licence and notices
  setup                  fetch everything the commands above need, for work without the network
  help                   this text

Fetched: Rust's WebAssembly target (by rustup, or from Debian's packages where
RUSTUP_AUTO_INSTALL=0), npm packages, and for the tests Debian's Mosquitto, Chromium and
paho-mqtt, aiosmtpd. Kept in ~/.cache/egret and target/. --dev builds quickly,
without optimisation.
";

fn main() -> ExitCode {
    match run_command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run_command() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = if arguments.is_empty() {
        "help".to_owned()
    } else {
        arguments.remove(0)
    };
    let paths = Paths::find()?;
    match command.as_str() {
        "demo" => command::demo::command(&paths, take_profile(&mut arguments), &arguments),
        "test" => command::test::command(&paths, &arguments),
        "build" => command::build::command(&paths, take_profile(&mut arguments)),
        "site" => command::build::command_site(&paths, take_profile(&mut arguments)),
        "screens" => command::screens::command(&paths, take_profile(&mut arguments), &arguments),
        "bench" => command::bench::command(&paths, &arguments),
        "soak" => command::soak::command(&paths, take_profile(&mut arguments), &arguments),
        "dist" => command::dist::command(&paths),
        "setup" => command::setup::command(&paths),
        "trunk-assets" => command::trunk::command(&paths),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("unknown command \"{unknown}\"\n\n{HELP}"),
    }
}

/// Takes `--dev` and `--release` out of the arguments. Release is the default: a demo should be
/// as quick as the product.
fn take_profile(arguments: &mut Vec<String>) -> Profile {
    let dev = arguments.iter().any(|argument| argument == "--dev");
    arguments.retain(|argument| argument != "--dev" && argument != "--release");
    if dev { Profile::Dev } else { Profile::Release }
}
