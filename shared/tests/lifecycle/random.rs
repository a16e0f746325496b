//! Random lives: random people, with random grants that may change, do random things.

use std::collections::BTreeSet;

use egret_shared::access::Scope;
use egret_shared::case::{Act, ActKind, Doer, Power, moves, step};
use egret_shared::incident::IncidentState;
use proptest::prelude::*;

use crate::effects::assert_consistent;
use crate::lives::{NOW, act, act_of, reported};
use crate::people::{PARKS, POLICE, WATER, person};

const DEPARTMENTS: [&str; 3] = [WATER, POLICE, PARKS];

/// One of four people; what they may do is drawn anew each time, for grants change.
fn somebody() -> impl Strategy<Value = Doer> {
    let powers = prop::collection::btree_set(
        prop::sample::select(vec![Power::Supervise, Power::Dispatch, Power::Decide]),
        0..=3,
    );
    let handles = prop::collection::vec(prop::sample::select(DEPARTMENTS.to_vec()), 0..=3);
    (0..4_u8, powers, handles, prop::bool::weighted(0.95)).prop_map(
        |(who, powers, handles, is_person)| Doer {
            person: person(&format!("p-{who}")),
            is_person,
            powers,
            handles: Scope::Only(handles.into_iter().map(Into::into).collect()),
        },
    )
}

fn something() -> impl Strategy<Value = Act> {
    let department = prop::sample::select(DEPARTMENTS.to_vec());
    let kind = prop::sample::select(ActKind::ALL.to_vec());
    // Ends are rare, so that lives are long.
    let kind = kind.prop_filter("an end", |kind| *kind != ActKind::Merge);
    let plain = (kind, department.clone()).prop_map(|(kind, department)| act_of(kind, department));
    let two = (department.clone(), department);
    let given = (two, any::<bool>()).prop_map(|((lead, support), commands)| {
        let support: Vec<_> = [support]
            .into_iter()
            .filter(|support| *support != lead)
            .map(Into::into)
            .collect();
        if commands {
            let departments = std::iter::once(lead.into()).chain(support).collect();
            return Act::Command {
                departments,
                order: "now".to_owned(),
            };
        }
        Act::Dispatch {
            lead: lead.into(),
            support,
            note: String::new(),
        }
    });
    let fails = Just(Act::Verify {
        passed: false,
        note: "still wet".to_owned(),
    });
    prop_oneof![8 => plain, 2 => given, 1 => fails]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn nobody_verifies_what_they_have_handled_and_tasks_fit_the_state(
        deeds in prop::collection::vec((somebody(), something()), 1..160),
    ) {
        let mut incident = reported();
        let mut handlers: BTreeSet<String> = BTreeSet::new();
        for (doer, act) in deeds {
            let who = doer.person.id.to_string();
            let had_task = incident.tasks.iter().any(|task| doer.handles_for(&task.department));
            let offered = moves(&incident, &doer);
            let result = step(&incident, &doer, &act, NOW);
            if result.is_ok() {
                prop_assert!(offered.contains(&act.kind()), "{act:?} was taken but not offered");
            }
            let Ok(next) = result else { continue };
            match act.kind() {
                ActKind::Accept | ActKind::Feedback => {
                    handlers.insert(who);
                }
                ActKind::Tick if had_task => {
                    handlers.insert(who);
                }
                ActKind::Verify => prop_assert!(!handlers.contains(&who), "{who} verified it"),
                ActKind::Close => prop_assert_eq!(incident.state, IncidentState::Verified),
                _ => {}
            }
            prop_assert!(next.version == incident.version + 1);
            assert_consistent(&next, &format!("{act:?}"));
            incident = next;
        }
    }
}

#[test]
fn random_lives_come_to_their_end() {
    // The property above is empty if nothing it draws is ever legal.
    let mut incident = reported();
    let everything = Doer {
        person: person("p-0"),
        is_person: true,
        powers: [Power::Supervise, Power::Dispatch, Power::Decide].into(),
        handles: Scope::All,
    };
    let other = Doer {
        person: person("p-1"),
        ..everything.clone()
    };
    for (doer, kind) in [
        (&everything, ActKind::File),
        (&everything, ActKind::Dispatch),
        (&everything, ActKind::Accept),
    ] {
        incident = step(&incident, doer, &act(kind), NOW).unwrap();
    }
    for kind in [ActKind::Accept, ActKind::Feedback] {
        incident = step(&incident, &everything, &act_of(kind, POLICE), NOW).unwrap();
    }
    incident = step(&incident, &everything, &act(ActKind::Feedback), NOW).unwrap();
    let own = step(&incident, &everything, &act(ActKind::Verify), NOW).unwrap_err();
    assert_eq!(own.code(), "same_person");
    incident = step(&incident, &other, &act(ActKind::Verify), NOW).unwrap();
    incident = step(&incident, &everything, &act(ActKind::Close), NOW).unwrap();
    assert_eq!(incident.state, IncidentState::Closed);
}
