//! As whom every way is tried: each role within and outside of its area, department and class, and
//! grants that lie at the edges of the rules.

use egret_tests::matrix::label::{Class, Place};
use egret_tests::matrix::reader::{Grant, ROLES};

/// Grants of each principal.
pub(crate) fn all() -> Vec<Vec<Grant>> {
    use Class::{Internal, Public, Sensitive};
    use Place::{C, E, E1, E2, W, W1};
    let mut people = Vec::new();
    for role in ROLES {
        if ["auditor", "admin"].contains(&role) {
            people.push(vec![Grant::whole(role)]);
            continue;
        }
        // Of the city's rows some lie in its area and some do not, are its department's or not,
        // and below, at and above its class.
        people.push(vec![Grant::of(role, &[W], &["water"], Internal)]);
    }
    for areas in [&[W][..], &[]] {
        for departments in [&["water"][..], &[]] {
            for class in Class::ALL {
                people.push(vec![Grant::of("viewer", areas, departments, class)]);
            }
            people.push(vec![Grant::of("steward", areas, departments, Public)]);
            people.push(vec![Grant::of("steward", areas, departments, Sensitive)]);
        }
    }
    people.extend([
        vec![Grant::of("viewer", &[W1], &[], Sensitive)],
        vec![Grant::of("viewer", &[C], &[], Internal)],
        vec![Grant::of("viewer", &[E], &["west"], Internal)],
        vec![Grant::of("viewer", &[], &["water", "police"], Public)],
        // Supports what the water department finds, and leads none.
        vec![Grant::of("viewer", &[], &["police"], Public)],
        // Leads what the police finds.
        vec![Grant::of("handler", &[], &["west"], Internal)],
        vec![Grant::of("handler", &[E], &["west"], Internal)],
        vec![Grant::of(
            "officer",
            &[E1, E2],
            &["police", "west"],
            Sensitive,
        )],
        vec![Grant::of("lead", &[E], &[], Sensitive)],
        // Grants that would add up to more than each of them.
        vec![
            Grant::of("viewer", &[W], &["water"], Sensitive),
            Grant::of("viewer", &[E], &["police"], Public),
        ],
        vec![
            Grant::of("viewer", &[W], &["water"], Internal),
            Grant::of("viewer", &[W], &["police"], Internal),
            Grant::of("viewer", &[E], &["west"], Internal),
        ],
        // A right over little and sight of much.
        vec![
            Grant::of("steward", &[], &["water"], Public),
            Grant::of("viewer", &[], &[], Sensitive),
        ],
        vec![
            Grant::whole("auditor"),
            Grant::of("viewer", &[W1], &["west"], Public),
        ],
    ]);
    people.dedup();
    people
}
