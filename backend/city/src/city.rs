//! The state of the city at one seq, and everything that can be asked of it.
//!
//! [`City::apply`] moves it on; all reads are pure functions of the state. What changed is told
//! by [`City::take_changes`], so that a reader asks only for that:
//! `snapshot(n)` with `delta(n→m)` applied is `snapshot(m)`, tested for random journals.

use std::collections::BTreeMap;
use std::sync::Arc;

use egret_package::Package;
use egret_shared::actuation::{Actuation, ActuationRefusal, Outgoing};
use egret_shared::alert::{Alert, AlertKey, AlertState, AlertTurn};
use egret_shared::asset::{AssetMark, AssetState};
use egret_shared::case::Dossier;
use egret_shared::command::Outcome;
use egret_shared::delta::CityDelta;
use egret_shared::feed::{ClockOffset, FeedHealth};
use egret_shared::hush::{Hush, HushOrder, HushRefusal};
use egret_shared::id::{
    ActuationId, AreaCode, AssetId, FeedId, HushId, IncidentId, MetricId, RuleId,
};
use egret_shared::incident::Incident;
use egret_shared::level::Level;
use egret_shared::metric::{ClosedPoint, MetricKey, MetricPoint};
use egret_shared::mode::ModeState;
use egret_shared::scorecard::Scorecard;
use egret_shared::snapshot::CitySnapshot;
use egret_shared::table::{Changed, Keyed, Table};
use egret_shared::time::TimeMs;

use crate::actuation;
use crate::alert::{self, Unlisted};
use crate::asset::{Asset, View};
use crate::changes::{Changes, Dirty};
use crate::checkpoint::{self, RestoreError};
use crate::dedup::Dedup;
use crate::entry::{Entry, Seq};
use crate::feed::{UNKNOWN_FEED, health};
use crate::fold::{Fold, State};
use crate::hash::StateHash;
use crate::intent::Intent;
use crate::limits::BASELINE_WEEKS_LEAST;
use crate::metric::point::{Reader, When};
use crate::plan::{Metric, Plan};

/// The state of the city at one seq.
pub struct City {
    package: Arc<Package>,
    plan: Plan,
    state: State,
    dedup: Dedup,
    dirty: Dirty,
}

impl City {
    /// A city of which nothing is known but its package.
    pub fn new(package: Arc<Package>) -> Self {
        let plan = Plan::new(&package);
        Self {
            state: State::new(&package, &plan),
            dedup: Dedup::default(),
            dirty: Dirty::default(),
            plan,
            package,
        }
    }

    /// Takes the entry at `seq` in. Entries come in the order of the journal, each once.
    pub fn apply(&mut self, seq: Seq, entry: &Entry) {
        let mut fold = Fold {
            package: &self.package,
            plan: &self.plan,
            state: &mut self.state,
            dedup: &mut self.dedup,
            dirty: &mut self.dirty,
        };
        fold.apply(seq, entry);
    }

    /// The package it is folded under.
    pub fn package(&self) -> &Arc<Package> {
        &self.package
    }

    /// The digest of the package that the journal notes as in force; absent before the first note.
    pub fn package_noted(&self) -> Option<u64> {
        self.state.package
    }

    /// The seq of the latest entry; 0 before the first.
    pub fn seq(&self) -> Seq {
        self.state.seq
    }

    /// The time of the latest entry; the epoch before the first.
    pub fn now(&self) -> TimeMs {
        TimeMs(self.state.now_ms)
    }

    /// Fingerprint of the state: equal for the same journal, however it was cut and restarted.
    ///
    /// Reads the whole state: some 10 ms for 20,000 assets.
    pub fn hash(&self) -> StateHash {
        checkpoint::fingerprint(&self.state, &self.dedup)
    }

    /// The state as bytes, for [`City::restore`].
    pub fn checkpoint(&self) -> Vec<u8> {
        checkpoint::write(self.package.digest, &self.state, &self.dedup)
    }

    /// The city in a checkpoint. It has no changes yet: readers begin with snapshots.
    ///
    /// # Errors
    /// If the bytes are no sound checkpoint of this version and package; see [`RestoreError`].
    pub fn restore(package: Arc<Package>, bytes: &[u8]) -> Result<Self, RestoreError> {
        let plan = Plan::new(&package);
        let (mut state, dedup) = checkpoint::read(package.digest, bytes)?;
        state.index(&plan);
        Ok(Self {
            package,
            plan,
            state,
            dedup,
            dirty: Dirty::default(),
        })
    }

