//! Why two alerts belong together, in words that name both.

use egret_shared::text::Text;

use super::link::Found;
use crate::alert::{Row, Target};
use crate::fold::Fold;
use crate::plan::Role;
use crate::words;

const MINUTE_MS: i64 = 60_000;

impl Fold<'_> {
    /// "R-031 is 180 m from M-212, 6 min later; cause: Manhole surcharge → Road ponding (drain
    /// surcharge floods the road)", said of `row`.
    pub(super) fn reason(&self, row: &Row, found: &Found) -> Text {
        let Some(other) = self.state.alerts.get(&found.key) else {
            return row.alert.message.clone();
        };
        self.reason_between(row, other, found, false)
    }

    /// The same said of the other one.
    pub(super) fn reason_back(&self, row: &Row, found: &Found) -> Text {
        let Some(other) = self.state.alerts.get(&found.key) else {
            return row.alert.message.clone();
        };
        self.reason_between(row, other, found, true)
    }

    fn reason_between(&self, row: &Row, other: &Row, found: &Found, back: bool) -> Text {
        let (this, that) = if back { (other, row) } else { (row, other) };
        let (a, b) = (self.spoken_name(this), self.spoken_name(that));
        let later_ms = if back {
            -found.later_ms
        } else {
            found.later_ms
        };
        let (place_zh, place_en) = match found.distance_m {
            Some(metres) => {
                let distance = words::distance(metres);
                (
                    format!("{} 距 {} {}", a.zh, b.zh, distance.zh),
                    format!("{} is {} from {}", a.en, distance.en, b.en),
                )
            }
            None => (
                format!("{} 与 {} 在同一区域", a.zh, b.zh),
                format!("{} is in the same area as {}", a.en, b.en),
            ),
        };
        let minutes = (later_ms.abs() + MINUTE_MS / 2) / MINUTE_MS;
        let (time_zh, time_en) = match (minutes, later_ms > 0) {
            (0, _) => ("同时".to_owned(), "at the same time".to_owned()),
            (_, true) => (format!("晚 {minutes} 分钟"), format!("{minutes} min later")),
            (_, false) => (
                format!("早 {minutes} 分钟"),
                format!("{minutes} min earlier"),
            ),
        };
        let (mine, others) = (self.kind_name(row), self.kind_name(other));
        let (zh, en) = match found.role {
            Role::Cause => (
                format!("因果：{} → {}", others.zh, mine.zh),
                format!("cause: {} → {}", others.en, mine.en),
            ),
            Role::Effect => (
                format!("因果：{} → {}", mine.zh, others.zh),
                format!("cause: {} → {}", mine.en, others.en),
            ),
            Role::Same => (
                format!("同为{}", mine.zh),
                format!("the same kind: {}", mine.en),
            ),
        };
        let why = &found.because;
        Text::new(
            format!("{place_zh}，{time_zh}；{zh}（{}）", why.zh),
            format!("{place_en}, {time_en}; {en} ({})", why.en),
        )
    }

    fn kind_name(&self, row: &Row) -> Text {
        let plan = self.plan.rule(row.rule);
        plan.map(|rule| rule.def.name.clone()).unwrap_or_default()
    }

    /// What an alert is called beside another: its asset, or what was reported and where, for
    /// reports have no name of their own.
    fn spoken_name(&self, row: &Row) -> Text {
        let name = self.target_name(&row.target);
        let Target::Place(..) = row.target else {
            return name;
        };
        let kind = self.kind_name(row);
        if name == Text::default() {
            return kind;
        }
        Text::new(
            format!("{}{}", name.zh, kind.zh),
            format!("{} in {}", kind.en, name.en),
        )
    }
}
