//! `egret feed`: what messages become, before anybody sends them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use egret_shared::id::FeedId;
use egret_shared::package::addition::TriedSample;

use crate::added::Added;
use crate::clock;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::pipeline;
use crate::register::tried;

#[derive(Subcommand, Debug)]
pub(super) enum FeedCommand {
    /// Show what a sample would become
    Try(TryArgs),
}

#[derive(Args, Debug)]
pub(super) struct TryArgs {
    /// Feed of the city
    feed: FeedId,
    /// File with a message as it is sent; - for standard input
    file: PathBuf,
    /// City package folder; the demo city if absent
    #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
    city: Option<PathBuf>,
    /// Data folder of a server, for feeds that were added in the browser
    #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Topic that it comes by, where the feed takes something from it
    #[arg(long, default_value = "")]
    topic: String,
    /// Each line of the file is a message
    #[arg(long)]
    lines: bool,
    /// One JSON object for each message
    #[arg(long)]
    json: bool,
}

/// Runs a command; fails if anything of the messages would be refused.
pub(super) fn run(command: &FeedCommand) -> anyhow::Result<ExitCode> {
    match command {
        FeedCommand::Try(args) => try_samples(args),
    }
}

fn try_samples(args: &TryArgs) -> anyhow::Result<ExitCode> {
    let files = pipeline::city_files(args.city.as_deref())?;
    let added = args.data.as_deref().map(|data| Added::of(data).load());
    let package = Arc::new(files.with(added.unwrap_or_default())?.package);
    let bytes = read(&args.file)?;
    let payloads: Vec<&[u8]> = if args.lines {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii().is_empty()).collect()
    } else {
        vec![&bytes]
    };
    let topic = args.topic.as_str();
    let samples = payloads.into_iter().map(|payload| (topic, payload));
    let answer = tried(&package, &args.feed, samples, clock::now());
    if let Some(mistake) = answer.mistakes.first() {
        anyhow::bail!("{mistake}");
    }
    for (number, sample) in (1..).zip(&answer.samples) {
        if args.json {
            println!("{}", serde_json::to_string(sample)?);
        } else {
            print_sample(number, sample);
        }
    }
    let is_refused = |sample: &TriedSample| !sample.refused.is_empty();
    if answer.samples.iter().any(is_refused) {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_sample(number: usize, sample: &TriedSample) {
    println!(
        "message {number}: {} taken, {} refused",
        sample.taken.len(),
        sample.refused.len()
    );
    for taken in &sample.taken {
        println!("  {taken}");
    }
    for refused in &sample.refused {
        let (stage, reason) = (refused.stage.as_str(), refused.reason.as_str());
        println!("  refused ({stage}/{reason}): {}", refused.detail);
    }
}

/// A file's bytes, no longer than a message may be a hundred times.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    const BYTES_MAX: u64 = 100 * PAYLOAD_BYTES_MAX as u64;
    let failed = || format!("{} cannot be read", path.display());
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let stdin = std::io::stdin().lock();
        stdin.take(BYTES_MAX).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let file = std::fs::File::open(path).with_context(failed)?;
    file.take(BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    Ok(bytes)
}