    /// What changed since this was called before. No part of the state.
    pub fn take_changes(&mut self) -> Changes {
        let dirty = &mut self.dirty;
        let (metrics, feeds) = (dirty.metrics.take(), dirty.feeds.take());
        let metric_key = |number: u32| {
            let (metric, area) = self.state.metrics.place(number)?;
            Some(MetricKey {
                metric: self.plan.metric(metric)?.def.id.clone(),
                area: self.plan.areas.code(area)?.clone(),
            })
        };
        let feed_id = |number: u32| match self.plan.feeds.get(number as usize) {
            Some(feed) => feed.def.id.clone(),
            None => FeedId::new(UNKNOWN_FEED),
        };
        Changes {
            metrics: metrics.into_iter().filter_map(metric_key).collect(),
            assets: dirty.assets.take().into_iter().collect(),
            alerts: std::mem::take(&mut dirty.alerts),
            incidents: std::mem::take(&mut dirty.incidents),
            feeds: feeds.into_iter().map(feed_id).collect(),
            events: std::mem::take(&mut dirty.events).into(),
            closed: std::mem::take(&mut dirty.closed),
            alert_log: std::mem::take(&mut dirty.alert_log),
            archived: std::mem::take(&mut dirty.archived),
            urgent: std::mem::take(&mut dirty.urgent),
            mode: std::mem::take(&mut dirty.mode),
        }
    }

    /// Takes the points of windows that have closed since this or [`Self::take_changes`] was
    /// called before.
    pub fn take_closed(&mut self) -> Vec<ClosedPoint> {
        std::mem::take(&mut self.dirty.closed)
    }

    /// Takes the turns of alerts since this or [`Self::take_changes`] was called before.
    pub fn take_alert_log(&mut self) -> Vec<AlertTurn> {
        std::mem::take(&mut self.dirty.alert_log)
    }

    /// Takes the incidents that have left the list since this or [`Self::take_changes`] was called
    /// before, with their files.
    pub fn take_archived(&mut self) -> Vec<Dossier> {
        std::mem::take(&mut self.dirty.archived)
    }

    /// Whether an alert or incident changed since [`Self::take_changes`].
    pub fn has_urgent_change(&self) -> bool {
        self.dirty.urgent
    }

    /// Whether the asset with this handle changed since [`Self::take_changes`].
    pub fn has_changed(&self, handle: u32) -> bool {
        self.dirty.assets.has(handle)
    }

    /// Whether anything changed since [`Self::take_changes`].
    pub fn has_changed_at_all(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The asset with its newest values; `None` if it is neither registered nor was ever heard.
    pub fn asset(&self, feed: &FeedId, asset: &AssetId) -> Option<AssetState> {
        let row = self.state.assets.get(self.handle(feed, asset)?)?;
        Some(self.view(row).state(row))
    }

    /// The asset's short name, valid for this city and its restores.
    pub fn handle(&self, feed: &FeedId, asset: &AssetId) -> Option<u32> {
        self.state
            .assets
            .handle(self.plan.feed_number(feed)?, asset)
    }

    /// Feed and id of the asset with this handle.
    pub fn asset_of(&self, handle: u32) -> Option<(FeedId, AssetId)> {
        let row = self.state.assets.get(handle)?;
        Some((self.plan.feed(row.feed)?.def.id.clone(), row.id.clone()))
    }

    /// The finest area that the asset with this handle counts for; `None` while it has none.
    pub fn area_of(&self, handle: u32) -> Option<&AreaCode> {
        let row = self.state.assets.get(handle)?;
        self.plan.areas.code(row.area?)
    }

    /// What the map shows of an asset; `None` without a position.
    pub fn mark(&self, handle: u32) -> Option<AssetMark> {
        let row = self.state.assets.get(handle)?;
        self.view(row).mark(handle, row)
    }

    /// What the map shows: every asset with a position, by handle.
    pub fn assets(&self) -> impl Iterator<Item = AssetMark> + '_ {
        self.state
            .assets
            .all()
            .filter_map(|handle| self.mark(handle))
    }

    /// The metric over the window that ends now, with all that has arrived; `None` if there is no
    /// such metric or area.
    pub fn metric_now(&self, metric: &MetricId, area: &AreaCode) -> Option<MetricPoint> {
        let (metric, area) = (
            self.plan.metric_number(metric)?,
            self.plan.areas.number(area)?,
        );
        self.reader().point(metric, area, When::Live)
    }

