//! `cargo xtask demo`: from a bare checkout to the demo city in the browser.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::paths::Paths;
use crate::run;
use crate::steps::Steps;

/// Where the server listens unless told otherwise.
const HTTP: &str = "127.0.0.1:8080";

/// Runs the command; `arguments` go to `egret demo`. The server takes this process's place, so
/// that Ctrl-C and every other signal is its own.
///
/// # Errors
/// When a step fails or the server does not start.
pub(crate) fn command(paths: &Paths, profile: Profile, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(SITE_STEPS + 1);
    build::build_site(&mut steps, paths, profile)?;
    let program = steps.run("server", |step| build::build_server(step, paths, profile))?;
    steps.summary();
    let http = value_of(arguments, "--http").unwrap_or(HTTP);
    println!("\n    Egret's demo city:  http://{http}/wall/overview\n    Ctrl-C ends it.\n");
    let mut server = run::command(&program, &paths.root);
    server.arg("demo").args(arguments).stdin(Stdio::inherit());
    Err(server.exec()).with_context(|| format!("starting {}", program.display()))
}

/// The value of `--name value` or `--name=value`.
fn value_of<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == name {
            return words.next().map(String::as_str);
        }
        if let Some(value) = word
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_address_is_the_one_that_is_passed_on() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            value_of(&words("--http 127.0.0.1:9"), "--http"),
            Some("127.0.0.1:9")
        );
        assert_eq!(
            value_of(&words("--mqtt x --http=[::1]:9"), "--http"),
            Some("[::1]:9")
        );
        assert_eq!(value_of(&words("--https x"), "--http"), None);
    }
}
