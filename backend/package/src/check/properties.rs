//! `properties.toml`.

use egret_shared::package::property::PropertyDef;

use super::{known_unit, positive};
use crate::problem::Problem;
use crate::spans::{Entry, List};

pub(crate) fn check(properties: &List<'_, PropertyDef>, problems: &mut Vec<Problem>) {
    properties.refuse_duplicates(problems);
    for entry in &properties.entries {
        let property = &entry.def;
        known_unit(entry, "unit", &property.unit, problems);
        let [least, greatest] = property.range;
        if !(least.is_finite() && greatest.is_finite() && least < greatest) {
            let message = format!("range [{least}, {greatest}] must be [least, greatest]");
            problems.push(entry.problem("range", message));
        }
        if let Some(plausible) = property.plausible {
            check_plausible(entry, plausible, problems);
        }
        if let Some(jump) = property.jump
            && !(jump.is_finite() && jump > 0.0)
        {
            let message = format!("jump {jump} must be more than 0");
            problems.push(entry.problem("jump", message));
        }
        positive(entry, "stuck_after", property.stuck_after, problems);
    }
}

/// What is plausible is valid: a narrower range.
fn check_plausible(
    entry: &Entry<'_, PropertyDef>,
    [least, greatest]: [f64; 2],
    problems: &mut Vec<Problem>,
) {
    let [valid_least, valid_greatest] = entry.def.range;
    if !(least.is_finite() && greatest.is_finite() && least < greatest) {
        let message = format!("plausible [{least}, {greatest}] must be [least, greatest]");
        problems.push(entry.problem("plausible", message));
    } else if least < valid_least || greatest > valid_greatest {
        let message = format!(
            "plausible [{least}, {greatest}] must lie within range [{valid_least}, \
             {valid_greatest}]: what is outside range is refused"
        );
        problems.push(entry.problem("plausible", message));
    }
}
