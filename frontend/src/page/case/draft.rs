//! An act that is being written: what its form asks for, and the act that comes of it.

use leptos::prelude::*;

use egret_shared::alert::AlertKey;
use egret_shared::case::{Act, ActKind, DEPARTMENTS_MAX, Doer, departments};
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::{CaseClass, Incident};
use egret_shared::level::Level;
use egret_shared::package::rule::AssignDef;

use crate::i18n::Phrase;
use crate::i18n::case::Case as Word;
use crate::widget::form::{Field, Form, Kind};

/// The largest file that the server takes, in bytes.
const FILE_BYTES_MAX: f64 = 10_000_000.0;

/// What the server takes, as the browser's picker is told.
pub(super) const FILE_KINDS: &str = "image/png,image/jpeg,image/webp,application/pdf,text/plain";

/// An act that is being written. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) kind: ActKind,
    text: StoredValue<Field>,
    target: StoredValue<Field>,
    /// What is chosen rather than written.
    pub(super) choice: RwSignal<Choice>,
    pub(super) file: RwSignal<Option<web_sys::File>, LocalStorage>,
    /// What is wrong with a choice.
    pub(super) fault: RwSignal<Option<Phrase>>,
}

/// What is chosen of an act.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) class: CaseClass,
    /// Absent: as it is.
    pub(super) level: Option<Level>,
    /// The department that leads, or in whose name it is done; empty while none is chosen.
    pub(super) department: String,
    /// Departments that support, or that are ordered.
    pub(super) others: Vec<DepartmentId>,
    /// Whether it is verified.
    pub(super) passed: bool,
    /// From 1 to 5.
    pub(super) score: u8,
    /// What is split off.
    pub(super) alerts: Vec<AlertKey>,
}

/// What an act's text is called, and whether it may be left out; nothing where it has none.
pub(super) fn text_word(kind: ActKind) -> Option<(Word, bool)> {
    Some(match kind {
        ActKind::File
        | ActKind::Dispatch
        | ActKind::Close
        | ActKind::Evaluate
        | ActKind::Resume
        | ActKind::Link => (Word::Note, true),
        ActKind::Dismiss
        | ActKind::Return
        | ActKind::Dispute
        | ActKind::Decide
        | ActKind::Reopen
        | ActKind::Supervise
        | ActKind::Grade
        | ActKind::Wait
        | ActKind::Merge
        | ActKind::Split => (Word::ReasonWord, false),
        ActKind::Command => (Word::OrderText, false),
        ActKind::Feedback => (Word::FeedbackText, false),
        ActKind::Verify => (Word::VerifyNote, false),
        ActKind::Comment => (Word::CommentText, false),
        ActKind::Acknowledge
        | ActKind::Accept
        | ActKind::Tick
        | ActKind::Attach
        | ActKind::Parent => return None,
    })
}

/// What the target of an act is called; nothing where it has none.
pub(super) fn target_word(kind: ActKind) -> Option<Word> {
    match kind {
        ActKind::Link => Some(Word::LinkTo),
        ActKind::Merge => Some(Word::MergeInto),
        ActKind::Parent => Some(Word::ParentId),
        _ => None,
    }
}

/// Who should have it: whoever has it or the fold proposes, else whom the rule names.
fn proposal(incident: &Incident, rule: Option<&AssignDef>) -> (String, Vec<DepartmentId>) {
    let (lead, support) = match (&incident.lead, rule) {
        (Some(lead), _) => (Some(lead), &incident.support),
        (None, Some(rule)) => (Some(&rule.lead), &rule.support),
        (None, None) => (None, &incident.support),
    };
    let lead = lead.map_or_else(String::new, ToString::to_string);
    (lead, support.clone())
}

