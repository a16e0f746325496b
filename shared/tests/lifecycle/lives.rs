//! Incidents in every state, brought there by legal acts, and acts to try on them.

use egret_shared::alert::AlertKey;
use egret_shared::alert::Subject;
use egret_shared::case::{Act, ActKind, Doer, step};
use egret_shared::id::IncidentId;
use egret_shared::incident::{CaseClass, Evidence, Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use crate::people::{POLICE, WATER, chief, doer, hand};

pub(crate) const NOW: TimeMs = TimeMs(1_782_000_000_000);

pub(crate) fn alert(asset: &str) -> AlertKey {
    AlertKey {
        rule: "ponding".into(),
        subject: Subject::Asset {
            feed: "road".into(),
            asset: asset.into(),
        },
    }
}

/// An incident as the fold opens it: proposed to departments, with two alerts and a checklist.
pub(crate) fn reported() -> Incident {
    let title = Text::new("积水", "Ponding");
    let evidence = ["G-1", "G-2"].map(|asset| Evidence {
        alert: alert(asset),
        area: None,
        beside: None,
        joined_at: NOW,
        because: title.clone(),
    });
    Incident {
        lead: Some(WATER.into()),
        support: vec!["proposed".into()],
        evidence: evidence.to_vec(),
        checked: (0, 3),
        ..Incident::opened(
            "20260622-0001".into(),
            "ponding".into(),
            Level::Orange,
            title,
            NOW,
        )
    }
}

/// What comes of it; it has to be legal.
pub(crate) fn after(incident: &Incident, doer: &Doer, act: &Act) -> Incident {
    step(incident, doer, act, NOW)
        .unwrap_or_else(|refusal| panic!("{act:?} on {:?}: {refusal:?}", incident.state))
}

/// One act of each kind, with good particulars where the incident does not decide.
#[expect(clippy::too_many_lines, reason = "a table of acts")]
pub(crate) fn act(kind: ActKind) -> Act {
    let why = || "because".to_owned();
    let (lead, support) = (WATER.into(), vec![POLICE.into()]);
    match kind {
        ActKind::Acknowledge => Act::Acknowledge,
        ActKind::File => Act::File {
            class: CaseClass::Utilities,
            level: None,
            note: String::new(),
        },
        ActKind::Dismiss => Act::Dismiss { reason: why() },
        ActKind::Dispatch => Act::Dispatch {
            lead,
            support,
            note: String::new(),
        },
        ActKind::Command => Act::Command {
            departments: vec![POLICE.into()],
            order: why(),
        },
        ActKind::Accept => Act::Accept { department: lead },
        ActKind::Return => Act::Return {
            department: lead,
            reason: why(),
        },
        ActKind::Dispute => Act::Dispute {
            department: lead,
            reason: why(),
        },
        ActKind::Decide => Act::Decide {
            lead,
            support,
            reason: why(),
        },
        ActKind::Feedback => Act::Feedback {
            department: lead,
            text: why(),
        },
        ActKind::Verify => Act::Verify {
            passed: true,
            note: why(),
        },
        ActKind::Close => Act::Close {
            note: String::new(),
        },
        ActKind::Evaluate => Act::Evaluate {
            score: 4,
            note: String::new(),
        },
        ActKind::Reopen => Act::Reopen { reason: why() },
        ActKind::Supervise => Act::Supervise { reason: why() },
        ActKind::Grade => Act::Grade {
            class: CaseClass::Life,
            level: Level::Red,
            reason: why(),
        },
        ActKind::Wait => Act::Wait { reason: why() },
        ActKind::Resume => Act::Resume {
            note: String::new(),
        },
        ActKind::Tick => Act::Tick {
            item: 2,
            done: true,
        },
        ActKind::Comment => Act::Comment { text: why() },
        ActKind::Attach => Act::Attach {
            file: "ab".repeat(32).into(),
            name: "photo.jpg".to_owned(),
            media: "image/jpeg".into(),
            bytes: 1_000,
        },
        ActKind::Link => Act::Link {
            to: "https://example.org/report".to_owned(),
            note: String::new(),
        },
        ActKind::Merge => Act::Merge {
            into: IncidentId::new("20260622-0002"),
            reason: why(),
        },
        ActKind::Split => Act::Split {
            alerts: vec![alert("G-2")],
            reason: why(),
        },
        ActKind::Parent => Act::Parent {
            of: Some(IncidentId::new("20260622-0002")),
        },
    }
}

/// The act of `kind` in the name of `department`, for the kinds that have one.
pub(crate) fn act_of(kind: ActKind, department: &str) -> Act {
    let department = department.into();
    let why = "because".to_owned();
    match kind {
        ActKind::Accept => Act::Accept { department },
        ActKind::Return => Act::Return {
            department,
            reason: why,
        },
        ActKind::Dispute => Act::Dispute {
            department,
            reason: why,
        },
        ActKind::Feedback => Act::Feedback {
            department,
            text: why,
        },
        _ => act(kind),
    }
}

/// Lives of every kind, each with a name: all states, and what can stand in the way in them.
#[expect(clippy::too_many_lines, reason = "a table of lives")]
pub(crate) fn lives() -> Vec<(&'static str, Incident)> {
    let chief = chief();
    let by_chief = |incident: &Incident, kind| after(incident, &chief, &act(kind));
    let by = |incident: &Incident, department: &str, kind| {
        after(incident, &hand(department), &act_of(kind, department))
    };
    let reported = reported();
    let cleared = Incident {
        state: IncidentState::Cleared,
        cleared_at: Some(NOW),
        ..reported.clone()
    };
    let filed = by_chief(&reported, ActKind::File);
    let dispatched = by_chief(&filed, ActKind::Dispatch);
    let commanded = by_chief(&reported, ActKind::Command);
    let returned = by(&dispatched, WATER, ActKind::Return);
    let again = by_chief(&returned, ActKind::Dispatch);
    let disputed = by(&again, WATER, ActKind::Dispute);
    let decided = by_chief(&disputed, ActKind::Decide);
    let supported = by(&dispatched, POLICE, ActKind::Accept);
    let led = by(&dispatched, WATER, ActKind::Accept);
    let handling = by(&supported, WATER, ActKind::Accept);
    let [paused_filed, paused_dispatched, paused] =
        [&filed, &dispatched, &handling].map(|one| by_chief(one, ActKind::Wait));
    let ready = by(&handling, POLICE, ActKind::Feedback);
    let feedback = by(&ready, WATER, ActKind::Feedback);
    let failed = Act::Verify {
        passed: false,
        note: "still wet".to_owned(),
    };
    let reworked = after(&feedback, &chief, &failed);
    let verified = by_chief(&feedback, ActKind::Verify);
    let closed = by_chief(&verified, ActKind::Close);
    let evaluated = by_chief(&closed, ActKind::Evaluate);
    let reopened = by_chief(&closed, ActKind::Reopen);
    let dismissed = by_chief(&reported, ActKind::Dismiss);
    let merged = by_chief(&handling, ActKind::Merge);
    let plain = Incident {
        evidence: Vec::new(),
        checked: (0, 0),
        ..filed.clone()
    };
    // A supporting department that objects while the lead is at work.
    let ordered = doer("chief", &[egret_shared::case::Power::Dispatch], &[]);
    let ordered = after(&led, &ordered, &act(ActKind::Command));
    let objected = by(&ordered, POLICE, ActKind::Dispute);
    vec![
        ("reported", reported),
        ("cleared", cleared),
        ("filed", filed),
        ("filed without evidence or checklist", plain),
        ("dispatched", dispatched),
        ("commanded past filing", commanded),
        ("returned", returned),
        ("dispatched again", again),
        ("disputed", disputed),
        ("decided", decided),
        ("supported before it is led", supported),
        ("led before it is supported", led),
        ("handling", handling),
        ("paused when filed", paused_filed),
        ("paused when dispatched", paused_dispatched),
        ("paused", paused),
        ("ready for the lead's feedback", ready),
        ("ordered while handled", ordered),
        ("disputed while handled", objected),
        ("feedback", feedback),
        ("not verified", reworked),
        ("verified", verified),
        ("closed", closed),
        ("evaluated", evaluated),
        ("reopened", reopened),
        ("dismissed", dismissed),
        ("merged", merged),
    ]
}
