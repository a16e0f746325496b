//! What happened to an incident, as a notice says it.

use std::collections::BTreeMap;

use egret_notify::{Notice, NoticeKind};
use egret_package::Package;
use egret_shared::case::refusal::act_zh;
use egret_shared::case::{Act, Deed, What};
use egret_shared::id::DepartmentId;
use egret_shared::incident::{Incident, Person};
use egret_shared::mode::{Mode, ModeState};
use egret_shared::text::Text;

/// What notices are made with.
pub(super) struct Wording<'a> {
    /// Names of departments.
    pub package: &'a Package,
    /// Names to sign in with, by account.
    pub logins: &'a BTreeMap<String, String>,
}

impl Wording<'_> {
    /// The notice of `deed`; `None` if nobody is told of such.
    pub(super) fn of_deed(&self, incident: &Incident, deed: &Deed, seq: u64) -> Option<Notice> {
        let kind = kind_of(&deed.what)?;
        Some(Notice {
            key: format!("{}/{}/{kind}", incident.id, deed.n),
            seq,
            at: deed.at,
            kind,
            level: incident.level,
            class: incident.class.as_str().to_owned(),
            areas: incident.areas.clone(),
            lead: incident.lead.clone(),
            support: incident.support.clone(),
            persons: self.concerned(incident),
            title: incident.title.clone(),
            text: self.text(deed),
            incident: Some(incident.id.clone()),
            link: format!("/incident/{}", incident.id),
        })
    }

    /// The notice of a change of mode.
    pub(super) fn of_mode(&self, mode: &ModeState, seq: u64) -> Notice {
        let root = self.package.city.root.clone();
        let (title, level) = match mode.mode {
            Mode::Emergency => (
                Text::new("城市进入战时状态", "The city is in emergency mode"),
                egret_shared::level::Level::Red,
            ),
            Mode::Peace => (
                Text::new("城市恢复平时状态", "The city is back to everyday mode"),
                egret_shared::level::Level::Blue,
            ),
        };
        Notice {
            // Two changes within one tick of the city's clock are told by which way they went.
            key: format!("mode/{}/{:?}/mode_changed", mode.since.0, mode.mode),
            seq,
            at: mode.since,
            kind: NoticeKind::ModeChanged,
            level,
            class: String::new(),
            areas: vec![root],
            lead: None,
            support: Vec::new(),
            persons: Vec::new(),
            title,
            text: mode.reason.clone(),
            incident: None,
            link: "/desk".to_owned(),
        }
    }

    /// Whoever looks after the incident or handles it, by what they sign in with.
    fn concerned(&self, incident: &Incident) -> Vec<String> {
        let acknowledged = incident.acknowledged.as_ref().map(|by| &by.by);
        let accepted = incident.tasks.iter();
        let accepted = accepted.filter_map(|task| task.accepted_by.as_ref());
        let mut all: Vec<String> = acknowledged
            .into_iter()
            .chain(accepted)
            .filter_map(|person| self.logins.get(person.id.as_str()).cloned())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn text(&self, deed: &Deed) -> Text {
        let by = deed.by.as_ref();
        match &deed.what {
            What::Opened(text) => text.clone(),
            What::Act(act) => self.of_act(act, by),
            What::LevelRaised(level) => Text::new(
                format!("级别升为{}", level_zh(*level)),
                format!("its level rose to {}", level.as_str()),
            ),
            What::SignalsCleared => Text::new("相关信号已全部解除", "all its signals are over"),
            What::SignalsBack => Text::new("相关信号再次出现", "its signals are back"),
            What::Warned => Text::new("时限已过八成", "four fifths of its time are gone"),
            What::Overdue => Text::new(
                "已超时限，自动督办",
                "its time is over; it is urged from above",
            ),
            What::AcknowledgementLapsed => Text::new(
                "交班后无人认领",
                "the shift is over, and nobody looks after it",
            ),
            What::Took(id) => Text::new(
                format!("案件 {id} 并入本案"),
                format!("incident {id} became part of it"),
            ),
            What::SplitFrom(id) => Text::new(
                format!("由案件 {id} 拆出"),
                format!("it was split off incident {id}"),
            ),
            What::SplitOff(id) => Text::new(
                format!("拆出案件 {id}"),
                format!("incident {id} was split off"),
            ),
            What::Follows(id) => Text::new(
                format!("同类案件 {id} 已结案，本案为后续"),
                format!("it follows incident {id}, which is over"),
            ),
            What::LimitChanged => Text::new("时限已调整", "its time limit has changed"),
        }
    }

    fn of_act(&self, act: &Act, by: Option<&Person>) -> Text {
        let who = by.map(|person| person.name.as_str()).unwrap_or_default();
        let (said, departments): (&str, Vec<&DepartmentId>) = match act {
            Act::Dispatch {
                lead,
                support,
                note,
            } => (note, std::iter::once(lead).chain(support).collect()),
            Act::Decide {
                lead,
                support,
                reason,
            } => (reason, std::iter::once(lead).chain(support).collect()),
            Act::Command { departments, order } => (order, departments.iter().collect()),
            Act::Accept { department } => ("", vec![department]),
            Act::Return { department, reason } | Act::Dispute { department, reason } => {
                (reason, vec![department])
            }
            Act::Feedback { department, text } => (text, vec![department]),
            Act::File { note, .. }
            | Act::Verify { note, .. }
            | Act::Close { note }
            | Act::Evaluate { note, .. } => (note, Vec::new()),
            Act::Dismiss { reason }
            | Act::Reopen { reason }
            | Act::Supervise { reason }
            | Act::Merge { reason, .. }
            | Act::Split { reason, .. } => (reason, Vec::new()),
            Act::Comment { text } => (text, Vec::new()),
            _ => ("", Vec::new()),
        };
        let names = |zh: bool| {
            let names = departments.iter().map(|id| {
                let def = self.package.department(id);
                def.map_or_else(
                    || id.to_string(),
                    |def| {
                        if zh {
                            def.name.zh.clone()
                        } else {
                            def.name.en.clone()
                        }
                    },
                )
            });
            names.collect::<Vec<_>>()
        };
        let verified = match act {
            Act::Verify { passed: false, .. } => Some(("核查未通过", "not verified")),
            _ => None,
        };
        let (zh, en) = verified.unwrap_or((act_zh(act.kind()), act.kind().as_str()));
        let line = |parts: [String; 4]| {
            let said = parts.into_iter().filter(|part| !part.is_empty());
            said.collect::<Vec<_>>().join(" · ")
        };
        Text::new(
            line([
                zh.to_owned(),
                names(true).join("、"),
                who.to_owned(),
                said.to_owned(),
            ]),
            line([
                en.to_owned(),
                names(false).join(", "),
                who.to_owned(),
                said.to_owned(),
            ]),
        )
    }
}

