//! What happened to an incident, in words: one line for each kind of deed. Pure: names of
//! departments are the caller's to look up.

use egret_shared::case::{Act, ActKind, What};
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::CaseClass;
use egret_shared::level::Level;
use egret_shared::text::Language;

use super::case::class_word;
use super::{level_key, word};

/// A deed in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// What was done, and to whom or what.
    pub(crate) head: String,
    /// What somebody wrote, or what the city says; may be empty.
    pub(crate) text: String,
}

/// Finds a department's name.
type Names<'a> = &'a dyn Fn(&DepartmentId) -> String;

/// What happened, in words.
pub(crate) fn told(what: &What, names: Names<'_>, language: Language) -> Told {
    let plain = |zh: &str, en: &str| Told {
        head: pick(language, zh, en).to_owned(),
        text: String::new(),
    };
    let plain_of = |zh: &str, en: &str, id: &IncidentId| Told {
        head: with(pick(language, zh, en), &[id.to_string()]),
        text: String::new(),
    };
    match what {
        What::Opened(text) => Told {
            text: text.get(language).to_owned(),
            ..plain("上报", "Reported")
        },
        What::Act(act) => Told {
            head: head(act, names, language),
            text: text(act).to_owned(),
        },
        What::LevelRaised(level) => Told {
            head: with(
                pick(language, "级别升高", "Its level rose"),
                &[level_name(*level, language)],
            ),
            text: String::new(),
        },
        What::SignalsCleared => plain("全部信号已解除", "All its signals are over"),
        What::SignalsBack => plain("信号再次出现", "Its signals are back"),
        What::Warned => plain("时限已过五分之四", "Four fifths of its time are gone"),
        What::Overdue => plain(
            "已超时，自动督办",
            "Its time is over: it is urged from above of itself",
        ),
        What::AcknowledgementLapsed => plain(
            "交班，认领失效",
            "The shift is over: nobody looks after it any more",
        ),
        What::Took(id) => plain_of("并入本案", "Took in another incident", id),
        What::SplitFrom(id) => plain_of("拆自", "Split off from", id),
        What::SplitOff(id) => plain_of("部分告警拆为新案", "Some of its alerts became", id),
        What::Follows(id) => plain_of("相同信号曾属已结束的案件", "Its signals were those of", id),
        What::LimitChanged => plain(
            "城市模式变化，时限已调整",
            "The mode of the city changed, and with it its time limit",
        ),
    }
}

/// What somebody did, in the past.
pub(crate) fn did(kind: ActKind, language: Language) -> &'static str {
    let (zh, en) = match kind {
        ActKind::Acknowledge => ("认领案件", "Looks after it"),
        ActKind::File => ("立案", "Filed"),
        ActKind::Dismiss => ("不予立案", "Dismissed"),
        ActKind::Dispatch => ("派遣", "Dispatched"),
        ActKind::Command => ("越级指挥", "Ordered directly"),
        ActKind::Accept => ("接单", "Accepted"),
        ActKind::Return => ("退单", "Returned"),
        ActKind::Dispute => ("提出争议", "Objected"),
        ActKind::Decide => ("区级裁定", "The district decided"),
        ActKind::Feedback => ("反馈", "Gave feedback"),
        ActKind::Verify => ("核查", "Verified"),
        ActKind::Close => ("结案", "Closed"),
        ActKind::Evaluate => ("评价", "Evaluated"),
        ActKind::Reopen => ("重新立案", "Opened again"),
        ActKind::Supervise => ("督办", "Urged from above"),
        ActKind::Grade => ("定级", "Graded"),
        ActKind::Wait => ("暂停计时", "Stopped the clock"),
        ActKind::Resume => ("恢复计时", "Let the clock run"),
        ActKind::Tick => ("预案清单", "Plan checklist"),
        ActKind::Comment => ("留言", "Commented"),
        ActKind::Attach => ("添加附件", "Attached a file"),
        ActKind::Link => ("添加链接", "Linked"),
        ActKind::Merge => ("并案", "Merged it"),
        ActKind::Split => ("拆案", "Split alerts off"),
        ActKind::Parent => ("调整上级案件", "Changed what it is part of"),
    };
    pick(language, zh, en)
}

