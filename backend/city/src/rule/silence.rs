//! Silence: an asset that promised to speak has said nothing for too long.
//!
//! Counted from when it was heard last, or from when somebody began to listen; so a restart calls
//! nobody silent.

use egret_shared::alert::Subject;

use crate::alert::{Target, Trigger};
use crate::fold::Fold;
use crate::plan::{Feed, Rule, Watch};

impl Fold<'_> {
    /// Finds assets that have fallen silent.
    pub(crate) fn find_silence(&mut self) {
        for (rule, plan) in (0..).zip(&self.plan.rules) {
            if let Watch::Silence(feed, after) = &plan.watch {
                self.find_silent(rule, *feed, after.ms());
            }
        }
    }

    fn find_silent(&mut self, rule: Rule, feed: Feed, after_ms: i64) {
        let now_ms = self.state.now_ms;
        let (Some(state), Some(known)) = (
            self.state.feeds.get(usize::from(feed)),
            self.state.rules.get(usize::from(rule)),
        ) else {
            return;
        };
        let members = (0_u32..).zip(state.members.iter().zip(&state.heard_ms));
        let silent = members.filter(|(index, (_, heard_ms))| {
            now_ms - **heard_ms >= after_ms && !known.silent.has(*index)
        });
        let silent: Vec<(u32, u32)> = silent
            .map(|(index, (handle, _))| (index, *handle))
            .collect();
        for (index, handle) in silent {
            if !self.state.alerts.has_room(&self.plan.rules, rule) {
                return;
            }
            self.judge_silence(rule, handle, true);
            if let Some(known) = self.state.rules.get_mut(usize::from(rule)) {
                known.silent.insert(index);
            }
        }
    }

    /// Notes that an asset has spoken again.
    pub(crate) fn end_silence(&mut self, rule: Rule, handle: u32, index: u32) {
        let known = self.state.rules.get_mut(usize::from(rule));
        if known.is_some_and(|known| known.silent.remove(index)) {
            self.judge_silence(rule, handle, false);
        }
    }

    fn judge_silence(&mut self, rule: Rule, handle: u32, holds: bool) {
        let Some(asset) = self.state.assets.get(handle) else {
            return;
        };
        let Some(feed) = self.plan.feed(asset.feed) else {
            return;
        };
        let subject = Subject::Asset {
            feed: feed.def.id.clone(),
            asset: asset.id.clone(),
        };
        self.judge(&Trigger {
            rule,
            subject,
            target: Target::Asset(handle),
            holds,
            at_ms: self.state.now_ms,
            v: None,
            count: 1,
        });
    }
}
