//! THE predicate: whether grants allow something with a row. Everything that leaves the server, and
//! everything that somebody asks it to do, is decided by [`may`] and by nothing else.
//!
//! The rules in prose are in `docs/access.md`.

use egret_shared::access::{Grant, Right, Scope};
use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::package::city::Classification;

/// What a row is to the predicate.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The areas that hold it, widest first. A row without a place counts as the whole city, whose
    /// line is the root alone; an empty line is nowhere, where only grants for all areas reach.
    pub line: &'a [AreaCode],
    /// The departments that own what it is made of; a grant must cover them all.
    pub owners: &'a [DepartmentId],
    /// Departments that it was given to; a grant that covers one of them will do.
    pub given_to: &'a [DepartmentId],
    /// How it is classified.
    pub class: Classification,
}

/// Whether any one of `grants` gives `right` over `row`.
pub fn may(grants: &[Grant], right: Right, row: Row<'_>) -> bool {
    grants
        .iter()
        .any(|grant| grant.role.rights().contains(&right) && covers(grant, row))
}

/// Whether any of `grants` gives `right` over anything at all.
pub fn has(grants: &[Grant], right: Right) -> bool {
    grants
        .iter()
        .any(|grant| grant.role.rights().contains(&right))
}

/// Whether one of `grants` gives `right` over everything there is.
pub fn has_whole(grants: &[Grant], right: Right) -> bool {
    let is_whole = |grant: &Grant| {
        grant.areas.is_all()
            && grant.departments.is_all()
            && grant.up_to == Classification::Sensitive
    };
    grants
        .iter()
        .any(|grant| grant.role.rights().contains(&right) && is_whole(grant))
}

/// Every right that any of `grants` gives, each once, in their order.
pub fn rights(grants: &[Grant]) -> Vec<Right> {
    let all = grants.iter().flat_map(|grant| grant.role.rights());
    let mut rights: Vec<Right> = all.copied().collect();
    rights.sort_unstable();
    rights.dedup();
    rights
}

/// Whether one of `grants` gives `right` over all that `other` reaches. `line` names the areas that
/// hold an area, widest first, itself among them.
pub fn contains<'a>(
    grants: &[Grant],
    right: Right,
    other: &Grant,
    line: impl Fn(&AreaCode) -> &'a [AreaCode],
) -> bool {
    let reaches = |grant: &Grant| {
        other.up_to <= grant.up_to
            && wider(&grant.areas, &other.areas, |named, area| {
                line(area).iter().any(|code| named.contains(code))
            })
            && wider(&grant.departments, &other.departments, |named, one| {
                named.contains(one)
            })
    };
    grants
        .iter()
        .any(|grant| grant.role.rights().contains(&right) && reaches(grant))
}

/// Whether `one` holds all that `other` does. `holds` says it of one thing and what is named.
fn wider<T>(one: &Scope<T>, other: &Scope<T>, holds: impl Fn(&[T], &T) -> bool) -> bool {
    match (one, other) {
        (Scope::All, _) => true,
        (Scope::Only(_), Scope::All) => false,
        (Scope::Only(named), Scope::Only(others)) => others.iter().all(|one| holds(named, one)),
    }
}

fn covers(grant: &Grant, row: Row<'_>) -> bool {
    row.class <= grant.up_to
        && within(&grant.areas, |named| {
            row.line.iter().any(|area| named.contains(area))
        })
        && within(&grant.departments, |named| {
            let is_named = |department: &DepartmentId| named.contains(department);
            let owns_all = !row.owners.is_empty() && row.owners.iter().all(is_named);
            owns_all || row.given_to.iter().any(is_named)
        })
}