/// What kind of notice a deed makes.
fn kind_of(what: &What) -> Option<NoticeKind> {
    Some(match what {
        What::Opened(_) => NoticeKind::Opened,
        What::LevelRaised(_) => NoticeKind::LevelRaised,
        What::SignalsCleared => NoticeKind::Cleared,
        What::SignalsBack => NoticeKind::Reopened,
        What::Warned => NoticeKind::Warned80,
        What::Overdue => NoticeKind::Overdue,
        What::AcknowledgementLapsed => NoticeKind::AckExpired,
        What::Took(_) | What::SplitOff(_) | What::Follows(_) | What::LimitChanged => return None,
        What::SplitFrom(_) => NoticeKind::Split,
        What::Act(act) => match act {
            Act::File { .. } => NoticeKind::Filed,
            Act::Dispatch { .. } | Act::Command { .. } | Act::Decide { .. } => {
                NoticeKind::Dispatched
            }
            Act::Accept { .. } => NoticeKind::Handling,
            Act::Return { .. } => NoticeKind::Returned,
            Act::Dispute { .. } => NoticeKind::Disputed,
            Act::Feedback { .. } => NoticeKind::Feedback,
            Act::Verify { passed: true, .. } => NoticeKind::Verified,
            Act::Verify { passed: false, .. } | Act::Reopen { .. } => NoticeKind::Reopened,
            Act::Close { .. } | Act::Dismiss { .. } => NoticeKind::Closed,
            Act::Evaluate { .. } => NoticeKind::Evaluated,
            Act::Supervise { .. } => NoticeKind::Escalated,
            Act::Merge { .. } => NoticeKind::Merged,
            Act::Comment { .. } => NoticeKind::Commented,
            Act::Acknowledge
            | Act::Grade { .. }
            | Act::Wait { .. }
            | Act::Resume { .. }
            | Act::Tick { .. }
            | Act::Attach { .. }
            | Act::Link { .. }
            | Act::Split { .. }
            | Act::Parent { .. } => return None,
        },
    })
}

fn level_zh(level: egret_shared::level::Level) -> &'static str {
    use egret_shared::level::Level;
    match level {
        Level::Normal => "正常",
        Level::Blue => "蓝色",
        Level::Yellow => "黄色",
        Level::Orange => "橙色",
        Level::Red => "红色",
    }
}
