//! Rate: a value changes too fast.

use super::{Levels, On, Spec, no_more};

pub(super) const SPEC: Spec = Spec {
    word: "rate",
    on: On::Values,
    needs: &["when", "window"],
    may: &["per"],
    placeholders: &["rate", "now", "window"],
    level: Levels::ByValue,
    check: no_more,
};