fn head(act: &Act, names: Names<'_>, language: Language) -> String {
    let pick = |zh: &'static str, en: &'static str| pick(language, zh, en).to_owned();
    let level = |level: Level| level_name(level, language);
    let parts = match act {
        Act::File {
            class, level: to, ..
        } => {
            let mut parts = vec![class_name(*class, language)];
            parts.extend(to.map(level));
            parts
        }
        Act::Grade {
            class, level: to, ..
        } => vec![class_name(*class, language), level(*to)],
        Act::Dispatch { lead, support, .. } | Act::Decide { lead, support, .. } => {
            given(lead, support, names, language)
        }
        Act::Command { departments, .. } => vec![list(departments, names, language)],
        Act::Accept { department }
        | Act::Return { department, .. }
        | Act::Dispute { department, .. }
        | Act::Feedback { department, .. } => vec![names(department)],
        Act::Verify { passed: true, .. } => vec![pick("通过", "it is done")],
        Act::Verify { passed: false, .. } => vec![pick("不通过，退回处置", "it is not done")],
        Act::Evaluate { score, .. } => vec![format!("{score}/5")],
        Act::Tick { item, done } => {
            let n = u32::from(*item) + 1;
            let (zh, en) = if *done {
                ("完成", "done")
            } else {
                ("取消", "taken back")
            };
            vec![match language {
                Language::Zh => format!("第 {n} 项{zh}"),
                Language::En => format!("point {n} {en}"),
            }]
        }
        Act::Attach { name, .. } => vec![name.clone()],
        Act::Link { to, .. } => vec![to.clone()],
        Act::Merge { into, .. } => vec![match language {
            Language::Zh => format!("并入 {into}"),
            Language::En => format!("into {into}"),
        }],
        Act::Split { alerts, .. } => {
            let n = alerts.len();
            vec![match language {
                Language::Zh => format!("拆出 {n} 条告警"),
                Language::En => format!("{n} of them"),
            }]
        }
        Act::Parent { of: Some(of) } => vec![of.to_string()],
        Act::Parent { of: None } => vec![pick("无", "nothing")],
        Act::Acknowledge
        | Act::Dismiss { .. }
        | Act::Close { .. }
        | Act::Reopen { .. }
        | Act::Supervise { .. }
        | Act::Wait { .. }
        | Act::Resume { .. }
        | Act::Comment { .. } => Vec::new(),
    };
    with(did(act.kind(), language), &parts)
}

/// What somebody wrote.
fn text(act: &Act) -> &str {
    match act {
        Act::Dismiss { reason }
        | Act::Return { reason, .. }
        | Act::Dispute { reason, .. }
        | Act::Decide { reason, .. }
        | Act::Reopen { reason }
        | Act::Supervise { reason }
        | Act::Grade { reason, .. }
        | Act::Wait { reason }
        | Act::Merge { reason, .. }
        | Act::Split { reason, .. } => reason,
        Act::Command { order, .. } => order,
        Act::Feedback { text, .. } | Act::Comment { text } => text,
        Act::File { note, .. }
        | Act::Dispatch { note, .. }
        | Act::Verify { note, .. }
        | Act::Close { note }
        | Act::Evaluate { note, .. }
        | Act::Resume { note }
        | Act::Link { note, .. } => note,
        Act::Acknowledge
        | Act::Accept { .. }
        | Act::Tick { .. }
        | Act::Attach { .. }
        | Act::Parent { .. } => "",
    }
}

fn given(
    lead: &DepartmentId,
    support: &[DepartmentId],
    names: Names<'_>,
    language: Language,
) -> Vec<String> {
    let lead = names(lead);
    let mut parts = vec![match language {
        Language::Zh => format!("主办 {lead}"),
        Language::En => format!("{lead} leads"),
    }];
    if !support.is_empty() {
        let support = list(support, names, language);
        parts.push(match language {
            Language::Zh => format!("协办 {support}"),
            Language::En => format!("{support} support"),
        });
    }
    parts
}

fn list(departments: &[DepartmentId], names: Names<'_>, language: Language) -> String {
    let named: Vec<String> = departments.iter().map(names).collect();
    named.join(pick(language, "、", ", "))
}

fn class_name(class: CaseClass, language: Language) -> String {
    word(class_word(class), language).to_owned()
}

fn level_name(level: Level, language: Language) -> String {
    word(level_key(level), language).to_owned()
}