impl Draft {
    /// The draft of an act, with what is known or proposed filled in.
    pub(super) fn new(
        kind: ActKind,
        incident: &Incident,
        doer: &Doer,
        rule: Option<&AssignDef>,
    ) -> Self {
        let (word, _) = text_word(kind).unwrap_or((Word::Note, true));
        let (lead, support) = match kind {
            ActKind::Dispatch | ActKind::Decide => proposal(incident, rule),
            ActKind::Command => (String::new(), Vec::new()),
            _ => {
                let own = departments(incident, doer, kind).next();
                (
                    own.map_or_else(String::new, ToString::to_string),
                    Vec::new(),
                )
            }
        };
        let level = (kind == ActKind::Grade).then_some(incident.level.max(Level::Blue));
        let target = target_word(kind).unwrap_or(Word::LinkTo);
        let parent = incident.parent.as_ref().map_or("", IncidentId::as_str);
        let target = Field::new(target).with(if kind == ActKind::Parent { parent } else { "" });
        Self {
            kind,
            text: StoredValue::new(Field::new(word).of(Kind::Long)),
            target: StoredValue::new(target),
            choice: RwSignal::new(Choice {
                class: incident.class,
                level,
                department: lead,
                others: support,
                passed: true,
                score: 5,
                alerts: Vec::new(),
            }),
            file: RwSignal::new_local(None),
            fault: RwSignal::new(None),
        }
    }

    /// What somebody writes; what it is called hangs on the act.
    pub(super) fn text(self) -> Field {
        self.text.get_value()
    }

    /// What it points to: an incident or an address.
    pub(super) fn target(self) -> Field {
        self.target.get_value()
    }

    /// Chooses something, which is then no longer at fault.
    pub(super) fn choose(self, change: impl FnOnce(&mut Choice)) {
        self.choice.update(change);
        self.fault.set(None);
    }

    /// The act, or nothing if something is missing, which then says so.
    pub(super) fn act(self) -> Option<Act> {
        self.fault.set(None);
        if text_word(self.kind).is_some_and(|(_, may_be_empty)| !may_be_empty) {
            self.text().need();
        }
        if matches!(self.kind, ActKind::Link | ActKind::Merge) {
            self.target().need();
        }
        let choice = self.fault_of_choice();
        self.fault.set(choice);
        let fields = [self.target(), self.text()];
        if !Form::is_good(&fields) || choice.is_some() {
            return None;
        }
        Some(self.made())
    }

    /// What is missing of what is chosen rather than written.
    fn fault_of_choice(self) -> Option<Phrase> {
        let chosen = self.choice.read_untracked();
        let has_department = !chosen.department.is_empty();
        let n_others = chosen.others.len();
        match self.kind {
            ActKind::Dispatch
            | ActKind::Decide
            | ActKind::Accept
            | ActKind::Return
            | ActKind::Dispute
            | ActKind::Feedback
                if !has_department =>
            {
                Some(Word::PickDepartment.into())
            }
            ActKind::Command if n_others == 0 || n_others > DEPARTMENTS_MAX => {
                Some(Word::PickDepartment.into())
            }
            ActKind::Split if chosen.alerts.is_empty() => Some(Word::PickAlerts.into()),
            ActKind::Attach => self.file.with_untracked(|file| match file {
                None => Some(Word::PickFile.into()),
                Some(file) if file.size() > FILE_BYTES_MAX => Some(Word::FileTooLarge.into()),
                Some(file) if !FILE_KINDS.split(',').any(|kind| file.type_() == kind) => {
                    Some(Word::FileBadKind.into())
                }
                Some(_) => None,
            }),
            _ => None,
        }
    }

    fn made(self) -> Act {
        let chosen = self.choice.get_untracked();
        let text = self.text().text();
        let target = self.target().text();
        match self.kind {
            ActKind::Acknowledge => Act::Acknowledge,
            ActKind::File => Act::File {
                class: chosen.class,
                level: chosen.level,
                note: text,
            },
            ActKind::Dismiss => Act::Dismiss { reason: text },
            ActKind::Verify => Act::Verify {
                passed: chosen.passed,
                note: text,
            },
            ActKind::Close => Act::Close { note: text },
            ActKind::Evaluate => Act::Evaluate {
                score: chosen.score,
                note: text,
            },
            ActKind::Reopen => Act::Reopen { reason: text },
            ActKind::Supervise => Act::Supervise { reason: text },
            ActKind::Grade => Act::Grade {
                class: chosen.class,
                level: chosen.level.unwrap_or(Level::Blue),
                reason: text,
            },
            ActKind::Wait => Act::Wait { reason: text },
            ActKind::Resume => Act::Resume { note: text },
            // Ticks are made in the checklist; a form for one would say nothing more.
            ActKind::Tick => Act::Tick {
                item: 0,
                done: true,
            },
            ActKind::Comment => Act::Comment { text },
            ActKind::Attach => self.attachment(),
            ActKind::Link => Act::Link {
                to: target,
                note: text,
            },
            ActKind::Merge => Act::Merge {
                into: IncidentId::new(target),
                reason: text,
            },
            ActKind::Split => Act::Split {
                alerts: chosen.alerts,
                reason: text,
            },
            ActKind::Parent => Act::Parent {
                of: Some(target)
                    .filter(|id| !id.is_empty())
                    .map(IncidentId::new),
            },
            ActKind::Dispatch
            | ActKind::Decide
            | ActKind::Command
            | ActKind::Accept
            | ActKind::Return
            | ActKind::Dispute
            | ActKind::Feedback => self.of_departments(chosen, text),
        }
    }

