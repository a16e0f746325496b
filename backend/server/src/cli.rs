//! The command line: what a user can ask of the binary.

mod feed;
mod people;
mod person;
mod rule;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use egret_city::City;
use egret_package::Package;
use egret_shared::time::Span;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use url::Url;

use self::feed::FeedCommand;
use self::person::PersonCommand;
use self::rule::RuleCommand;
use crate::added::Added;
use crate::city_files::CityFiles;
use crate::config::{Config, ServeArgs};
use crate::journal::sqlite::SqliteJournal;
use crate::pipeline::{self, Running};
use crate::recover::replay;

/// One screen for the whole city
#[derive(Parser, Debug)]
#[command(name = "egret", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// What to log: error, warn, info, debug, or a tracing filter such as egret=debug
    #[arg(long, global = true, env = "EGRET_LOG", default_value = "info")]
    log: String,
    /// Log as JSON lines
    #[arg(long, global = true, env = "EGRET_LOG_JSON")]
    log_json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve a city
    Serve(ServeArgs),
    /// Serve the demo city with its simulator, on loopback
    Demo(DemoArgs),
    /// Publish a simulated city to an MQTT broker
    Simulate(SimulateArgs),
    /// Check a city package and point at every mistake
    Check {
        /// City package folder
        city: PathBuf,
    },
    /// Manage accounts
    #[command(subcommand)]
    User(people::UserCommand),
    /// Manage API tokens
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Manage the credentials of MQTT gateways
    #[command(subcommand)]
    Gateway(people::GatewayCommand),
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(people::AuditCommand),
    /// Fold a stopped server's whole journal anew and print seq and state hash
    Replay {
        /// City package folder; the demo city if absent
        #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
        city: Option<PathBuf>,
        /// Folder of the journal
        #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
        data: PathBuf,
        /// Stop after this journal entry
        #[arg(long)]
        until: Option<u64>,
    },
    /// Try rules on what has happened
    Rule {
        #[command(subcommand)]
        command: RuleCommand,
    },
    /// Try what messages become
    Feed {
        #[command(subcommand)]
        command: FeedCommand,
    },
    /// What is kept about persons
    Person {
        #[command(subcommand)]
        command: PersonCommand,
    },
}

#[derive(Args, Debug)]
struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
}

#[derive(Args, Debug)]
struct SimulateArgs {
    /// City package folder; the demo city if absent
    #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
    city: Option<PathBuf>,
    /// Broker to publish to
    #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
    broker: Url,
    #[command(flatten)]
    scenario: ScenarioArgs,
}

#[derive(Args, Debug)]
struct ScenarioArgs {
    /// What happens: quiet, or the storm of 21 to 22 June 2021
    #[arg(long, value_enum, default_value_t = Scenario::Storm)]
    scenario: Scenario,
    /// Equal seeds give equal cities
    #[arg(long, default_value_t = 20_210_621)]
    seed: u64,
    /// Messages per second, as a multiple of what the feeds promise
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Storm seconds that pass in a second
    #[arg(long, default_value_t = 30.0)]
    storm_speed: f64,
    /// Where in the storm to begin, as a length of time such as 6h
    #[arg(long, value_parser = Span::parse)]
    storm_at: Option<Span>,
    /// Have the city live as at this hour of the day, whatever the clock says; event times are now
    #[arg(long)]
    hour: Option<f64>,
    /// How much of the time before now to publish first, such as 10m
    #[arg(long, value_parser = Span::parse)]
    backfill: Option<Span>,
    /// How long to go on, such as 10m
    #[arg(long, value_parser = Span::parse)]
    duration: Option<Span>,
}

/// What the simulator plays.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Scenario {
    /// An ordinary day with brief showers
    Quiet,
    /// The rain of 21 to 22 June 2021
    Storm,
}

