//! Everybody who could want something of an incident.

use egret_shared::access::Scope;
use egret_shared::case::{Doer, Power};
use egret_shared::id::DepartmentId;
use egret_shared::incident::Person;

/// Leads in every life that is walked.
pub(crate) const WATER: &str = "water";
/// Supports.
pub(crate) const POLICE: &str = "police";
/// Takes no part.
pub(crate) const PARKS: &str = "parks";

pub(crate) fn person(id: &str) -> Person {
    Person {
        id: id.into(),
        name: format!("name of {id}"),
    }
}

/// Somebody with `powers` who handles for `departments`.
pub(crate) fn doer(id: &str, powers: &[Power], departments: &[&str]) -> Doer {
    let named = departments.iter().map(|id| DepartmentId::new(*id));
    Doer {
        person: person(id),
        is_person: true,
        powers: powers.iter().copied().collect(),
        handles: Scope::Only(named.collect()),
    }
}

/// Whoever may do everything that needs no department.
pub(crate) fn chief() -> Doer {
    doer(
        "chief",
        &[Power::Supervise, Power::Dispatch, Power::Decide],
        &[],
    )
}

/// Handles for the department of the same name.
pub(crate) fn hand(department: &str) -> Doer {
    doer(&format!("hand of {department}"), &[], &[department])
}

/// Every combination: powers, departments, person or program, somebody who has handled the
/// incident or not.
pub(crate) fn everybody() -> Vec<Doer> {
    let all = [Power::Supervise, Power::Dispatch, Power::Decide];
    let mut everybody = Vec::new();
    for bits in 0..8_u8 {
        let powers: Vec<Power> = (0..3)
            .filter(|bit| bits & (1 << bit) != 0)
            .zip(0..)
            .map(|(bit, _): (usize, usize)| all.into_iter().nth(bit).unwrap())
            .collect();
        let scopes: [&[&str]; 5] = [&[], &[WATER], &[POLICE], &[PARKS], &[WATER, POLICE]];
        for departments in scopes {
            for id in ["hand of water", "hand of police", "somebody else"] {
                let person = doer(id, &powers, departments);
                let program = Doer {
                    is_person: false,
                    ..person.clone()
                };
                everybody.extend([person, program]);
            }
        }
        everybody.push(Doer {
            handles: Scope::All,
            ..doer("somebody else", &powers, &[])
        });
    }
    everybody
}
