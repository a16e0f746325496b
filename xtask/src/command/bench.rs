//! `cargo xtask bench`: figures of this machine, one JSON line each, from the release server.

use anyhow::Result;

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::paths::Paths;
use crate::run;
use crate::steps::Steps;

/// The program that measures the fold under a whole catalogue, and over a simulated week.
const FOLD: &str = "catalogue";

/// The program that plays the storm and compares incidents with what really happened.
const STORM: &str = "storm";

/// Runs the command; `arguments` go to the benchmark program. Its lines are all that goes to
/// standard output. `storm` as the first of them is a benchmark of its own.
///
/// # Errors
/// When a step or the benchmark fails.
pub(crate) fn command(paths: &Paths, arguments: &[String]) -> Result<()> {
    if arguments.first().is_some_and(|word| word == STORM) {
        return storm(paths, arguments.get(1..).unwrap_or_default());
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
