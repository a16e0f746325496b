//! The demo city as a receiver folds it: the plan's messages through decode, validate and fold, by
//! the plan's own time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egret_city::{City, Entry};
use egret_decode::reading::Decoded;
use egret_decode::{Decoder, Message};
use egret_package::Package;
use egret_shared::alert::{Alert, AlertKey, AlertState, Subject};
use egret_shared::id::{FeedId, IncidentId, RuleId};
use egret_shared::incident::Incident;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::rule::RuleKind;
use egret_shared::report::STATE_OPENED;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Happening, Options, Plan, PlanError, Scenario, Timed};
use egret_validate::Validator;

use crate::options::Run;
use crate::truth::{Causes, Truth};

/// How often time passes for the fold.
const TICK: Span = Span(1_000);

/// How long before the rain, and how long after its 14 hours: until roads are dry again.
const LEAD_MIN: f64 = 2.0;
const STORM_MIN: f64 = 14.0 * 60.0;
const AFTER_MIN: f64 = 10.0;

/// A working day's morning.
const START: TimeMs = TimeMs(1_782_093_600_000);

/// Where a signal ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Put {
    /// In an incident.
    Incident(IncidentId),
    /// In a group of alerts that is none yet.
    Group(u32),
}

/// An alert that fired, what it tells of and where it ended.
pub(crate) struct Fired {
    pub(crate) alert: Alert,
    pub(crate) causes: Causes,
    pub(crate) put: Option<Put>,
    pub(crate) is_silence: bool,
}

/// A city that listens to a run.
pub(crate) struct Town {
    city: City,
    validator: Validator,
    feeds: BTreeMap<FeedId, (FeedDef, Decoder)>,
    silences: Vec<RuleId>,
    plan: std::iter::Peekable<Plan>,
    /// The same plan, for questions.
    asked: Plan,
    now: TimeMs,
    end: TimeMs,
    /// Messages that were published.
    pub(crate) raw: usize,
    /// And those that tell of a happening.
    pub(crate) labelled: usize,
    /// How many happenings there were by these.
    pub(crate) happenings: BTreeSet<Happening>,
    pub(crate) truth: Truth,
    pub(crate) fired: BTreeMap<AlertKey, Fired>,
    /// Every incident as it stood last.
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
}

impl Town {
    /// A city that has heard nothing of the run yet.
    pub(crate) fn new(
        package: &Arc<Package>,
        roads: Option<String>,
        seed: u64,
        run: &Run,
    ) -> Result<Self, PlanError> {
        let options = Options {
            seed,
            scenario: Scenario::Storm,
            storm_speed: run.pace,
            roads,
            feeds: if run.standing {
                standing(package)
            } else {
                BTreeSet::new()
            },
            ..Options::default()
        };
        let feeds = package.feeds.iter().map(|feed| {
            let decoder = Decoder::new(feed, package.timezone);
            (feed.id.clone(), (feed.clone(), decoder))
        });
        let rules = package.rules.rules.iter();
        let minutes = LEAD_MIN + STORM_MIN / run.pace + AFTER_MIN;
        #[expect(clippy::cast_possible_truncation, reason = "a few hours")]
        let lasts = Span((minutes * 60_000.0) as i64);
        Ok(Self {
            feeds: feeds.collect(),
            silences: rules
                .filter(|rule| rule.kind == RuleKind::Silence)
                .map(|rule| rule.id.clone())
                .collect(),
            city: City::new(Arc::clone(package)),
            validator: Validator::new(Arc::clone(package)),
            plan: Plan::new(package, &options, START)?.peekable(),
            asked: Plan::new(package, &options, START)?,
            now: START,
            end: START.plus(lasts),
            raw: 0,
            labelled: 0,
            happenings: BTreeSet::new(),
            truth: Truth::new(package),
            fired: BTreeMap::new(),
            incidents: BTreeMap::new(),
        })
    }

    /// Listens to the end.
    pub(crate) fn listen(&mut self) {
        while self.now < self.end {
            self.tell(&Entry::Tick(self.now));
            self.look();
            self.now = self.now.plus(TICK);
            let now = self.now;
            while let Some(timed) = self.plan.next_if(|timed| timed.send_at < now) {
                self.hear(&timed);
            }
        }
        for fired in self.fired.values_mut() {
            if matches!(fired.alert.key.subject, Subject::Reports { .. }) {
                fired.causes = self.truth.of_cluster(&fired.alert.key);
            }
        }
    }

