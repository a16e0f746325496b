//! What a report's step does: to its feed's health, the metrics that count such steps, the ticker
//! and the rules that look for clusters.

use egret_shared::event::EventKind;
use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::report::{Report, STATE_OPENED};
use egret_shared::text::Text;

use crate::aggregate::Contribution;
use crate::dedup::Identity;
use crate::fold::Fold;
use crate::metric::{Incoming, counting_area};
use crate::plan::{Area, Feed, FeedPlan, Metric, Source};

/// Tells identities of reports' messages from those of observations.
const REPORTS: u64 = 2 << 32;

/// Tells "this report entered this state" from messages: it counts once, however often it is told.
const ENTERED: u64 = 3 << 32;

impl Fold<'_> {
    /// Takes a report's step in.
    pub(crate) fn report(&mut self, report: &Report) {
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
                feed.count_duplicate();
            }
            return;
        }
        let late = now_ms - report.observed_at.0 > plan.def.lateness.ms();
        self.count_report(feed, plan, report, late);
        let entered = Identity::start(ENTERED | u64::from(feed));
        let entered = entered
            .with(report.report.as_str().as_bytes())
            .with(report.state.as_bytes());
        if !self.dedup.insert(entered, now_ms) {
            return;
        }
        let area = match (&report.position, &report.area) {
            (Some(_), Some(code)) => self.plan.areas.number(code),
            (Some(_), None) => None,
            (None, _) => Some(plan.home),
        };
        if !late {
            self.count_entry(plan, report, area);
        }
        if report.state == STATE_OPENED {
            self.tell_report(plan, report, area);
            for rule in &plan.clusters {
                let position = report.position.map(Position::to_steps);
                let position = position.map(|(lon, lat)| Position::from_steps(lon, lat));
                self.gather(*rule, report, position, area);
            }
        }
    }

    fn count_report(&mut self, feed: Feed, plan: &FeedPlan, report: &Report, late: bool) {
        let Some(state) = self.feed_mut(feed) else {
            return;
        };
        let was_live = state.has_reported();
        state.accept(report.observed_at.0, report.received_at.0);
        if late {
            state.count_late();
        }
        if !was_live {
            self.feed_went_live(plan);
        }
    }

    fn count_entry(&mut self, plan: &FeedPlan, report: &Report, area: Option<Area>) {
        for metric in &plan.metrics {
            if let Some(area) = self.counts_for(plan, *metric, report, area) {
                let incoming = Incoming {
                    one: Contribution {
                        at_ms: report.observed_at.0,
                        v: 1.0,
                        asset: None,
                    },
                    passes: true,
                    now_ms: self.state.now_ms,
                    closed_ms: self.state.ticked_ms.unwrap_or(i64::MIN),
                };
                self.state.metrics.contribute(
                    self.plan,
                    &mut self.dirty.metrics,
                    *metric,
                    area,
                    &incoming,
                );
            }
        }
    }

    /// Where the step counts for `metric`, if it does.
    fn counts_for(
        &self,
        plan: &FeedPlan,
        metric: Metric,
        report: &Report,
        area: Option<Area>,
    ) -> Option<Area> {
        let measured = self.plan.metric(metric)?.measured()?;
        let Source::Reports(state, filter) = &measured.source else {
            return None;
        };
        let counts = report.state == *state && filter.holds(&self.plan.engine, report);
        counts.then(|| counting_area(measured, plan, area))?
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
            plan.def.name.clone(),
            text,
        );
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
