//! `egret rule`: what a rule would have done with what has happened.
//!
//! A dry run folds the journal twice at once: with the rule, and with the rule as a mere part of
//! others, which makes no alerts. What differs is the rule's doing. It reads beside a running
//! server and changes nothing.

mod episode;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use egret_city::{City, Seq};
use egret_package::Package;
use egret_shared::alert::AlertTurn;
use egret_shared::id::{IncidentId, RuleId};
use egret_shared::time::{Span, TimeMs};

use self::episode::{Episodes, Report};
use crate::journal::reading::Reading;
use crate::pipeline;

/// Entries folded between two looks at what has changed.
const ENTRIES_AT_ONCE: u64 = 10_000;

/// What can be done with a rule.
#[derive(Subcommand, Debug)]
pub(super) enum RuleCommand {
    /// Fold what has happened and list what a rule would have fired
    ///
    /// With the rules in force the fold goes on from the newest checkpoint before --from. With
    /// other rules, or without a checkpoint, it begins --look-back before --from and knows nothing
    /// of what was before that: what is usual, or who has been silent for longer.
    DryRun(DryRunArgs),
}

/// A dry run.
#[derive(Args, Debug)]
pub(super) struct DryRunArgs {
    /// The rule
    rule: String,
    /// From when on, such as 2026-06-22T06:00:00+08:00
    #[arg(long, value_parser = time)]
    from: TimeMs,
    /// Until when; the journal's end if absent
    #[arg(long, value_parser = time)]
    to: Option<TimeMs>,
    /// Rules to try in place of the city's own: a file like rules.toml
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// How long before --from to begin where no checkpoint fits
    #[arg(long, value_parser = Span::parse, default_value = "1d")]
    look_back: Span,
    /// City package folder; the demo city if absent
    #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
    city: Option<PathBuf>,
    /// Folder of the journal
    #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<TimeMs, String> {
    let forms = "write 2026-06-22T06:00:00+08:00";
    TimeMs::from_rfc3339(text).map_err(|error| format!("\"{text}\" is no time: {forms} ({error})"))
}

/// Does what was asked.
///
/// # Errors
/// In words for whoever asked.
pub(super) fn run(command: RuleCommand) -> anyhow::Result<()> {
    match command {
        RuleCommand::DryRun(args) => dry_run(&args),
    }
}

fn dry_run(args: &DryRunArgs) -> anyhow::Result<()> {
    let to = args.to.unwrap_or(TimeMs(i64::MAX));
    anyhow::ensure!(args.from < to, "--to must lie after --from {}", args.from);
    let package = package(args)?;
    let rule = RuleId::new(&args.rule);
    let journal = Reading::open(&args.data)?;
    let mut pair = Pair::at(args, &journal, &package, &rule)?;
    let begun_at = (pair.with.seq() > 0).then(|| pair.with.now());
    pair.fold(&journal, to)?;
    let zone = package.timezone;
    let report = pair.report(&rule, (args.from, args.to, begun_at));
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print_text(&report, zone);
    }
    Ok(())
}

/// The city's package, with the rules to try.
fn package(args: &DryRunArgs) -> anyhow::Result<Package> {
    let files = pipeline::city_files(args.city.as_deref())?;
    let Some(rules) = &args.rules else {
        return Ok(files.load()?);
    };
    let mut texts = files.texts();
    texts.insert("rules.toml".to_owned(), read_rules(rules)?);
    Package::load(&texts).map_err(|problems| {
        let lines = problems.iter().map(ToString::to_string);
        anyhow::anyhow!(
            "{} has mistakes:\n{}",
            rules.display(),
            lines.collect::<Vec<_>>().join("\n")
        )
    })
}

fn read_rules(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("--rules {} cannot be read", path.display()))
}

/// The package in which `rule` makes alerts, or makes none.
fn with(package: &Package, rule: &RuleId, alerts: bool) -> anyhow::Result<Arc<Package>> {
    let mut package = package.clone();
    let rules = &mut package.rules.rules;
    let Some(known) = rules.iter_mut().find(|known| known.id == *rule) else {
        let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        anyhow::bail!(
            "there is no rule \"{rule}\"; there are: {}",
            known.join(", ")
        );
    };
    known.silent = !alerts;
    Ok(Arc::new(package))
}

/// The city with the rule and the one without, folded side by side.
struct Pair {
    with: City,
    without: City,
    from: TimeMs,
    /// Turns of the rule's alerts.
    turns: Vec<AlertTurn>,
    opened_with: BTreeSet<IncidentId>,
    opened_without: BTreeSet<IncidentId>,
}