fn with(head: &str, parts: &[String]) -> String {
    let mut text = head.to_owned();
    for part in parts {
        text.push_str(" · ");
        text.push_str(part);
    }
    text
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::text::Text;

    use super::*;

    /// One act of every kind: a new kind fails the match, and so is noticed.
    fn sample(kind: ActKind) -> Act {
        let reason = "因为".to_owned();
        match kind {
            ActKind::Acknowledge => Act::Acknowledge,
            ActKind::File => Act::File {
                class: CaseClass::Life,
                level: Some(Level::Red),
                note: reason,
            },
            ActKind::Dismiss => Act::Dismiss { reason },
            ActKind::Dispatch
            | ActKind::Command
            | ActKind::Accept
            | ActKind::Return
            | ActKind::Dispute
            | ActKind::Decide
            | ActKind::Feedback => of_department(kind, reason),
            ActKind::Verify => Act::Verify {
                passed: true,
                note: reason,
            },
            ActKind::Close => Act::Close { note: reason },
            ActKind::Evaluate => Act::Evaluate {
                score: 4,
                note: reason,
            },
            ActKind::Reopen => Act::Reopen { reason },
            ActKind::Supervise => Act::Supervise { reason },
            ActKind::Grade => Act::Grade {
                class: CaseClass::Normal,
                level: Level::Blue,
                reason,
            },
            ActKind::Wait => Act::Wait { reason },
            ActKind::Resume => Act::Resume { note: reason },
            ActKind::Tick => Act::Tick {
                item: 0,
                done: true,
            },
            ActKind::Comment => Act::Comment { text: reason },
            ActKind::Attach => Act::Attach {
                file: "00ff".into(),
                name: "photo.jpg".into(),
                media: "image/jpeg".into(),
                bytes: 9,
            },
            ActKind::Link => Act::Link {
                to: "https://example.org/".into(),
                note: reason,
            },
            ActKind::Merge => Act::Merge {
                into: "20260622-0001".into(),
                reason,
            },
            ActKind::Split => Act::Split {
                alerts: Vec::new(),
                reason,
            },
            ActKind::Parent => Act::Parent { of: None },
        }
    }

    fn of_department(kind: ActKind, reason: String) -> Act {
        let department = DepartmentId::new("water");
        match kind {
            ActKind::Dispatch => Act::Dispatch {
                lead: department,
                support: vec!["police".into(), "west".into()],
                note: reason,
            },
            ActKind::Command => Act::Command {
                departments: vec![department],
                order: reason,
            },
            ActKind::Accept => Act::Accept { department },
            ActKind::Return => Act::Return { department, reason },
            ActKind::Dispute => Act::Dispute { department, reason },
            ActKind::Decide => Act::Decide {
                lead: department,
                support: Vec::new(),
                reason,
            },
            _ => Act::Feedback {
                department,
                text: reason,
            },
        }
    }

    fn name(department: &DepartmentId) -> String {
        format!("«{department}»")
    }

    #[test]
    fn every_act_is_told_in_both_languages_with_what_was_written() {
        let mut heads = Vec::new();
        for kind in ActKind::ALL {
            let act = sample(kind);
            assert_eq!(act.kind(), kind);
            let zh = told(&What::Act(act.clone()), &name, Language::Zh);
            let en = told(&What::Act(act.clone()), &name, Language::En);
            assert!(!zh.head.is_empty() && !en.head.is_empty(), "{kind:?}");
            assert_ne!(zh.head, en.head, "{kind:?}");
            assert_eq!(zh.text, text(&act));
            heads.push(en.head);
        }
        heads.sort_unstable();
        heads.dedup();
        assert_eq!(heads.len(), ActKind::ALL.len());
    }

    #[test]
    fn what_the_city_does_by_itself_is_told_in_both_languages() {
        for what in [
            What::Opened(Text::new("积水", "ponding")),
            What::LevelRaised(Level::Orange),
            What::SignalsCleared,
            What::SignalsBack,
            What::Warned,
            What::Overdue,
            What::AcknowledgementLapsed,
            What::Took("20260622-0001".into()),
            What::SplitFrom("20260622-0001".into()),
            What::LimitChanged,
            What::SplitOff("20260622-0001".into()),
            What::Follows("20260622-0001".into()),
        ] {
            let zh = told(&what, &name, Language::Zh);
            let en = told(&what, &name, Language::En);
            assert!(!zh.head.is_empty() && zh.head != en.head, "{what:?}");
        }
    }

    #[test]
    fn a_dispatch_names_who_leads_and_who_supports() {
        let act = What::Act(sample(ActKind::Dispatch));
        let zh = told(&act, &name, Language::Zh);
        assert_eq!(zh.head, "派遣 · 主办 «water» · 协办 «police»、«west»");
        let en = told(&act, &name, Language::En);
        assert_eq!(
            en.head,
            "Dispatched · «water» leads · «police», «west» support"
        );
    }
}
