//! What the passing of time does: rules, deadlines, levels, closed windows, feeds' status.

use egret_shared::event::{About, EventKind};
use egret_shared::feed::FeedStatus;
use egret_shared::level::Level;
use egret_shared::text::Text;

use crate::fold::Fold;
use crate::plan::FeedPlan;

const MINUTE_MS: i64 = 60_000;

impl Fold<'_> {
    /// Takes note that time has come to now.
    pub(crate) fn tick(&mut self) {
        let now_ms = self.state.now_ms;
        let before_ms = self.state.ticked_ms.unwrap_or(now_ms);
        let minute = |at_ms: i64| at_ms.div_euclid(MINUTE_MS);
        if self
            .state
            .ticked_ms
            .is_none_or(|at_ms| minute(at_ms) != minute(now_ms))
        {
            self.turn_minute();
            self.forget_gateways();
        }
        self.dedup.expire(now_ms);
        self.find_stale();
        self.tick_rules();
        self.tick_hushes();
        self.ripen_alerts();
        self.settle_metrics();
        self.close_metrics(before_ms, now_ms);
        self.ripen_composed();
        self.follow_calls();
        self.work_cases();
        self.expire_actuations();
        self.drop_intents();
        self.judge_feeds();
        self.state.metrics.lay_down_some(self.plan, now_ms);
        self.state.ticked_ms = Some(now_ms);
    }

    fn turn_minute(&mut self) {
        let now_ms = self.state.now_ms;
        let listened_ms = (now_ms - self.state.listening_ms).min(MINUTE_MS);
        for (number, feed) in (0_usize..).zip(&mut self.state.feeds) {
            let plan = self.plan.feeds.get(number);
            let turned = feed.turn_minute(plan, now_ms, listened_ms);
            if turned.health {
                self.dirty
                    .feeds
                    .insert(u32::try_from(number).unwrap_or(u32::MAX));
            }
            // With another interval other sources are expected, and become stale at other times.
            let made = plan.filter(|_| turned.interval).map(|plan| &plan.metrics);
            let made = made.into_iter().flatten().map(|one| one.metric);
            // What of its quality is another, not even the plan knows: each has its own window.
            let of_it = plan.map(|plan| &plan.quality);
            let of_it = of_it.into_iter().flatten().copied();
            for metric in made.chain(of_it) {
                let dirty = &mut self.dirty.metrics;
                self.state.metrics.touch_all(self.plan, dirty, metric);
            }
        }
    }

    fn find_stale(&mut self) {
        let now_ms = self.state.now_ms;
        for (number, (plan, feed)) in (0..).zip(self.plan.feeds.iter().zip(&mut self.state.feeds)) {
            for index in feed.fall_silent(plan, now_ms) {
                self.dirty.feeds.insert(number);
                if let Some(handle) = feed.members.get(index as usize) {
                    self.dirty.assets.insert(*handle);
                }
            }
        }
    }

    fn judge_feeds(&mut self) {
        let (now_ms, since_ms) = (self.state.now_ms, self.state.listening_ms);
        for (number, plan) in (0..).zip(&self.plan.feeds) {
            let Some(feed) = self.state.feeds.get_mut(number as usize) else {
                continue;
            };
            let status = feed.status_at(plan, now_ms, since_ms);
            let before = std::mem::replace(&mut feed.status, status);
            if before != status {
                self.dirty.feeds.insert(number);
                self.tell_status(plan, status);
            }
        }
    }

    fn tell_status(&mut self, plan: &FeedPlan, status: FeedStatus) {
        let (level, zh, en) = match status {
            FeedStatus::Waiting => (Level::Normal, "等待数据", "is waiting for data"),
            FeedStatus::Live => (Level::Normal, "数据正常", "delivers as promised"),
            FeedStatus::Degraded => (
                Level::Blue,
                "数据不全或有误",
                "delivers in part, or with faults",
            ),
            FeedStatus::Silent => (Level::Yellow, "数据中断", "has gone silent"),
        };
        let area = self.plan.areas.code(plan.home).cloned();
        self.tell(
            EventKind::Feed,
            level,
            area,
            (About::Feed(plan.def.id.clone()), plan.def.name.clone()),
            Text::new(zh, en),
        );
    }
}
