//! `properties.toml`.

use egret_shared::package::property::PropertyDef;

use super::{known_unit, positive};
use crate::problem::Problem;
use crate::spans::List;

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
        if let Some(jump) = property.jump
            && !(jump.is_finite() && jump > 0.0)
        {
            let message = format!("jump {jump} must be more than 0");
            problems.push(entry.problem("jump", message));
        }
        positive(entry, "stuck_after", property.stuck_after, problems);
    }
}
