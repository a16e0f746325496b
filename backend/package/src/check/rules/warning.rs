//! Warning: somebody has issued one, and it is in force.

use super::{Levels, On, Spec, no_more};

pub(super) const SPEC: Spec = Spec {
    word: "warning",
    on: On::Reports,
    needs: &["lasts"],
    may: &["ends"],
    placeholders: &["category"],
    level: Levels::ByWord,
    check: no_more,
};
