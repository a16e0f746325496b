//! One step of the fold: an entry moves the state on, and notes what changed.
//!
//! What the steps do lies with what they are about: [`crate::observe`], [`crate::report`],
//! [`crate::tick`], and under them metrics, rules, alerts and incidents, each as methods of
//! [`Fold`]. Nothing here reads a clock, fails, or goes through a hash table.

use std::collections::BTreeSet;

use egret_package::Package;
use egret_shared::id::FeedId;
use serde::{Deserialize, Serialize};

use crate::actuation::Actuations;
use crate::alert::{Alerts, Hushes};
use crate::asset::Assets;
use crate::baseline::Baselines;
use crate::case::Cases;
use crate::changes::Dirty;
use crate::dedup::Dedup;
use crate::entry::{Entry, Refused, Seq};
use crate::event::Ticker;
use crate::feed::FeedState;
use crate::gateway::Gateways;
use crate::incident::Incidents;
use crate::intent::Intents;
use crate::journey::Journeys;
use crate::limits::DEAF_AFTER_MS;
use crate::metric::Metrics;
use crate::plan::{Area, Feed, Metric, Plan, Rule};
use crate::rule::RuleState;
use crate::selected::Selected;

/// Everything that the journal has made of the city, save for the identities of messages.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) seq: Seq,
    /// City time: that of the latest entry; 0 before the first.
    pub(crate) now_ms: i64,
    /// Time of the last tick.
    pub(crate) ticked_ms: Option<i64>,
    /// Since when somebody has been listening without a break.
    pub(crate) listening_ms: i64,
    /// Digest of the package that the journal names.
    pub(crate) package: Option<u64>,
    /// By number; one more for what belongs to no feed.
    pub(crate) feeds: Vec<FeedState>,
    /// How far gateways' clocks are off.
    pub(crate) gateways: Gateways,
    pub(crate) assets: Assets,
    /// A function of the assets.
    #[serde(skip)]
    pub(crate) selected: Selected,
    pub(crate) baselines: Baselines,
    pub(crate) metrics: Metrics,
    /// Where reports stand between whose steps time is measured.
    pub(crate) journeys: Journeys,
    pub(crate) rules: Vec<RuleState>,
    pub(crate) alerts: Alerts,
    pub(crate) hushes: Hushes,
    pub(crate) incidents: Incidents,
    pub(crate) cases: Cases,
    pub(crate) actuations: Actuations,
    pub(crate) intents: Intents,
    pub(crate) ticker: Ticker,
    /// Rules whose parts turned within this entry; none between entries.
    #[serde(skip)]
    pub(crate) unsettled: BTreeSet<Rule>,
}

impl State {
    /// A city of which nothing is known but its package.
    pub(crate) fn new(package: &Package, plan: &Plan) -> Self {
        let n_feeds = plan.feeds.len();
        let mut state = Self {
            seq: 0,
            now_ms: 0,
            ticked_ms: None,
            listening_ms: 0,
            package: None,
            feeds: (0..=n_feeds)
                .map(|_| FeedState::new(plan.areas.len()))
                .collect(),
            gateways: Gateways::default(),
            assets: Assets::new(n_feeds),
            selected: Selected::new(plan),
            baselines: Baselines::default(),
            metrics: Metrics::new(plan),
            journeys: Journeys::default(),
            rules: plan.rules.iter().map(|_| RuleState::default()).collect(),
            alerts: Alerts::default(),
            hushes: Hushes::default(),
            incidents: Incidents::default(),
            cases: Cases::default(),
            actuations: Actuations::default(),
            intents: Intents::default(),
            ticker: Ticker::default(),
            unsettled: BTreeSet::new(),
        };
        let mut dirty = Dirty::default();
        let mut dedup = Dedup::default();
        let mut fold = Fold {
            package,
            plan,
            state: &mut state,
            dedup: &mut dedup,
            dirty: &mut dirty,
        };
        fold.register_assets();
        state
    }

    /// Rebuilds what a checkpoint leaves out.
    pub(crate) fn index(&mut self, plan: &Plan) {
        self.assets.index(plan.feeds.len());
        self.selected = Selected::of(plan, &self.assets);
        self.metrics.index(plan, self.now_ms);
        self.alerts.index(plan);
        self.incidents.index(&self.alerts);
    }
}

