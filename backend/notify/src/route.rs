//! Which notices go to whom, and when.
//!
//! A recipient gets a notice once, however many routes lead there: the earliest of them decides
//! when and, the first of equals, in which language; mentions are gathered.

use std::collections::BTreeMap;

use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::level::Level;
use egret_shared::text::Language;
use egret_shared::time::TimeMs;

use crate::hours::Hours;
use crate::limits::{NAMED_MAX, RECIPIENTS_MAX};
use crate::notice::{Notice, NoticeKind};

/// One route, checked.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) targets: Vec<Target>,
    /// This level or a higher one.
    pub(crate) level: Level,
    pub(crate) kinds: Option<Vec<NoticeKind>>,
    pub(crate) classes: Option<Vec<String>>,
    pub(crate) areas: Option<Vec<AreaCode>>,
    pub(crate) departments: Option<Vec<DepartmentId>>,
    pub(crate) persons: Option<Vec<String>>,
    pub(crate) hours: Option<Hours>,
    pub(crate) language: Language,
    /// Whether it keeps for later what comes outside its hours.
    pub(crate) holds: bool,
}

/// Where a route leads.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) channel: String,
    /// Addresses; one that is empty where the channel itself is the recipient.
    pub(crate) recipients: Vec<String>,
    pub(crate) mentions: Vec<String>,
}

/// One delivery that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) channel: String,
    pub(crate) recipient: String,
    pub(crate) mentions: Vec<String>,
    pub(crate) language: Language,
    /// Not before.
    pub(crate) due_at: TimeMs,
}

/// The deliveries of `notice`, taken at `now`.
pub(crate) fn plan(routes: &[Route], notice: &Notice, now: TimeMs) -> Vec<Planned> {
    let mut planned: BTreeMap<(&str, &str), Planned> = BTreeMap::new();
    let mut n_left_out = 0_usize;
    for route in routes.iter().filter(|route| route.takes(notice)) {
        let Some(due_at) = route.due_at(notice, now) else {
            continue;
        };
        for target in &route.targets {
            for recipient in &target.recipients {
                let is_full = planned.len() >= RECIPIENTS_MAX;
                let key = (target.channel.as_str(), recipient.as_str());
                if let Some(known) = planned.get_mut(&key) {
                    known.join(target, route.language, due_at);
                } else if is_full {
                    n_left_out += 1;
                } else {
                    planned.insert(key, target.planned(recipient, route.language, due_at));
                }
            }
        }
    }
    if n_left_out > 0 {
        tracing::error!(
            key = notice.key,
            n_left_out,
            "a notice has more than {RECIPIENTS_MAX} recipients: the rest do not get it"
        );
    }
    planned.into_values().collect()
}

/// A delivery to everybody whom any route reaches by `channel`, whatever its filters say.
pub(crate) fn everybody(routes: &[Route], channel: &str, now: TimeMs) -> Vec<Planned> {
    let mut planned: BTreeMap<&str, Planned> = BTreeMap::new();
    for route in routes {
        let targets = route.targets.iter();
        for target in targets.filter(|target| target.channel == channel) {
            for recipient in target.recipients.iter().take(RECIPIENTS_MAX) {
                // Nobody is called: it is only a test.
                let uncalled = Target {
                    mentions: Vec::new(),
                    ..target.clone()
                };
                let one = || uncalled.planned(recipient, route.language, now);
                planned.entry(recipient).or_insert_with(one);
            }
        }
    }
    planned.into_values().collect()
}

impl Target {
    fn planned(&self, recipient: &str, language: Language, due_at: TimeMs) -> Planned {
        Planned {
            channel: self.channel.clone(),
            recipient: recipient.to_owned(),
            mentions: self.mentions.clone(),
            language,
            due_at,
        }
    }
}

impl Planned {
    fn join(&mut self, target: &Target, language: Language, due_at: TimeMs) {
        if due_at < self.due_at {
            self.due_at = due_at;
            self.language = language;
        }
        join_mentions(&mut self.mentions, &target.mentions);
    }
}

/// Adds those of `more` that are not there yet, within the limit.
pub(crate) fn join_mentions(mentions: &mut Vec<String>, more: &[String]) {
    for mention in more {
        if mentions.len() < NAMED_MAX && !mentions.contains(mention) {
            mentions.push(mention.clone());
        }
    }
}

impl Route {
    /// Whether every filter lets it pass.
    fn takes(&self, notice: &Notice) -> bool {
        let departments = || notice.lead.iter().chain(&notice.support);
        notice.level >= self.level
            && any(self.kinds.as_deref(), |kind| *kind == notice.kind)
            && any(self.classes.as_deref(), |class| *class == notice.class)
            && any(self.areas.as_deref(), |area| notice.areas.contains(area))
            && any(self.departments.as_deref(), |one| {
                departments().any(|other| other == one)
            })
            && any(self.persons.as_deref(), |person| {
                notice.persons.contains(person)
            })
    }

    /// When it goes out; `None` if not at all.
    fn due_at(&self, notice: &Notice, now: TimeMs) -> Option<TimeMs> {
        match &self.hours {
            Some(hours) if !notice.is_urgent() && !hours.hold(now) => {
                self.holds.then(|| hours.begin_after(now))
            }
            _ => Some(now),
        }
    }
}

fn any<T>(filter: Option<&[T]>, matches: impl Fn(&T) -> bool) -> bool {
    filter.is_none_or(|named| named.iter().any(matches))
}
