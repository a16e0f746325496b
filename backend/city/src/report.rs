//! What a report's step does: to its feed's health, the metrics that count such steps or measure the
//! time between them, the ticker and the rules that look at reports.

use egret_shared::event::{About, EventKind};
use egret_shared::flags::Flags;
use egret_shared::issued::Issued;
use egret_shared::level::Level;
use egret_shared::package::metric::DistinctOf;
use egret_shared::position::Position;
use egret_shared::report::{Report, STATE_OPENED};
use egret_shared::text::Text;

use crate::aggregate::{Contribution, distinct_id, distinct_value, distinct_word};
use crate::dedup::Identity;
use crate::expr::Engine;
use crate::fold::Fold;
use crate::journey::{Named, Stage};
use crate::metric::{Incoming, counting_area};
use crate::plan::{Area, Asked, Durations, Feed, FeedPlan, Measured, Metric, Source};
use crate::rule::Step;

/// Tells identities of reports' messages from those of observations.
const REPORTS: u64 = 2 << 32;

/// Tells "this report entered this state" from messages: it counts once, however often it is told.
const ENTERED: u64 = 3 << 32;

impl Fold<'_> {
    /// Takes a report's step in, and what is said of the warning that it issues.
    pub(crate) fn report(&mut self, report: &Report, issued: Option<&Issued>) {
        let Some(feed) = self.plan.feed_number(&report.feed) else {
            return self.refuse(None, "fold", "unknown_feed");
        };
        let Some(plan) = self.plan.feed(feed) else {
            return;
        };
        let now_ms = self.state.now_ms;
        // Without id and time nothing tells a repetition from news; the state counts once all the
        // same.
        let has_identity = report.message.is_some() || !report.flags.has(Flags::NO_TIME);
        if has_identity && !self.dedup.insert(message_identity(feed, report), now_ms) {
            if let Some(feed) = self.feed_mut(feed) {
                feed.count_duplicate(now_ms);
            }
            return;
        }
        let late = now_ms - report.observed_at.0 > plan.def.lateness.ms();
        self.count_report(feed, plan, report, late);
        let named = Named::by(report, &self.plan.areas);
        let area = named.area(plan.home);
        let position = report.position.map(Position::to_steps);
        let step = Step {
            report,
            position: position.map(|(lon, lat)| Position::from_steps(lon, lat)),
            area,
            issued,
        };
        self.show_step(&plan.reported, &step);
        let entered = Identity::start(ENTERED | u64::from(feed));
        let entered = entered
            .with(report.report.as_str().as_bytes())
            .with(report.state.as_bytes());
        if !self.dedup.insert(entered, now_ms) {
            return;
        }
        if !late {
            self.count_entry(feed, plan, report, area);
        }
        if !plan.steps.is_empty() {
            self.measure_steps(feed, plan, report, named);
        }
        if report.state == STATE_OPENED {
            self.tell_report(plan, report, area);
            self.show_opened(&plan.reported, &step);
        }
    }

    fn count_report(&mut self, feed: Feed, plan: &FeedPlan, report: &Report, late: bool) {
        let Some(state) = self.feed_mut(feed) else {
            return;
        };
        let was_live = state.has_reported();
        state.accept(report.observed_at.0, report.received_at.0, !late);
        if late {
            state.count_late();
        }
        if !was_live {
            self.feed_went_live(plan);
        }
    }

    fn count_entry(&mut self, feed: Feed, plan: &FeedPlan, report: &Report, area: Option<Area>) {
        for one in &plan.metrics {
            let Some(measured) = self.plan.metric(one.metric).and_then(|m| m.measured()) else {
                continue;
            };
            let Source::Reports(states, filter) = &measured.source else {
                continue;
            };
            let engine = &self.plan.engine;
            if !states.contains(&report.state) || !filter.holds(engine, report) {
                continue;
            }
            let contribution = Contribution {
                fulfils: fulfils(engine, &measured.asked, report, 1.0),
                key: key(&measured.asked, feed, report, 1.0),
                ..Contribution::plain(report.observed_at.0, 1.0)
            };
            if let Some(area) = counting_area(measured, plan, area) {
                self.contribute_of_report(one.metric, area, contribution);
            }
        }
    }

    /// Counts the time between two steps of which this was one.
    fn measure_steps(&mut self, feed: Feed, plan: &FeedPlan, report: &Report, named: Named) {
        let journeys = &mut self.state.journeys;
        let Some(stage) = journeys.step(feed, plan, report, named) else {
            return;
        };
        // Several metrics may measure between the same steps; refused is the report's way, once.
        let mut refused: Vec<(&str, &str)> = Vec::new();
        for one in &plan.metrics {
            let measured = self.plan.metric(one.metric).and_then(|m| m.measured());
            if let Some(measured) = measured
                && let Source::Durations(durations) = &measured.source
                && let Some(times) = stage.between(plan, &durations.from, &durations.to)
            {
                if times.1 < times.0 {
                    let way = (durations.from.as_str(), durations.to.as_str());
                    if !refused.contains(&way) {
                        refused.push(way);
                        self.refuse(Some(&report.feed), "fold", "negative_duration");
                    }
                    continue;
                }
                self.count_duration(&Measurement {
                    metric: one.metric,
                    feed,
                    plan,
                    measured,
                    durations,
                    times,
                    report,
                    stage: &stage,
                });
            }
        }
    }

    fn count_duration(&mut self, of: &Measurement<'_>) {
        let (from_ms, to_ms) = of.times;
        if self.state.now_ms - to_ms > of.plan.def.lateness.ms() {
            return;
        }
        let report = &of.stage.whole(of.report, &of.durations.to);
        let engine = &self.plan.engine;
        if !of.durations.filter.holds(engine, report) {
            return;
        }
        let v = of.durations.v_from_ms(to_ms - from_ms);
        let contribution = Contribution {
            fulfils: fulfils(engine, &of.measured.asked, report, v),
            key: key(&of.measured.asked, of.feed, report, v),
            ..Contribution::plain(to_ms, v)
        };
        let area = of.stage.area(of.plan.home);
        if let Some(area) = counting_area(of.measured, of.plan, area) {
            self.contribute_of_report(of.metric, area, contribution);
        }
    }

    fn contribute_of_report(&mut self, metric: Metric, area: Area, one: Contribution) {
        let incoming = Incoming {
            one,
            passes: true,
            doubts: Flags::NONE,
            now_ms: self.state.now_ms,
            closed_ms: self.state.ticked_ms.unwrap_or(i64::MIN),
        };
        self.state
            .metrics
            .contribute(self.plan, &mut self.dirty.metrics, metric, area, &incoming);
    }

    fn tell_report(&mut self, plan: &FeedPlan, report: &Report, area: Option<Area>) {
        let words = self.package.words.category.get(&report.feed);
        let word = words.and_then(|words| words.get(report.category.as_str()));
        let category = word.cloned().unwrap_or_else(|| {
            let plain = if report.category.is_empty() {
                report.report.as_str()
            } else {
                &report.category
            };
            Text::new(plain, plain)
        });
        let place = area
            .and_then(|area| self.plan.areas.name(area))
            .cloned()
            .unwrap_or_default();
        // A sensitive feed's texts are not for everybody who sees the ticker.
        let told = if plan.sensitive {
            ""
        } else {
            report.text.as_str()
        };
        let line = |parts: [&str; 3]| {
            let said = parts.into_iter().filter(|part| !part.is_empty());
            said.collect::<Vec<_>>().join(" · ")
        };
        // What was told is in the language of the city; in English the category's word has to do,
        // and nobody needs the same word twice.
        let news = if told == category.zh { "" } else { told };
        let foreign = if word.is_some() { "" } else { told };
        let text = Text::new(
            line([&category.zh, &place.zh, news]),
            line([&category.en, &place.en, foreign]),
        );
        let area = area.and_then(|area| self.plan.areas.code(area)).cloned();
        self.tell(
            EventKind::Report,
            Level::Normal,
            area,
            (About::Feed(plan.def.id.clone()), plan.def.name.clone()),
            text,
        );
    }
}