fn within<T>(scope: &Scope<T>, only: impl FnOnce(&[T]) -> bool) -> bool {
    match scope {
        Scope::All => true,
        Scope::Only(named) => only(named),
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::access::Role;
    use proptest::prelude::*;

    use super::*;

    /// `*` is all.
    fn scope<T: for<'a> From<&'a str>>(named: &[&str]) -> Scope<T> {
        match named {
            ["*"] => Scope::All,
            named => Scope::Only(named.iter().map(|name| (*name).into()).collect()),
        }
    }

    fn grant(role: Role, areas: &[&str], departments: &[&str], up_to: Classification) -> Grant {
        Grant {
            role,
            areas: scope(areas),
            departments: scope(departments),
            up_to,
        }
    }

    const EAST: [&str; 2] = ["city", "east"];

    fn sees(grants: &[Grant], line: &[&str], owners: &[&str], class: Classification) -> bool {
        let line: Vec<AreaCode> = line.iter().map(|code| (**code).into()).collect();
        let owners: Vec<DepartmentId> = owners.iter().map(|id| (**id).into()).collect();
        let row = Row {
            line: &line,
            owners: &owners,
            given_to: &["fire".into()],
            class,
        };
        may(grants, Right::See, row)
    }

    #[test]
    fn every_side_of_a_grant_bounds_it() {
        use Classification::{Internal, Public, Sensitive};
        let east = [grant(Role::Viewer, &["east"], &["water"], Internal)];
        assert!(sees(&east, &EAST, &["water"], Internal));
        assert!(sees(&east, &["city", "east", "e-1"], &["water"], Public));
        assert!(
            !sees(&east, &["city"], &["water"], Internal),
            "the total tells of others"
        );
        assert!(!sees(&east, &["city", "west"], &["water"], Internal));
        assert!(!sees(&east, &[], &["water"], Internal), "nowhere");
        assert!(
            !sees(&east, &EAST, &["water", "police"], Internal),
            "partly theirs"
        );
        assert!(!sees(&east, &EAST, &[], Internal), "nobody's");
        assert!(!sees(&east, &EAST, &["water"], Sensitive));
        let fire = [grant(Role::Viewer, &["east"], &["fire"], Internal)];
        assert!(sees(&fire, &EAST, &["water"], Internal), "given to them");
    }

    #[test]
    fn grants_do_not_add_up_across_their_sides() {
        use Classification::{Internal, Sensitive};
        let two = [
            grant(Role::Viewer, &["east"], &["*"], Internal),
            grant(Role::Viewer, &["west"], &["*"], Sensitive),
        ];
        assert!(!sees(&two, &EAST, &["water"], Sensitive));
        assert!(sees(&two, &["city", "west"], &["water"], Sensitive));
    }

    #[test]
    fn the_auditor_sees_no_row_and_the_admin_no_person() {
        let auditor = [Grant::whole(Role::Auditor)];
        assert!(!sees(&auditor, &EAST, &["water"], Classification::Public));
        assert!(has_whole(&auditor, Right::Audit));
        assert!(!has(&[Grant::whole(Role::Admin)], Right::Personal));
    }

    #[test]
    fn a_grant_contains_another_if_it_reaches_as_far_on_every_side() {
        use Classification::{Internal, Public, Sensitive};
        let holds = |one: Grant, other: &Grant| {
            let line = |area: &AreaCode| -> &'static [AreaCode] {
                let line: &[&str] = if area.as_str() == "e-1" {
                    &["city", "east", "e-1"]
                } else {
                    &["city", "west"]
                };
                Vec::leak(line.iter().map(|code| (*code).into()).collect())
            };
            contains(&[one], Right::Work, other, line)
        };
        let wall = grant(Role::Viewer, &["e-1"], &["water"], Internal);
        assert!(holds(
            grant(Role::Officer, &["*"], &["*"], Sensitive),
            &wall
        ));
        assert!(holds(
            grant(Role::Officer, &["east"], &["water"], Internal),
            &wall
        ));
        assert!(!holds(
            grant(Role::Viewer, &["*"], &["*"], Sensitive),
            &wall
        ));
        assert!(!holds(
            grant(Role::Officer, &["west"], &["*"], Sensitive),
            &wall
        ));
        assert!(!holds(
            grant(Role::Officer, &["east"], &["police"], Internal),
            &wall
        ));
        assert!(!holds(
            grant(Role::Officer, &["east"], &["water"], Public),
            &wall
        ));
        let whole = grant(Role::Viewer, &["*"], &["*"], Public);
        assert!(!holds(
            grant(Role::Officer, &["city"], &["*"], Public),
            &whole
        ));
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let names = |all: &'static [&'static str]| {
            prop_oneof![
                Just(None),
                prop::sample::subsequence(all.to_vec(), 0..=all.len()).prop_map(Some)
            ]
        };
        let class = prop_oneof![
            Just(Classification::Public),
            Just(Classification::Internal),
            Just(Classification::Sensitive)
        ];
        (
            prop::sample::select(Role::ALL.to_vec()),
            names(&["city", "east", "west", "e-1"]),
            names(&["water", "police", "fire"]),
            class,
        )
            .prop_map(|(role, areas, departments, up_to)| Grant {
                role,
                areas: scope(&areas.unwrap_or(vec!["*"])),
                departments: scope(&departments.unwrap_or(vec!["*"])),
                up_to,
            })
    }

    proptest! {
        /// A row further in, owned by fewer and less secret is never harder to see.
        #[test]
        fn what_is_allowed_further_out_is_allowed_further_in(
            grants in prop::collection::vec(any_grant(), 0..4),
        ) {
            let lines: [&[&str]; 3] = [&["city"], &EAST, &["city", "east", "e-1"]];
            for line in lines.windows(2) {
                for owners in [&["water", "police"][..], &["water"]] {
                    let class = Classification::Internal;
                    if sees(&grants, line[0], owners, class) {
                        prop_assert!(sees(&grants, line[1], owners, class));
                        prop_assert!(sees(&grants, line[1], &["water"], Classification::Public));
                    }
                }
            }
        }
    }
}