    /// How many weeks of this hour of the week the metric has learned in the area, of how many it
    /// needs before it calls anything usual; `None` if there is no such metric or area, or it
    /// learns nothing.
    pub fn baseline_weeks(&self, metric: &MetricId, area: &AreaCode) -> Option<(u8, u8)> {
        let (metric, area) = (
            self.plan.metric_number(metric)?,
            self.plan.areas.number(area)?,
        );
        let learns = self.plan.metric(metric)?.def.baseline;
        let cell = self.state.metrics.number(metric, area);
        let weeks = self
            .state
            .baselines
            .weeks(cell, self.plan.zone, self.state.now_ms);
        learns.then_some((weeks, BASELINE_WEEKS_LEAST))
    }

    /// The incident, while it is listed.
    pub fn incident(&self, id: &IncidentId) -> Option<Incident> {
        self.state.incidents.get(id).cloned()
    }

    /// The incident with its file, while it is listed.
    pub fn dossier(&self, id: &IncidentId) -> Option<Dossier> {
        let incident = self.incident(id)?;
        let parts = self.state.incidents.parts(id);
        Some(self.state.cases.dossier(incident, parts))
    }

    /// Everyday or emergency.
    pub fn mode(&self) -> &ModeState {
        &self.state.cases.mode
    }

