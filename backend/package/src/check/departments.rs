//! `departments.toml`.

use egret_shared::package::department::DepartmentDef;

use super::Known;
use crate::problem::Problem;
use crate::spans::List;

pub(crate) fn check(
    departments: &List<'_, DepartmentDef>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    departments.refuse_duplicates(problems);
    for entry in &departments.entries {
        known
            .areas
            .refer(entry, "area", entry.def.area.as_str(), problems);
    }
}
