//! The alerts of a list: each is fetched once, and again when its entry has changed.

use std::collections::BTreeMap;

use egret_shared::time::TimeMs;
use url::Url;

use super::Poller;
use crate::fetch::{Answer, Failure};
use crate::index::{Entry, Index};
use crate::limits::{ENTRIES_AT_ONCE, ENTRIES_FAILED_MAX};

/// Those that are on the list and have been dealt with: by URL, with what the list said of their
/// change then.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    settled: BTreeMap<Url, String>,
    /// Of these, those that can never be had as they are, and why.
    lost: BTreeMap<Url, String>,
}

impl Alerts {
    /// Forgets what is not on the list any more. What there is to fetch of it, oldest first, so that an
    /// alert comes before what changes it: lists begin with the newest.
    fn due(&mut self, list: Vec<Entry>) -> Vec<Entry> {
        let mut listed: BTreeMap<Url, String> = BTreeMap::new();
        let mut once = Vec::new();
        for entry in list {
            // What stands there twice is as the first says, which is the newest.
            if !listed.contains_key(&entry.url) {
                listed.insert(entry.url.clone(), entry.stamp.clone());
                once.push(entry);
            }
        }
        self.settled
            .retain(|url, stamp| listed.get(url) == Some(stamp));
        let settled = &self.settled;
        self.lost.retain(|url, _| settled.contains_key(url));
        let mut due: Vec<Entry> = once;
        due.retain(|entry| !settled.contains_key(&entry.url));
        due.reverse();
        due.sort_by_key(|entry| TimeMs::from_rfc3339(&entry.stamp).ok());
        due
    }

    fn settle(&mut self, entry: Entry) {
        self.lost.remove(&entry.url);
        self.settled.insert(entry.url, entry.stamp);
    }

    fn lose(&mut self, entry: Entry, why: String) {
        self.lost.insert(entry.url.clone(), why);
        self.settled.insert(entry.url, entry.stamp);
    }

    /// What is wrong with some of them, in words.
    fn fault(&self) -> Option<String> {
        let (url, why) = self.lost.first_key_value()?;
        let others = match self.lost.len() - 1 {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        Some(format!("alert {url}: {why}{others}"))
    }
}

impl Poller {
    /// Fetches the alerts of a list that have not been; whether some are left over.
    pub(super) async fn take_alerts(&mut self, list: Index) -> Result<bool, Failure> {
        let n_left_out = list.n_left_out;
        let due = self.alerts.due(list.entries);
        let has_rest = due.len() > ENTRIES_AT_ONCE;
        let mut n_failed = 0;
        let mut failed: Option<Failure> = None;
        for entry in due.into_iter().take(ENTRIES_AT_ONCE) {
            match self.take_alert(&entry.url).await {
                Ok(()) => {
                    n_failed = 0;
                    self.alerts.settle(entry);
                }
                Err(failure) if failure.is_settled() => self.alerts.lose(entry, failure.why),
                Err(failure) => {
                    n_failed += 1;
                    let why = format!("alert {}: {}", entry.url, failure.why);
                    failed = failed.or(Some(Failure { why, ..failure }));
                    if n_failed == ENTRIES_FAILED_MAX {
                        break;
                    }
                }
            }
        }
        let left_out = (n_left_out > 0)
            .then(|| format!("{n_left_out} entries of the list are too many, or have no link"));
        let fault = self.alerts.fault().or(left_out);
        if let Some(why) = fault.as_ref().filter(|_| fault != self.fault) {
            let feed = &self.target.feed;
            tracing::warn!(%feed, why, "not everything on the list can be fetched");
        }
        self.fault = fault;
        match failed {
            Some(failed) => Err(failed),
            None => Ok(has_rest),
        }
    }

    async fn take_alert(&mut self, url: &Url) -> Result<(), Failure> {
        let tools = self.tools.clone();
        let _permit = tools.permit().await?;
        let body = match self.ask(url, None).await {
            Ok(Answer::New { body, .. }) => body,
            Ok(Answer::Unchanged) => return Ok(()),
            Err(failure) => {
                self.refuse(url, &failure).await?;
                return Err(failure);
            }
        };
        self.keep(url, &body).await
    }
}
