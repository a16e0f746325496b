//! `cargo xtask bench`: figures of this machine, one JSON line each, from the release server.

use std::path::Path;

use anyhow::Result;

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::command::soak;
use crate::paths::Paths;
use crate::run;
use crate::steps::Steps;

/// The program that measures the fold under a whole catalogue, and over a simulated week.
const FOLD: &str = "catalogue";

/// The program that plays the storm and compares incidents with what really happened.
const STORM: &str = "storm";

/// The parts that are measured in a real browser, and their programs in `tests/browser`.
const IN_BROWSER: [(&str, &str); 3] = [
    ("map", "bench/map.mjs"),
    ("slow", "bench/slow.mjs"),
    ("paint", "bench/paint.mjs"),
];

/// Runs the command; `arguments` go to the benchmark program. Its lines are all that goes to
/// standard output. `storm` as the first of them is a benchmark of its own.
///
/// # Errors
/// When a step or the benchmark fails.
pub(crate) fn command(paths: &Paths, arguments: &[String]) -> Result<()> {
    if arguments.first().is_some_and(|word| word == STORM) {
        return storm(paths, arguments.get(1..).unwrap_or_default());
    }
    if let Some((program, rest)) = in_browser(arguments) {
        return browser(paths, program, &rest);
    }
    let mut steps = Steps::new(SITE_STEPS + 5);
    build::build_site(&mut steps, paths, Profile::Release)?;
    let server = steps.run("server", |step| {
        build::build_server(step, paths, Profile::Release)
    })?;
    let flags = [
        Profile::Release.flag(),
        "-p",
        "egret-tests",
        "--bin",
        "bench",
    ];
    steps.run("benchmark", |step| {
        step.show(run::cargo(&paths.root).arg("build").args(flags))
    })?;
    let fold = ["-p", "egret-city", "--example", FOLD];
    steps.run("fold alone", |step| {
        let build = [&["build", Profile::Release.flag()], &fold[..]].concat();
        step.show(run::cargo(&paths.root).args(build))
    })?;
    steps.summary();
    steps.run("measuring the fold", |step| {
        let program = paths.program("release", &format!("examples/{FOLD}"));
        let quick = arguments.iter().any(|argument| argument == "--quick");
        let part: &[&str] = if quick { &["catalogue"] } else { &[] };
        step.show(run::command(program, &paths.root).args(part))
    })?;
    steps.run_closing("measuring", |step| {
        let mut bench = run::command(paths.program("release", "bench"), &paths.root);
        bench
            .env("EGRET_BIN", &server)
            .env("EGRET_SITE", &paths.site);
        step.show(bench.args(arguments))
    })
}

/// The program of the part that `--only` names, if it is one in a browser, and what else was said.
fn in_browser(arguments: &[String]) -> Option<(&'static str, Vec<String>)> {
    let place = arguments.iter().position(|word| word == "--only")?;
    let part = arguments.get(place + 1)?;
    let (_, program) = IN_BROWSER.iter().find(|(name, _)| name == part)?;
    let numbered = arguments.iter().enumerate();
    let rest = numbered.filter(|(n, word)| *n != place && *n != place + 1 && *word != "--");
    Some((program, rest.map(|(_, word)| word.clone()).collect()))
}

/// A part in a browser.
fn browser(paths: &Paths, program: &str, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(soak::STEPS + 1);
    let stage = soak::prepare(&mut steps, paths, Profile::Release)?;
    steps.summary();
    steps.run_closing("measuring", |step| {
        stage.run(step, paths, Path::new(program), arguments)
    })
}

/// How well alerts become incidents: no server and no site, so it builds only the simulator and
/// the fold.
fn storm(paths: &Paths, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(2);
    steps.run("storm", |step| {
        let build = ["-p", "egret-sim", "--example", STORM];
        let build = [&["build", Profile::Release.flag()], &build[..]].concat();
        step.show(run::cargo(&paths.root).args(build))
    })?;
    steps.summary();
    steps.run_closing("measuring", |step| {
        let program = paths.program("release", &format!("examples/{STORM}"));
        step.show(run::command(program, &paths.root).args(arguments))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_in_a_browser_is_found_wherever_it_is_named() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            in_browser(&words("-- --seconds 5 --only map")),
            Some(("bench/map.mjs", words("--seconds 5")))
        );
        assert_eq!(in_browser(&words("--only alerts --quick")), None);
        assert_eq!(in_browser(&words("--quick")), None);
    }
}
