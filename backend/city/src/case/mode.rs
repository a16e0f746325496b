//! The mode of the city 平战结合: by hand, or called by alerts and ended when they have been over
//! for long enough.

use egret_shared::alert::AlertState;
use egret_shared::case::{Doer, Power, Refusal, TEXT_CHARS_MAX};
use egret_shared::command::{ModeOrder, Outcome};
use egret_shared::event::{About, EventKind};
use egret_shared::incident::Person;
use egret_shared::level::Level;
use egret_shared::mode::{Mode, ModeState};
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::fold::Fold;
use crate::words;

/// How alerts that call the emergency mode stand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// Since when none has fired.
    calm_since: Option<TimeMs>,
    /// The highest level at which one fired when somebody declared peace all the same. Only a
    /// higher one is listened to, until none fires.
    overruled: Option<Level>,
}

impl Fold<'_> {
    pub(super) fn order_mode(&mut self, by: &Doer, order: &ModeOrder) -> Outcome {
        if !by.may(Power::Dispatch) {
            return Outcome::Refused(Refusal::MayNotSwitch);
        }
        let reason = order.reason.trim();
        if reason.is_empty() {
            return Outcome::Refused(Refusal::NoText);
        }
        if reason.chars().count() > TEXT_CHARS_MAX {
            return Outcome::Refused(Refusal::LongText);
        }
        let calling = self.calling().map(|(level, _)| level);
        self.state.cases.calls.overruled = calling.filter(|_| order.mode == Mode::Peace);
        let person = Some(by.person.clone());
        self.change_mode(order.mode, person, Text::new(reason, reason));
        Outcome::Done(None)
    }

    /// Changes the mode as alerts ask. What somebody declared goes before them.
    pub(crate) fn follow_calls(&mut self) {
        let emergency = &self.plan.terms.emergency;
        if emergency.when.is_empty() {
            return;
        }
        let ends_after = emergency.ends_after;
        let now = TimeMs(self.state.now_ms);
        let Some((level, why)) = self.calling() else {
            let calls = &mut self.state.cases.calls;
            calls.overruled = None;
            let since = *calls.calm_since.get_or_insert(now);
            let mode = &self.state.cases.mode;
            let by_call = mode.mode == Mode::Emergency && mode.by.is_none();
            if by_call && ends_after.is_some_and(|span| now.since(since) >= span) {
                let reason = Text::new("警报解除", "what called it is over");
                self.change_mode(Mode::Peace, None, reason);
            }
            return;
        };
        let calls = &mut self.state.cases.calls;
        calls.calm_since = None;
        let is_heard = calls.overruled.is_none_or(|overruled| level > overruled);
        if is_heard && self.state.cases.mode.mode == Mode::Peace {
            self.state.cases.calls.overruled = None;
            self.change_mode(Mode::Emergency, None, why);
        }
    }

    /// The highest level at which an alert that is not kept quiet calls, and its words.
    fn calling(&self) -> Option<(Level, Text)> {
        let when = &self.plan.terms.emergency.when;
        let calls = |row: &&crate::alert::Row| {
            let alert = &row.alert;
            let mut when = when.iter();
            alert.state == AlertState::Firing
                && alert.hushed.is_none()
                && when.any(|call| alert.key.rule == call.rule && alert.level >= call.level)
        };
        let rows = self.state.alerts.rows().filter(calls);
        let highest = rows.max_by_key(|row| row.alert.level)?;
        let name = &self.plan.rule(highest.rule)?.def.name;
        let level = words::level(highest.alert.level);
        let why = Text::new(
            format!("{}{}", level.zh, name.zh),
            format!("{}, {}", name.en, level.en),
        );
        Some((highest.alert.level, why))
    }

    fn change_mode(&mut self, mode: Mode, by: Option<Person>, reason: Text) {
        let before = self.state.cases.mode.mode;
        let since = TimeMs(self.state.now_ms);
        let is_by_hand = by.is_some();
        let why = reason.clone();
        self.state.cases.mode = ModeState {
            mode,
            since,
            by,
            reason,
        };
        self.dirty.mode = true;
        self.dirty.urgent = true;
        if before == mode {
            return;
        }
        self.renew_limits();
        let (level, zh, en) = match mode {
            Mode::Peace => (Level::Normal, "转为平时状态", "Back to everyday"),
            Mode::Emergency => (Level::Red, "转入战时状态", "Emergency mode"),
        };
        // What somebody wrote stands with the mode; the ticker says who decided only in kind.
        let why = if is_by_hand {
            Text::new("人工决定", "by hand")
        } else {
            why
        };
        let root = self.plan.areas.code(crate::plan::Areas::ROOT).cloned();
        self.tell(
            EventKind::Mode,
            level,
            root,
            (About::City, Text::new("平战结合", "Mode of the city")),
            Text::new(format!("{zh}：{}", why.zh), format!("{en}: {}", why.en)),
        );
    }
}
