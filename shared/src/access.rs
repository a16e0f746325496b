//! Who may see and do what: roles, and grants of a role over areas, departments and a class.
//!
//! A grant is a product: what it covers lies in one of its areas, belongs to its departments and is
//! classified no higher than it reaches. Whoever has several grants may do what any of them allows;
//! they never add up across their sides.

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, DepartmentId};
use crate::package::city::Classification;

/// What somebody is to the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// 观察员: looks.
    Viewer,
    /// 值班员: looks, and works incidents.
    Officer,
    /// 调度员: works incidents and dispatches them.
    Dispatcher,
    /// 部门处置员: works what its department is given.
    Handler,
    /// 区级负责人: decides within its district.
    Lead,
    /// 数据管理员: answers for feeds: raw messages, quarantine, sending in.
    Steward,
    /// 审计员: reads the audit trail, and nothing else.
    Auditor,
    /// 系统管理员: people, devices, gateways; no personal data.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Viewer,
        Self::Officer,
        Self::Dispatcher,
        Self::Handler,
        Self::Lead,
        Self::Steward,
        Self::Auditor,
        Self::Admin,
    ];

    /// The role's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Officer => "officer",
            Self::Dispatcher => "dispatcher",
            Self::Handler => "handler",
            Self::Lead => "lead",
            Self::Steward => "steward",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What the role allows, within its grant.
    pub const fn rights(self) -> &'static [Right] {
        use Right::{
            Actuate, Administer, Audit, Connect, Dispatch, Erase, Operate, Personal, Raw, See,
            Send, Work,
        };
        match self {
            Self::Viewer => &[See],
            Self::Officer | Self::Handler => &[See, Work, Personal],
            Self::Dispatcher | Self::Lead => &[See, Work, Dispatch, Actuate, Personal],
            Self::Steward => &[See, Raw, Send, Connect, Operate, Erase],
            Self::Auditor => &[Audit],
            Self::Admin => &[See, Raw, Send, Connect, Operate, Audit, Administer],
        }
    }

    /// Whether the role acts on the whole server, so that a grant of it cannot be narrowed.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Auditor | Self::Admin)
    }
}

/// One thing that a role allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// To see rows: on every way out.
    See,
    /// To work incidents.
    Work,
    /// To give incidents to departments.
    Dispatch,
    /// To have actuators do something.
    Actuate,
    /// To be shown personal data, with a reason.
    Personal,
    /// To see messages as their senders wrote them, and what was refused.
    Raw,
    /// To send events in.
    Send,
    /// To add feeds to the city package.
    Connect,
    /// To read the server's own measurements.
    Operate,
    /// To erase a person.
    Erase,
    /// To read the audit trail.
    Audit,
    /// To manage people, tokens, devices and gateways.
    Administer,
}

/// All of something, or only some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope<T> {
    /// Every one there is and will be.
    All,
    /// These; none, if the list is empty.
    Only(Vec<T>),
}

impl<T> Scope<T> {
    /// Whether it is all.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Those that are named; empty for all.
    pub fn named(&self) -> &[T] {
        match self {
            Self::All => &[],
            Self::Only(named) => named,
        }
    }
}

/// A role over areas, departments and up to a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What it allows.
    pub role: Role,
    /// Where: each area with everything in it.
    pub areas: Scope<AreaCode>,
    /// Whose.
    pub departments: Scope<DepartmentId>,
    /// Classified no higher than this.
    pub up_to: Classification,
}

impl Grant {
    /// `role` over everything.
    pub const fn whole(role: Role) -> Self {
        Self {
            role,
            areas: Scope::All,
            departments: Scope::All,
            up_to: Classification::Sensitive,
        }
    }

    /// Why nobody may be given this grant, if so.
    pub fn mistake(&self) -> Option<&'static str> {
        let is_whole = self.areas.is_all()
            && self.departments.is_all()
            && self.up_to == Classification::Sensitive;
        if self.role.is_whole() && !is_whole {
            return Some("admin and auditor are granted for everything or not at all");
        }
        let names_none = |n: usize, is_all: bool| n == 0 && !is_all;
        if names_none(self.areas.named().len(), self.areas.is_all()) {
            return Some("the grant names no area");
        }
        if names_none(self.departments.named().len(), self.departments.is_all()) {
            return Some("the grant names no department");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_as_it_is_written() {
        let text = r#"{"role":"lead","areas":{"only":["350203"]},"departments":"all","up_to":"sensitive"}"#;
        let grant: Grant = serde_json::from_str(text).unwrap();
        assert_eq!(grant.areas, Scope::Only(vec!["350203".into()]));
        assert_eq!(serde_json::to_string(&grant).unwrap(), text);
    }

    #[test]
    fn admins_are_never_narrowed_and_no_grant_is_empty() {
        let mut grant = Grant::whole(Role::Admin);
        assert_eq!(grant.mistake(), None);
        grant.areas = Scope::Only(vec!["350203".into()]);
        assert!(grant.mistake().is_some());
        grant.role = Role::Viewer;
        assert_eq!(grant.mistake(), None);
        grant.areas = Scope::Only(Vec::new());
        assert!(grant.mistake().is_some());
    }
}
