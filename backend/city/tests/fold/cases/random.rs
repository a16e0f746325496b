//! Random casework: whatever people order and sensors say, deltas lead on, restarts do not show,
//! nobody verifies what they handled, and alerts point to incidents that have them.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::access::Scope;
use egret_shared::case::{Act, Doer, Power};
use egret_shared::command::Outcome;
use egret_shared::id::IncidentId;
use egret_shared::incident::{CaseClass, IncidentState};
use egret_shared::level::Level;
use egret_shared::mode::Mode;
use proptest::prelude::*;

use super::clocks::with_calendar;
use super::desk::{Desk, accept, close, dispatch, feedback, file, somebody, verify, why};
use crate::story::{EAST, WEST_1, north};

/// Something that happens at the desk.
#[derive(Clone, Debug)]
enum Happening {
    Pond {
        asset: usize,
        cm: f64,
    },
    Wait(&'static str),
    Report,
    Mode(bool),
    /// Who, to which incident, what.
    Act(u8, usize, Act),
    /// Who, which into which.
    Merge(u8, usize, usize),
    Split(u8, usize),
    Parent(u8, usize, usize),
}

fn act() -> impl Strategy<Value = Act> {
    let department = || prop::sample::select(vec!["water", "police", "west"]);
    let class = prop::sample::select(CaseClass::ALL.to_vec());
    let level = prop::sample::select(vec![Level::Blue, Level::Orange, Level::Red]);
    prop_oneof![
        4 => class.clone().prop_map(file),
        4 => (department(), department()).prop_map(|(lead, other)| {
            let support: Vec<&str> = [other].into_iter().filter(|one| *one != lead).collect();
            dispatch(lead, &support)
        }),
        6 => department().prop_map(accept),
        6 => department().prop_map(feedback),
        2 => department().prop_map(|one| Act::Return { department: one.into(), reason: why() }),
        2 => department().prop_map(|one| Act::Dispute { department: one.into(), reason: why() }),
        1 => department().prop_map(|one| Act::Decide { lead: one.into(), support: vec![], reason: why() }),
        6 => prop::bool::weighted(0.7).prop_map(verify),
        4 => Just(close()),
        1 => Just(Act::Evaluate { score: 3, note: String::new() }),
        1 => Just(Act::Reopen { reason: why() }),
        1 => Just(Act::Dismiss { reason: why() }),
        1 => Just(Act::Acknowledge),
        1 => Just(Act::Supervise { reason: why() }),
        1 => Just(Act::Wait { reason: why() }),
        1 => Just(Act::Resume { note: String::new() }),
        1 => (class, level).prop_map(|(class, level)| Act::Grade { class, level, reason: why() }),
        1 => (0..6_u16, any::<bool>()).prop_map(|(item, done)| Act::Tick { item, done }),
        1 => Just(Act::Comment { text: why() }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let spans = vec!["1s", "1m", "6m", "31m", "2h", "9h", "3d"];
    let which = || 0..6_usize;
    prop_oneof![
        4 => (0..5_usize, prop::sample::select(vec![0.0, 18.0, 35.0]))
            .prop_map(|(asset, cm)| Happening::Pond { asset, cm }),
        6 => prop::sample::select(spans).prop_map(Happening::Wait),
        1 => Just(Happening::Report),
        1 => any::<bool>().prop_map(Happening::Mode),
        24 => (0..3_u8, which(), act()).prop_map(|(who, which, act)| Happening::Act(who, which, act)),
        1 => (0..3_u8, which(), which()).prop_map(|(who, a, b)| Happening::Merge(who, a, b)),
        1 => (0..3_u8, which()).prop_map(|(who, a)| Happening::Split(who, a)),
        1 => (0..3_u8, which(), which()).prop_map(|(who, a, b)| Happening::Parent(who, a, b)),
    ]
}

/// Three people, each of whom may do everything.
fn anybody(who: u8) -> Doer {
    let all = [Power::Supervise, Power::Dispatch, Power::Decide];
    Doer {
        handles: Scope::All,
        ..somebody(&format!("p-{who}"), &all, &[])
    }
}

/// Everybody who has handled an incident, followed outside the fold.
#[derive(Default)]
struct Hands(BTreeMap<IncidentId, BTreeSet<u8>>);

impl Hands {
    fn note(&mut self, id: &IncidentId, who: u8, act: &Act, had_task: bool) {
        let has_handled = match act {
            Act::Accept { .. } | Act::Feedback { .. } => true,
            Act::Tick { .. } => had_task,
            _ => false,
        };
        let hands = self.0.entry(id.clone()).or_default();
        if has_handled {
            hands.insert(who);
        }
        if matches!(act, Act::Verify { .. }) {
            assert!(!hands.contains(&who), "p-{who} verified {id}");
        }
        if let Act::Merge { into, .. } = act {
            let hands = hands.clone();
            self.0.entry(into.clone()).or_default().extend(hands);
        }
    }
}

fn order(desk: &mut Desk, hands: &mut Hands, who: u8, which: usize, act: &Act) {
    let all = desk.incidents();
    let Some(incident) = all.get(which % all.len().max(1)) else {
        return;
    };
    let had_task = !incident.tasks.is_empty();
    let outcome = desk.order(&anybody(who), &incident.id, act.clone());
    if let Outcome::Done(_) = outcome {
        hands.note(&incident.id, who, act, had_task);
    }
}

fn happen(desk: &mut Desk, hands: &mut Hands, happening: &Happening) {
    let nth = |desk: &Desk, which: usize| {
        let all = desk.incidents();
        all.get(which % all.len().max(1)).cloned()
    };
    match happening {
        Happening::Pond { asset, cm } => {
            let place = match asset {
                0..3 => north(WEST_1, 120.0 * f64::from(u8::try_from(*asset).unwrap())),
                _ => EAST,
            };
            desk.read(place, &format!("G-{asset}"), *cm);
        }
        Happening::Wait(span) => desk.jump(span),
        Happening::Report => {
            desk.report(Level::Orange, CaseClass::Normal);
        }
        Happening::Mode(emergency) => {
            let mode = if *emergency {
                Mode::Emergency
            } else {
                Mode::Peace
            };
            desk.mode(&anybody(0), mode);
        }
        Happening::Act(who, which, act) => order(desk, hands, *who, *which, act),
        Happening::Merge(who, from, into) => {
            if let Some(into) = nth(desk, *into) {
                let act = Act::Merge {
                    into: into.id,
                    reason: why(),
                };
                order(desk, hands, *who, *from, &act);
            }
        }
        Happening::Parent(who, part, of) => {
            let of = nth(desk, *of).map(|of| of.id);
            order(desk, hands, *who, *part, &Act::Parent { of });
        }
        Happening::Split(who, which) => {
            if let Some(incident) = nth(desk, *which) {
                let last = incident.evidence.last().map(|one| one.alert.clone());
                let act = Act::Split {
                    alerts: last.into_iter().collect(),
                    reason: why(),
                };
                order(desk, hands, *who, *which, &act);
            }
        }
    }
}

fn assert_sound(desk: &Desk) {
    let all = desk.incidents();
    for incident in &all {
        let clock = &incident.clock;
        assert_eq!(incident.due_at, clock.due_at);
        assert!(clock.warn_at <= clock.due_at, "{incident:?}");
        let passed = clock.due_at.is_some_and(|due| due <= desk.now());
        let runs = clock.stopped_at.is_none() && clock.paused_since.is_none();
        let counts = !incident.state.is_over() && incident.state != IncidentState::Cleared;
        if passed && runs && counts {
            assert!(
                clock.overdue && incident.supervised,
                "time has passed it by: {incident:?}"
            );
        }
        let timeline = desk.dossier(&incident.id).timeline;
        let numbers: Vec<u32> = timeline.iter().map(|deed| deed.n).collect();
        assert!(
            numbers.iter().zip(1..).all(|(n, at)| *n == at),
            "{numbers:?}"
        );
        // Nothing lies above itself.
        let mut above = incident.parent.clone();
        for _ in 0..all.len() {
            assert_ne!(above.as_ref(), Some(&incident.id), "a circle");
            let parent = all.iter().find(|row| Some(&row.id) == above.as_ref());
            above = parent.and_then(|row| row.parent.clone());
        }
    }
    for alert in desk.story.city.alerts() {
        if let Some(id) = &alert.incident {
            let incident = all.iter().find(|row| row.id == *id);
            let incident = incident.unwrap_or_else(|| panic!("{alert:?} points to nothing"));
            let mut evidence = incident.evidence.iter();
            assert!(
                evidence.any(|one| one.alert == alert.key),
                "{alert:?} of {incident:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_casework_is_sound_and_the_same_after_any_restart(
        happenings in prop::collection::vec(happening(), 1..120),
    ) {
        let mut desk = Desk::of(with_calendar());
        let mut hands = Hands::default();
        desk.pond(WEST_1, "G-0", 35.0);
        for happening in &happenings {
            happen(&mut desk, &mut hands, happening);
            // What is due falls due at a tick.
            if matches!(happening, Happening::Wait(_)) {
                assert_sound(&desk);
            }
        }
        desk.assert_restarts_do_not_show();
    }
}