impl Pair {
    fn at(
        args: &DryRunArgs,
        journal: &Reading,
        package: &Package,
        rule: &RuleId,
    ) -> anyhow::Result<Self> {
        let (with, without) = (with(package, rule, true)?, with(package, rule, false)?);
        let fresh = || {
            (
                City::new(Arc::clone(&with)),
                City::new(Arc::clone(&without)),
            )
        };
        let checkpoints = match &args.rules {
            None => journal.checkpoints()?,
            Some(_) => Vec::new(),
        };
        let before = checkpoints.iter().filter(|one| one.at <= args.from);
        let restored = before.into_iter().find_map(|one| {
            let with = City::restore(Arc::clone(&with), &one.body).ok()?;
            let without = City::restore(Arc::clone(&without), &one.body).ok()?;
            Some((with, without))
        });
        let (with, without) = restored.unwrap_or_else(fresh);
        let mut pair = Self {
            with,
            without,
            from: args.from,
            turns: Vec::new(),
            opened_with: BTreeSet::new(),
            opened_without: BTreeSet::new(),
        };
        if pair.with.seq() == 0 {
            let after = journal.seq_before(args.from.minus(args.look_back))?;
            pair.skip_to(journal, after)?;
        }
        Ok(pair)
    }

    /// Begins after the entry `after`, of which only the time is known.
    fn skip_to(&mut self, journal: &Reading, after: Seq) -> anyhow::Result<()> {
        if after == 0 {
            return Ok(());
        }
        journal.read(after - 1, &mut |seq, entry| {
            let tick = egret_city::Entry::Tick(entry.received_at());
            self.with.apply(seq, &tick);
            self.without.apply(seq, &tick);
            false
        })?;
        Ok(())
    }

    /// Folds all that was taken in up to `to`.
    fn fold(&mut self, journal: &Reading, to: TimeMs) -> anyhow::Result<()> {
        journal.read(self.with.seq(), &mut |seq, entry| {
            if entry.received_at() > to {
                return false;
            }
            self.with.apply(seq, &entry);
            self.without.apply(seq, &entry);
            if seq % ENTRIES_AT_ONCE == 0 {
                self.look();
            }
            true
        })?;
        self.look();
        Ok(())
    }

    /// Takes note of what has changed.
    fn look(&mut self) {
        let from = self.from;
        let opened = |city: &City, id: &IncidentId| {
            let incident = city.incident(id);
            incident.is_some_and(|incident| incident.opened_at >= from)
        };
        let changes = self.with.take_changes();
        let new = changes.incidents.into_iter();
        self.opened_with
            .extend(new.filter(|id| opened(&self.with, id)));
        self.turns.extend(changes.alert_log);
        let new = self.without.take_changes().incidents.into_iter();
        self.opened_without
            .extend(new.filter(|id| opened(&self.without, id)));
    }

    fn report(
        &self,
        rule: &RuleId,
        (from, to, begun_at): (TimeMs, Option<TimeMs>, Option<TimeMs>),
    ) -> Report {
        let of_rule = self.turns.iter().filter(|turn| turn.key.rule == *rule);
        let alerts = Episodes::of(of_rule).since(from);
        Report {
            rule: rule.clone(),
            from,
            to: to.unwrap_or(self.with.now()),
            begun_at,
            fired: alerts.len(),
            still_firing: alerts
                .iter()
                .filter(|one| one.resolved_at.is_none())
                .count(),
            incidents_with: self.opened_with.len(),
            incidents_without: self.opened_without.len(),
            alerts,
        }
    }
}

fn print_text(report: &Report, zone: Tz) {
    println!(
        "{}, {} to {}: {} alerts, {} of them still firing; {} incidents opened with it, {} without",
        report.rule,
        local(report.from, zone),
        local(report.to, zone),
        report.fired,
        report.still_firing,
        report.incidents_with,
        report.incidents_without,
    );
    for alert in &report.alerts {
        let lasted = match alert.resolved_at {
            Some(at) => format!("for {}", episode::words(at.since(alert.fired_at))),
            None => "still firing".to_owned(),
        };
        let hushed = if alert.hushed { " (hushed)" } else { "" };
        println!(
            "{}  {:6}  {}  {lasted}{hushed}  {}",
            local(alert.fired_at, zone),
            alert.level.as_str(),
            episode::subject(&alert.key.subject),
            alert.message.zh,
        );
        if alert.message.en != alert.message.zh {
            println!("{:>27}{}", "", alert.message.en);
        }
    }
}

/// A time as the city's clocks show it.
fn local(at: TimeMs, zone: Tz) -> String {
    match chrono::DateTime::from_timestamp_millis(at.0) {
        Some(time) => time.with_timezone(&zone).format("%FT%T%:z").to_string(),
        None => at.to_string(),
    }
}