    /// An act that names departments.
    fn of_departments(self, chosen: Choice, text: String) -> Act {
        let department = DepartmentId::new(chosen.department);
        let mut others = chosen.others;
        if self.kind == ActKind::Command {
            return Act::Command {
                departments: others,
                order: text,
            };
        }
        // Who leads does not support as well.
        others.retain(|one| *one != department);
        match self.kind {
            ActKind::Dispatch => Act::Dispatch {
                lead: department,
                support: others,
                note: text,
            },
            ActKind::Decide => Act::Decide {
                lead: department,
                support: others,
                reason: text,
            },
            ActKind::Accept => Act::Accept { department },
            ActKind::Return => Act::Return {
                department,
                reason: text,
            },
            ActKind::Dispute => Act::Dispute {
                department,
                reason: text,
            },
            _ => Act::Feedback { department, text },
        }
    }

    /// The file that is put to it; what it is called and holds the server finds out by itself.
    fn attachment(self) -> Act {
        let name = |file: &Option<web_sys::File>| {
            file.as_ref().map_or_else(String::new, web_sys::File::name)
        };
        Act::Attach {
            file: "".into(),
            name: self.file.with_untracked(name),
            media: "".into(),
            bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::access::Scope;
    use egret_shared::case::{Power, Refusal, step};
    use egret_shared::incident::Person;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    fn doer() -> Doer {
        Doer {
            person: Person {
                id: "1".into(),
                name: "Officer".into(),
            },
            is_person: true,
            powers: [Power::Supervise, Power::Dispatch, Power::Decide].into(),
            handles: Scope::All,
        }
    }

    fn incident() -> Incident {
        let at = TimeMs(0);
        Incident::opened(
            "1".into(),
            "ponding".into(),
            Level::Red,
            Text::default(),
            at,
        )
    }

    #[test]
    fn a_draft_is_of_its_kind_and_asks_for_the_text_that_the_server_asks_for() {
        Owner::new().with(|| {
            for kind in ActKind::ALL {
                let draft = Draft::new(kind, &incident(), &doer(), None);
                let act = draft.made();
                assert_eq!(act.kind(), kind);
                let must = text_word(kind).is_some_and(|(_, may_be_empty)| !may_be_empty);
                // The server's own rule, wherever this incident lets the act get that far.
                let refused = step(&incident(), &doer(), &act, TimeMs(1));
                if let Err(Refusal::NoText) = refused {
                    assert!(must || kind == ActKind::Attach, "{kind:?}");
                }
                if refused.is_ok() {
                    assert!(!must, "{kind:?}");
                }
            }
        });
    }

    #[test]
    fn what_the_rule_proposes_is_filled_in() {
        Owner::new().with(|| {
            let rule = AssignDef {
                lead: "water".into(),
                support: vec!["police".into()],
            };
            let draft = Draft::new(ActKind::Dispatch, &incident(), &doer(), Some(&rule));
            let Act::Dispatch { lead, support, .. } = draft.made() else {
                panic!("no dispatch");
            };
            assert_eq!(lead.as_str(), "water");
            assert_eq!(support, [DepartmentId::new("police")]);
            let known = Incident {
                lead: Some("west".into()),
                ..incident()
            };
            let draft = Draft::new(ActKind::Dispatch, &known, &doer(), Some(&rule));
            assert_eq!(draft.choice.get_untracked().department, "west");
        });
    }

    #[test]
    fn who_leads_does_not_support_as_well() {
        Owner::new().with(|| {
            let draft = Draft::new(ActKind::Dispatch, &incident(), &doer(), None);
            draft.choose(|choice| {
                choice.department = "water".into();
                choice.others = vec!["water".into(), "police".into()];
            });
            let Act::Dispatch { support, .. } = draft.made() else {
                panic!("no dispatch");
            };
            assert_eq!(support, [DepartmentId::new("police")]);
        });
    }
}
