//! `departments.toml`: who owns feeds and does tasks.

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, DepartmentId};
use crate::text::Text;

/// One `[[department]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentDef {
    /// Its id.
    pub id: DepartmentId,
    /// Its name.
    pub name: Text,
    /// The area it is responsible for.
    pub area: AreaCode,
}
