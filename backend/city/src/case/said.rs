//! What the ticker says of casework. Nothing that somebody has written: it has more readers than
//! the incident.

use egret_shared::case::Act;
use egret_shared::event::{About, EventKind};
use egret_shared::id::IncidentId;
use egret_shared::incident::{BY_HAND, Incident};
use egret_shared::level::Level;
use egret_shared::text::Text;

use crate::fold::Fold;

/// What the ticker calls `incident`.
pub(crate) fn title(incident: &Incident) -> Text {
    if incident.rule.as_str() == BY_HAND {
        Text::new("人工上报", "Reported by hand")
    } else {
        incident.title.clone()
    }
}

/// What the ticker says of `act`, if anything.
fn words(act: &Act) -> Option<(&'static str, &'static str)> {
    Some(match act {
        Act::File { .. } => ("已立案", "filed"),
        Act::Dismiss { .. } => ("不予立案", "dismissed"),
        Act::Dispatch { .. } | Act::Decide { .. } => ("已派遣", "dispatched"),
        Act::Command { .. } => ("越级指挥", "ordered directly"),
        Act::Feedback { .. } => ("已反馈", "handled"),
        Act::Verify { passed: true, .. } => ("核查通过", "verified"),
        Act::Verify { passed: false, .. } => ("核查未通过", "not verified"),
        Act::Close { .. } => ("已结案", "closed"),
        Act::Reopen { .. } => ("重新立案", "opened again"),
        Act::Supervise { .. } => ("督办", "urged from above"),
        Act::Merge { .. } => ("已并案", "merged"),
        _ => return None,
    })
}

impl Fold<'_> {
    /// Tells of an act, where it moves an incident on. A supporting department's feedback does not.
    pub(super) fn tell_act(&mut self, id: &IncidentId, act: &Act) {
        let Some((zh, en)) = words(act) else { return };
        let Some(incident) = self.state.incidents.get(id) else {
            return;
        };
        if matches!(act, Act::Feedback { .. }) && incident.clock.stopped_at.is_none() {
            return;
        }
        let level = match act {
            Act::Verify { passed: true, .. } | Act::Close { .. } => Level::Normal,
            _ => incident.level,
        };
        self.tell_moved(id, level, zh, en);
    }

    pub(super) fn tell_overdue(&mut self, id: &IncidentId) {
        let level = self.state.incidents.get(id).map(|row| row.level);
        let (zh, en) = ("已超时，自动督办", "overdue, urged from above");
        self.tell_moved(id, level.unwrap_or_default(), zh, en);
    }

    fn tell_moved(&mut self, id: &IncidentId, level: Level, zh: &str, en: &str) {
        let Some(incident) = self.state.incidents.get(id) else {
            return;
        };
        let title = title(incident);
        let area = incident.areas.last().cloned();
        self.tell(
            EventKind::IncidentMoved,
            level,
            area,
            (
                About::Incident(id.clone()),
                Text::new(format!("案件 {id}"), format!("Incident {id}")),
            ),
            Text::new(format!("{}：{zh}", title.zh), format!("{}: {en}", title.en)),
        );
    }
}