/// The state on its way from one entry to the next.
pub(crate) struct Fold<'a> {
    pub(crate) package: &'a Package,
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a mut State,
    pub(crate) dedup: &'a mut Dedup,
    pub(crate) dirty: &'a mut Dirty,
}

impl Fold<'_> {
    /// Takes `entry` in.
    pub(crate) fn apply(&mut self, seq: Seq, entry: &Entry) {
        self.state.seq = seq;
        match entry {
            Entry::Observation(observation) => {
                self.advance(observation.received_at.0);
                self.observe(observation);
            }
            Entry::Report(report) => {
                self.advance(report.received_at.0);
                self.report(report, None);
            }
            Entry::Issued(report, issued) => {
                self.advance(report.received_at.0);
                self.report(report, Some(issued));
            }
            Entry::Refused(refused) => {
                self.advance(refused.received_at.0);
                self.refused(refused);
            }
            Entry::Tick(time) => {
                self.advance(time.0);
                self.tick();
            }
            Entry::Package(digest) => self.state.package = Some(*digest),
            Entry::Clock(clock) => {
                self.advance(clock.at.0);
                self.note_clock(clock);
            }
            Entry::Command(command) => {
                self.advance(command.at.0);
                self.obey(command);
            }
            Entry::Actuation(turn) => {
                self.advance(turn.at.0);
                self.turn_actuation(turn);
            }
        }
        self.settle_composed();
    }

    /// Lets city time come to `time_ms`; it never goes back.
    fn advance(&mut self, time_ms: i64) {
        let step_ms = time_ms.saturating_sub(self.state.now_ms);
        if step_ms <= 0 {
            return;
        }
        self.state.now_ms = time_ms;
        if step_ms > DEAF_AFTER_MS {
            self.state.listening_ms = time_ms;
            for feed in &mut self.state.feeds {
                feed.heard_ms
                    .iter_mut()
                    .for_each(|heard_ms| *heard_ms = time_ms);
            }
        }
        self.state
            .metrics
            .advance(self.plan, &mut self.dirty.metrics, time_ms);
    }

    fn refused(&mut self, refused: &Refused) {
        self.refuse(
            refused.feed.as_ref(),
            refused.stage.as_str(),
            refused.reason.as_str(),
        );
    }

    /// Counts a refused message with its feed, or with those that belong to none.
    pub(crate) fn refuse(&mut self, feed: Option<&FeedId>, stage: &str, reason: &str) {
        let now_ms = self.state.now_ms;
        if let Some(feed) = self.counting_feed(feed) {
            feed.refuse(stage, reason, now_ms);
        }
    }

    /// Counts an order of a rule's that cannot be given, with the actuator's feed. Nobody has sent
    /// anything by that: a feed that is silent stays silent.
    pub(crate) fn refuse_order(&mut self, feed: &FeedId, reason: &str) {
        if let Some(feed) = self.counting_feed(Some(feed)) {
            feed.count_rejected("fold", reason);
        }
    }

    /// The feed with which something is counted, or the one for what belongs to none.
    fn counting_feed(&mut self, feed: Option<&FeedId>) -> Option<&mut FeedState> {
        let feed = feed
            .and_then(|id| self.plan.feed_number(id))
            .map(usize::from);
        let number = feed.unwrap_or(self.plan.feeds.len());
        self.dirty
            .feeds
            .insert(u32::try_from(number).unwrap_or(u32::MAX));
        self.state.feeds.get_mut(number)
    }

    /// A feed's state, to be changed; it counts as changed.
    pub(crate) fn feed_mut(&mut self, feed: Feed) -> Option<&mut FeedState> {
        self.dirty.feeds.insert(u32::from(feed));
        self.state.feeds.get_mut(usize::from(feed))
    }

    /// Notes that a metric's point in `area` may be another.
    pub(crate) fn touch_metric(&mut self, metric: Metric, area: Area) {
        self.state
            .metrics
            .touch(self.plan, &mut self.dirty.metrics, metric, area);
    }
}
