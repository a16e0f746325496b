//! The cause graph by number: of each rule, which others its alerts can come from or bring about.

use egret_package::Package;
use egret_shared::package::rule::WithinDef;
use egret_shared::text::Text;

use super::{Plan, Rule};

/// That alerts of another rule can belong together with this rule's.
pub(crate) struct Link {
    pub(crate) other: Rule,
    pub(crate) role: Role,
    pub(crate) within: WithinDef,
    /// Why, in the package's words.
    pub(crate) because: Text,
}

/// What the other rule's alert is to this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What this one can come from.
    Cause,
    /// What this one can bring about.
    Effect,
    /// Another of the same kind: the package has the kind as a cause of itself.
    Same,
}

/// Links all rules of `plan` as the causes of `package` say.
pub(super) fn link(plan: &mut Plan, package: &Package) {
    for cause in &package.rules.causes {
        let (Some(from), Some(to)) = (plan.rule_number(&cause.from), plan.rule_number(&cause.to))
        else {
            continue;
        };
        let mut add = |rule: Rule, other: Rule, role: Role| {
            if let Some(rule) = plan.rules.get_mut(usize::from(rule)) {
                rule.links.push(Link {
                    other,
                    role,
                    within: cause.within,
                    because: cause.because.clone(),
                });
            }
        };
        if from == to {
            add(from, from, Role::Same);
        } else {
            add(to, from, Role::Cause);
            add(from, to, Role::Effect);
        }
    }
}