    fn hear(&mut self, timed: &Timed) {
        self.raw += 1;
        self.labelled += usize::from(!timed.causes.is_empty());
        self.happenings.extend(timed.causes.first());
        let received_at = timed.send_at.max(START);
        let Some((feed, decoder)) = self.feeds.get(&timed.feed) else {
            return;
        };
        let message = Message::new(&timed.topic, &timed.payload, received_at);
        let mut entries = Vec::new();
        for element in decoder.decode(&message) {
            match element {
                Ok(Decoded::Reading(reading)) => {
                    let observation = self.validator.observation(feed, reading, received_at);
                    if let Ok(observation) = observation {
                        let at = timed.observed_at;
                        let (feed, asset) = (&observation.feed, &observation.asset);
                        self.truth.reading(feed, asset, at, &timed.causes);
                        entries.push(Entry::Observation(observation));
                    }
                }
                Ok(Decoded::Report(report)) => {
                    if let Ok((report, _)) = self.validator.report(feed, report, received_at) {
                        entries.push(Entry::Report(report));
                    }
                }
                Err(_refused) => {}
            }
        }
        for entry in entries {
            match &entry {
                Entry::Report(report) if report.state == STATE_OPENED && !timed.duplicate => {
                    self.look();
                    self.truth.report(report, &timed.causes);
                    self.tell(&entry);
                    self.look_for_clusters();
                }
                _ => self.tell(&entry),
            }
        }
    }

    fn tell(&mut self, entry: &Entry) {
        self.city.apply(self.city.seq() + 1, entry);
    }

    /// A report was taken in: the clusters that changed by it have it.
    fn look_for_clusters(&mut self) {
        for key in self.look() {
            if matches!(key.subject, Subject::Reports { .. }) {
                self.truth.clustered(&key);
            }
        }
    }

    /// Notes what has become of alerts and incidents, and tells which alerts changed.
    fn look(&mut self) -> Vec<AlertKey> {
        if !self.city.has_changed_at_all() {
            return Vec::new();
        }
        let changes = self.city.take_changes();
        for id in &changes.incidents {
            if let Some(incident) = self.city.incident(id) {
                self.incidents.insert(id.clone(), incident);
            }
        }
        if changes.alerts.is_empty() {
            return Vec::new();
        }
        let changed = self
            .city
            .alerts()
            .filter(|alert| alert.state != AlertState::Pending);
        for alert in changed.filter(|alert| changes.alerts.contains(&alert.key)) {
            let is_silence = self.silences.contains(&alert.key.rule);
            if !self.fired.contains_key(&alert.key) {
                let causes = self.truth.of(alert, is_silence, &self.asked);
                let fired = Fired {
                    alert: alert.clone(),
                    causes,
                    put: None,
                    is_silence,
                };
                self.fired.insert(alert.key.clone(), fired);
            }
        }
        for (number, incident, keys) in self.city.groups() {
            let put = incident.map_or(Put::Group(number), |id| Put::Incident(id.clone()));
            for key in keys {
                if let Some(fired) = self.fired.get_mut(key) {
                    fired.put = Some(put.clone());
                }
            }
        }
        changes.alerts.into_iter().collect()
    }

    /// Prints every incident with its reasons, and what each of its alerts tells of.
    pub(crate) fn show(&self) {
        let mut by_put: BTreeMap<&Put, Vec<&Fired>> = BTreeMap::new();
        for fired in self.fired.values().filter(|fired| !fired.is_silence) {
            by_put
                .entry(fired.put.as_ref().unwrap_or(&Put::Group(u32::MAX)))
                .or_default()
                .push(fired);
        }
        for (put, mut all) in by_put {
            all.sort_by_key(|fired| fired.alert.fired_at);
            let incident = match put {
                Put::Incident(id) => self.incidents.get(id),
                Put::Group(_) => None,
            };
            println!(
                "{put:?} {}",
                incident.map_or("", |incident| incident.title.en.as_str())
            );
            for fired in all {
                let causes: Vec<String> = fired.causes.iter().map(ToString::to_string).collect();
                let evidence = incident.and_then(|incident| {
                    let mut evidence = incident.evidence.iter();
                    evidence.find(|one| one.alert == fired.alert.key)
                });
                println!(
                    "  [{}] {} {}: {}",
                    causes.join(" "),
                    fired.alert.key.rule,
                    fired.alert.message.en,
                    evidence.map_or("", |one| one.because.en.as_str())
                );
            }
        }
    }
}

/// Feeds none of whose assets moves.
fn standing(package: &Package) -> BTreeSet<FeedId> {
    let moves = |feed: &FeedDef| {
        let mut assets = package.assets.iter();
        assets.any(|asset| asset.feed == feed.id && asset.position.is_none())
    };
    let feeds = package.feeds.iter().filter(|feed| !moves(feed));
    feeds.map(|feed| feed.id.clone()).collect()
}