    /// How departments do, by month, department and district.
    pub fn scorecards(&self) -> impl Iterator<Item = Scorecard> + '_ {
        self.state.cases.scorecards()
    }

    /// What became of the command with this id; `None` if it has not been folded, or was long ago.
    pub fn outcome(&self, command: &str) -> Option<&Outcome> {
        self.state.cases.outcome(command)
    }

    /// Limits of a rule's levels in place of those of everyday, while the mode of the city asks for
    /// others.
    pub fn levels_in_force(&self, rule: &RuleId) -> Option<&BTreeMap<Level, f64>> {
        let mode = self.state.cases.mode.mode;
        self.plan.terms.levels(rule, mode)
    }

    /// Every feed's health, in the package's order.
    pub fn feeds(&self) -> impl Iterator<Item = FeedHealth> + '_ {
        let numbers = 0..self.state.feeds.len();
        numbers.filter_map(|number| health(&self.plan, &self.state.feeds, number))
    }

    /// How far each gateway's clock is off, by feed in the package's order and then by name.
    pub fn gateways(&self) -> impl Iterator<Item = (FeedId, ClockOffset)> + '_ {
        self.state.gateways.all(&self.plan)
    }

    /// Alerts that are pending, firing, or resolved of late, by key.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> + '_ {
        self.state.alerts.iter()
    }

    /// How many alerts are not on the list, for want of room.
    pub fn alerts_unlisted(&self) -> Unlisted {
        self.state.alerts.unlisted()
    }

    /// What keeps alerts quiet now and later, by id, and how many alerts each does.
    pub fn hushes(&self) -> Vec<Hush> {
        let mut hushing: BTreeMap<&HushId, u32> = BTreeMap::new();
        let firing = self.state.alerts.rows().map(|row| &row.alert);
        for alert in firing.filter(|alert| alert.state == AlertState::Firing) {
            if let Some(id) = &alert.hushed {
                *hushing.entry(id).or_default() += 1;
            }
        }
        let counted = |hush: &Hush| Hush {
            hushing: hushing.get(&hush.id).copied().unwrap_or_default(),
            ..hush.clone()
        };
        self.state.hushes.iter().map(counted).collect()
    }

    /// Why an order would be refused now; `None` if it would be taken.
    pub fn hush_refusal(&self, order: &HushOrder) -> Option<HushRefusal> {
        alert::refusal(&self.plan, &self.state, order)
    }

    /// The order to an actuator with this id, while it is kept.
    pub fn actuation(&self, id: &ActuationId) -> Option<&Actuation> {
        self.state.actuations.get(id)
    }

    /// Orders to actuators, the newest first.
    pub fn actuations(&self) -> impl Iterator<Item = &Actuation> + '_ {
        self.state.actuations.newest()
    }

    /// Orders to actuators that are under way, with what is to be sent, in the order in which they
    /// were given.
    pub fn actuations_open(&self) -> Vec<(&Actuation, &Outgoing)> {
        self.state.actuations.open()
    }

    /// Why an order to this actuator would be refused now; `None` if it would be taken.
    pub fn actuation_refusal(&self, feed: &FeedId, asset: &AssetId) -> Option<ActuationRefusal> {
        actuation::refusal(&self.state, feed, asset)
    }

    /// Orders that rules have come to and that are not in the journal yet, in the order in which they
    /// came to them.
    pub fn intents(&self) -> impl Iterator<Item = &Intent> + '_ {
        self.state.intents.iter()
    }

    /// Incidents that are listed, by id.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> + '_ {
        self.state.incidents.iter()
    }

    /// Alerts that hang together: the group's number, the incident that it has become, and its
    /// members in the order of joining.
    pub fn groups(
        &self,
    ) -> impl Iterator<Item = (u32, Option<&IncidentId>, impl Iterator<Item = &AlertKey>)> + '_
    {
        self.state.incidents.groups()
    }

    /// The city at a glance.
    pub fn city_snapshot(&self) -> CitySnapshot {
        let metrics = (0..)
            .zip(&self.plan.metrics)
            .flat_map(|(metric, _)| self.points(metric));
        CitySnapshot {
            metrics: metrics.collect(),
            alerts: self.alerts().cloned().collect(),
            incidents: self.incidents().cloned().collect(),
            feeds: self.feeds().collect(),
            events: self.state.ticker.iter().cloned().collect(),
            mode: self.state.cases.mode.clone(),
        }
    }

    /// What turns the snapshot of before `changes` into the one of now.
    pub fn city_delta(&self, changes: &Changes) -> CityDelta {
        let alert = |key: &_| self.state.alerts.listed(key).cloned();
        CityDelta {
            metrics: changed(changes.metrics.iter(), |key| self.point(key)),
            alerts: changed(changes.alerts.iter(), alert),
            incidents: changed(changes.incidents.iter(), |id| self.incident(id)),
            feeds: changed(changes.feeds.iter(), |id| self.feed(id)),
            events: changes.events.clone(),
            mode: changes.mode.then(|| self.state.cases.mode.clone()),
        }
    }

    /// The metric in every area that has it.
    pub fn metric_snapshot(&self, metric: &MetricId) -> Table<MetricPoint> {
        let number = self.plan.metric_number(metric);
        number
            .into_iter()
            .flat_map(|metric| self.points(metric))
            .collect()
    }

    /// What turns the metric's snapshot of before `changes` into the one of now.
    pub fn metric_delta(&self, metric: &MetricId, changes: &Changes) -> Changed<MetricPoint> {
        let first = MetricKey {
            metric: metric.clone(),
            area: AreaCode::new(""),
        };
        let keys = changes
            .metrics
            .range(first..)
            .take_while(|key| key.metric == *metric);
        changed(keys, |key| self.point(key))
    }

    fn point(&self, key: &MetricKey) -> Option<MetricPoint> {
        self.metric_now(&key.metric, &key.area)
    }

    fn points(&self, metric: Metric) -> impl Iterator<Item = MetricPoint> + '_ {
        let places = self
            .state
            .metrics
            .numbers(metric)
            .filter_map(|number| self.state.metrics.place(number));
        places.filter_map(|(metric, area)| self.reader().point(metric, area, When::Live))
    }

    fn feed(&self, id: &FeedId) -> Option<FeedHealth> {
        let number = self
            .plan
            .feed_number(id)
            .map_or(self.plan.feeds.len(), usize::from);
        health(&self.plan, &self.state.feeds, number)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            plan: &self.plan,
            feeds: &self.state.feeds,
            selected: &self.state.selected,
            baselines: &self.state.baselines,
            metrics: &self.state.metrics,
        }
    }

    fn view(&self, asset: &Asset) -> View<'_> {
        let feed = self.state.feeds.get(usize::from(asset.feed));
        View {
            package: &self.package,
            plan: &self.plan,
            stale: feed.is_some_and(|feed| feed.stale.has(asset.index)),
        }
    }
}

/// Rows of `keys` as they are now; those that are no longer there are gone.
fn changed<'a, T: Keyed>(
    keys: impl Iterator<Item = &'a T::Key>,
    row: impl Fn(&T::Key) -> Option<T>,
) -> Changed<T>
where
    T::Key: 'a,
{
    let mut changed = Changed {
        put: Vec::new(),
        gone: Vec::new(),
    };
    for key in keys {
        match row(key) {
            Some(row) => changed.put.push(row),
            None => changed.gone.push(key.clone()),
        }
    }
    changed
}