/// A report's way between two steps, on its way to a metric.
struct Measurement<'a> {
    metric: Metric,
    feed: Feed,
    plan: &'a FeedPlan,
    measured: &'a Measured,
    durations: &'a Durations,
    /// Event times of both steps, milliseconds.
    times: (i64, i64),
    report: &'a Report,
    stage: &'a Stage,
}

/// Whether a report, or the time `v` between two of its steps, fulfils the condition of a ratio or
/// a share.
fn fulfils(engine: &Engine, asked: &Asked, report: &Report, v: f64) -> bool {
    match asked {
        Asked::Limits(limits) => limits.hold(v),
        Asked::Report(filter) => filter.holds(engine, report),
        Asked::Nothing | Asked::Reading(_) | Asked::Which(_) => false,
    }
}

/// Hash of what a distinct count tells apart.
fn key(asked: &Asked, feed: Feed, report: &Report, v: f64) -> u64 {
    match asked {
        Asked::Which(DistinctOf::Report) => distinct_id(feed, report.report.as_str()),
        Asked::Which(DistinctOf::Category) => distinct_word(&report.category),
        Asked::Which(DistinctOf::Value) => distinct_value(v),
        Asked::Which(DistinctOf::Asset)
        | Asked::Nothing
        | Asked::Limits(_)
        | Asked::Reading(_)
        | Asked::Report(_) => 0,
    }
}

fn message_identity(feed: Feed, report: &Report) -> Identity {
    let one = Identity::start(REPORTS | u64::from(feed)).with(report.report.as_str().as_bytes());
    match &report.message {
        Some(message) => one.with(message.as_str().as_bytes()),
        None => one
            .with(report.state.as_bytes())
            .with_number(report.observed_at.0),
    }
}