/// Runs what was asked for; errors go to standard error, in words.
pub(crate) fn run(cli: Cli) -> ExitCode {
    start_log(&cli);
    let done = match cli.command {
        Command::Check { city } => return check(&city),
        Command::Replay { city, data, until } => replay_command(city.as_deref(), &data, until),
        Command::User(command) => people::user(command),
        Command::Token(command) => people::token(command),
        Command::Gateway(command) => people::gateway(command),
        Command::Audit(command) => people::audit(command),
        Command::Rule { command } => rule::run(command),
        Command::Person { command } => person::run(command),
        Command::Feed { command } => match feed::run(&command) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Serve(args) => block_on(serve(args)),
        Command::Demo(args) => block_on(demo(args)),
        Command::Simulate(args) => block_on(simulate(args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("egret: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(cli: &Cli) {
    let filter = EnvFilter::try_new(&cli.log).unwrap_or_else(|error| {
        eprintln!("egret: --log {}: {error}; logging at info", cli.log);
        EnvFilter::new("info")
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if cli.log_json {
        log.json().init();
    } else {
        log.init();
    }
}

fn block_on(job: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(job)
}

fn check(city: &std::path::Path) -> ExitCode {
    let checked = CityFiles::read(city).and_then(|files| files.load());
    match checked {
        Ok(package) => {
            println!(
                "{}: {} areas, {} feeds, {} assets, {} metrics, {} rules: no mistake found",
                package.city.id,
                package.area_tree().len(),
                package.feeds.len(),
                package.assets.len(),
                package.metrics.len(),
                package.rules.rules.len(),
            );
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            println!("{mistakes}");
            ExitCode::FAILURE
        }
    }
}

fn replay_command(
    city: Option<&std::path::Path>,
    data: &std::path::Path,
    until: Option<u64>,
) -> anyhow::Result<()> {
    let added = Added::of(data).load();
    let whole = pipeline::city_files(city)?.with(added)?;
    let package = Arc::new(whole.package);
    let journal = SqliteJournal::open(data)?;
    let city: City = replay(&journal, &package, until)?;
    println!(
        "{}",
        serde_json::json!({
            "seq": city.seq(), "hash": city.hash().to_string(), "at": city.now(),
        })
    );
    Ok(())
}

async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let config = Config::resolve(args)?;
    anyhow::ensure!(
        config.city.is_some(),
        "--city DIR is missing: the city package to serve"
    );
    let running = pipeline::start(&config).await?;
    let stop = stop_signal()?;
    announce(&running);
    until_stopped(running, stop).await
}

/// How much of the past the demo begins with, unless told otherwise: what the feeds let in of
/// assets that have been silent so far, so that a fresh wall has trends to show.
const DEMO_BACKFILL: Span = Span(30 * 60_000);

/// The hour that the demo city lives at, unless told otherwise: the morning rush, for a city that
/// sleeps shows little.
const DEMO_HOUR: f64 = 8.5;

async fn demo(mut args: DemoArgs) -> anyhow::Result<()> {
    args.serve.insecure_open = true;
    args.scenario.backfill.get_or_insert(DEMO_BACKFILL);
    args.scenario.hour.get_or_insert(DEMO_HOUR);
    let temporary = std::env::temp_dir().join(format!("egret-demo-{}", std::process::id()));
    let is_temporary = args.serve.data.is_none();
    args.serve.data.get_or_insert_with(|| temporary.clone());
    let config = Config::resolve(args.serve)?;
    let running = pipeline::start(&config).await?;
    let stop = stop_signal()?;
    announce(&running);
    let mqtt = running
        .mqtt
        .clear
        .context("the demo needs the embedded MQTT endpoint")?;
    let broker = Url::parse(&format!("mqtt://{mqtt}"))?;
    let files = pipeline::city_files(config.city.as_deref())?;
    let options = args.scenario.options(&broker, &running.package, &files);
    // The city falls silent first, while there is a broker that takes its last words.
    let (silence, silent) = (running.shutdown.child_token(), CancellationToken::new());
    let simulator = egret_sim::run(options, Arc::clone(&running.package), silence.clone());
    let served = until_stopped(running, silent.cancelled());
    let simulated = async {
        let mut simulator = std::pin::pin!(simulator);
        let ended = tokio::select! {
            ended = &mut simulator => ended,
            () = stop => {
                silence.cancel();
                simulator.await
            }
        };
        silent.cancel();
        ended
    };
    let (served, simulated) = tokio::join!(served, simulated);
    if is_temporary {
        std::fs::remove_dir_all(&temporary).context("the demo's folder could not be removed")?;
    }
    simulated?;
    served
}

async fn simulate(args: SimulateArgs) -> anyhow::Result<()> {
    let files = pipeline::city_files(args.city.as_deref())?;
    let package = Arc::new(files.load()?);
    let options = args.scenario.options(&args.broker, &package, &files);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let stopped = stop_signal()?;
    let simulating = egret_sim::run(options, package, shutdown);
    tokio::select! {
        ended = simulating => ended.map(|_summary| ()),
        () = stopped => {
            stop.cancel();
            Ok(())
        }
    }
}

impl ScenarioArgs {
    fn options(&self, broker: &Url, package: &Package, files: &CityFiles) -> egret_sim::Options {
        egret_sim::Options {
            broker: broker.to_string(),
            seed: self.seed,
            rate: self.rate,
            scenario: match self.scenario {
                Scenario::Quiet => egret_sim::Scenario::Quiet,
                Scenario::Storm => egret_sim::Scenario::Storm,
            },
            storm_speed: self.storm_speed,
            storm_offset: self.storm_at,
            backfill: self.backfill.unwrap_or_default(),
            hour: self.hour,
            duration: self.duration,
            roads: egret_sim::road_layer(package, &files.texts()),
            ..egret_sim::Options::default()
        }
    }
}

/// One line on standard output, for people and for scripts that start us on port 0.
fn announce(running: &Running) {
    let mqtt = running
        .mqtt
        .clear
        .map_or_else(|| "off".to_owned(), |address| address.to_string());
    let mqtts = running
        .mqtt
        .tls
        .map_or_else(String::new, |address| format!(" mqtts={address}"));
    println!("egret ready http={} mqtt={mqtt}{mqtts}", running.http);
    let scheme = if running.is_secure { "https" } else { "http" };
    match &running.first_code {
        Some(code) => {
            println!("open {scheme}://{}/start", running.http);
            println!("first start: make the first admin there with the code {code}");
        }
        None => println!("open {scheme}://{}/wall/overview", running.http),
    }
}

async fn until_stopped(running: Running, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let shutdown = running.shutdown.clone();
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = stop => {
            tracing::info!("stopping: what was taken in is being kept");
            shutdown.cancel();
        }
    }
    running.finished().await
}

/// Resolves at SIGINT or SIGTERM, which are waited for from this call on: a server that says it is
/// ready can be told to stop.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_two_flags_of_a_command_are_in_each_others_way() {
        Cli::command().debug_assert();
    }
}
