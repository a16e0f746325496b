//! The demo city as a receiver folds it: the plan's messages through decode, validate and fold, in
//! one process and by the plan's own time.

use std::collections::BTreeMap;
use std::sync::Arc;

use egret_city::{City, Entry};
use egret_decode::reading::Decoded;
use egret_decode::{Decoder, Message};
use egret_shared::flags::Flags;
use egret_shared::id::FeedId;
use egret_shared::metric::MetricPoint;
use egret_shared::package::feed::FeedDef;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Options, Plan, Timed};
use egret_validate::Validator;

use super::package::{package, start};

/// How often time passes for the fold.
const TICK: Span = Span(5_000);

/// A city that listens to a run.
pub(crate) struct Town {
    pub(crate) city: City,
    validator: Validator,
    feeds: BTreeMap<FeedId, (FeedDef, Decoder)>,
    plan: std::iter::Peekable<Plan>,
    now: TimeMs,
}

impl Town {
    /// A city that has heard nothing of the run yet.
    pub(crate) fn new(options: &Options) -> Self {
        let package = Arc::new(package().clone());
        let feeds = package.feeds.iter().map(|feed| {
            let decoder = Decoder::new(feed, package.timezone);
            (feed.id.clone(), (feed.clone(), decoder))
        });
        Self {
            feeds: feeds.collect(),
            city: City::new(Arc::clone(&package)),
            validator: Validator::new(Arc::clone(&package)),
            plan: Plan::new(&package, options, start()).unwrap().peekable(),
            now: start(),
        }
    }

    /// Listens until so long after the run's start.
    pub(crate) fn listen_until(&mut self, minutes: i64) {
        let end = start().plus(Span(minutes * 60_000));
        while self.now < end {
            self.tell(&Entry::Tick(self.now));
            self.now = self.now.plus(TICK);
            let now = self.now;
            while let Some(timed) = self.plan.next_if(|timed| timed.send_at < now) {
                self.hear(&timed);
            }
        }
        self.tell(&Entry::Tick(self.now));
    }

    /// What the run says of before its start arrives at its start, all the rest when it is sent.
    fn hear(&mut self, timed: &Timed) {
        let received_at = timed.send_at.max(start());
        let (feed, decoder) = &self.feeds[&timed.feed];
        let message = Message::new(&timed.topic, &timed.payload, received_at);
        let elements = decoder.decode(&message);
        let entries: Vec<Entry> = elements
            .into_iter()
            .filter_map(|element| match element.ok()? {
                Decoded::Reading(reading) => {
                    let observation = self.validator.observation(feed, reading, received_at);
                    observation.ok().map(Entry::Observation)
                }
                Decoded::Report(report) => {
                    let report = self.validator.report(feed, report, received_at);
                    report.ok().map(|(report, _)| Entry::Report(report))
                }
            })
            .collect();
        for entry in entries {
            self.tell(&entry);
        }
    }

    fn tell(&mut self, entry: &Entry) {
        self.city.apply(self.city.seq() + 1, entry);
        // Nobody reads them here, and they are kept until somebody does.
        drop(self.city.take_changes());
    }

    /// A metric's number for the whole city now.
    pub(crate) fn of_city(&self, metric: &str) -> Option<MetricPoint> {
        let root = &self.city.package().city.root;
        self.city.metric_now(&metric.into(), root)
    }

    /// Its number, which must be there.
    pub(crate) fn number(&self, metric: &str) -> f64 {
        let v = self.of_city(metric).and_then(|point| point.v);
        v.unwrap_or_else(|| panic!("{metric} has no value"))
    }

    /// What there is to know about it.
    pub(crate) fn flags(&self, metric: &str) -> Flags {
        self.of_city(metric)
            .map_or(Flags::NONE, |point| point.flags)
    }
}
