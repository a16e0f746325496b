//! A grant in a sentence, in every language. Pure: names of areas and departments are the
//! caller's to look up.

use egret_shared::access::{Grant, Right, Role, Scope};
use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::package::city::Classification;
use egret_shared::text::Language;

/// How many names a sentence lists before it only counts the rest.
const NAMES_MAX: usize = 4;

/// What a role is called.
pub(crate) fn role(role: Role, language: Language) -> &'static str {
    let (zh, en) = match role {
        Role::Viewer => ("观察员", "Viewer"),
        Role::Officer => ("值班员", "Duty officer"),
        Role::Dispatcher => ("调度员", "Dispatcher"),
        Role::Handler => ("部门处置员", "Department handler"),
        Role::Lead => ("区级负责人", "District lead"),
        Role::Steward => ("数据管理员", "Data steward"),
        Role::Auditor => ("审计员", "Auditor"),
        Role::Admin => ("系统管理员", "Admin"),
    };
    pick(language, zh, en)
}

/// What a right lets one do.
fn right(right: Right, language: Language) -> &'static str {
    let (zh, en) = match right {
        Right::See => ("查看", "see"),
        Right::Work => ("处置案件", "work incidents"),
        Right::Dispatch => ("派遣", "dispatch"),
        Right::Actuate => ("操控设备", "order actuators"),
        Right::Personal => ("查看个人信息", "be shown personal data"),
        Right::Raw => ("查看原始报文", "read raw messages"),
        Right::Send => ("发送事件", "send events"),
        Right::Connect => ("接入数据源", "connect feeds"),
        Right::Operate => ("查看运行指标", "read the server's measurements"),
        Right::Erase => ("删除个人信息", "erase persons"),
        Right::Audit => ("查阅审计", "read the audit trail"),
        Right::Administer => ("管理人员与设备", "manage people and devices"),
    };
    pick(language, zh, en)
}

/// What a class is called.
pub(crate) fn class(class: Classification, language: Language) -> &'static str {
    let (zh, en) = match class {
        Classification::Public => ("公开", "public"),
        Classification::Internal => ("内部", "internal"),
        Classification::Sensitive => ("敏感", "sensitive"),
    };
    pick(language, zh, en)
}

fn pick(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

/// What a grant allows, where, of whom, and up to which class, in one sentence.
pub(crate) fn sentence(
    grant: &Grant,
    area: impl Fn(&AreaCode) -> String,
    department: impl Fn(&DepartmentId) -> String,
    language: Language,
) -> String {
    let rights = rights(grant.role, language);
    let name = role(grant.role, language);
    if grant.role.is_whole() {
        return match language {
            Language::Zh => format!("{name}：可{rights}，作用于全部内容"),
            Language::En => format!("{name}: may {rights}, for everything"),
        };
    }
    let class = class(grant.up_to, language);
    let areas = names(&grant.areas, area, language);
    let departments = names(&grant.departments, department, language);
    match language {
        Language::Zh => {
            let areas = areas.unwrap_or_else(|| "全市".to_owned());
            let departments = departments.unwrap_or_else(|| "全部部门".to_owned());
            format!("{name}：可{rights}；区域：{areas}；部门：{departments}；至{class}级")
        }
        Language::En => {
            let areas = areas.unwrap_or_else(|| "the whole city".to_owned());
            let departments = departments.unwrap_or_else(|| "all departments".to_owned());
            format!("{name}: may {rights}, in {areas}, of {departments}, up to {class}")
        }
    }
}

fn rights(role: Role, language: Language) -> String {
    let words: Vec<&str> = role
        .rights()
        .iter()
        .map(|one| right(*one, language))
        .collect();
    match (language, words.split_last()) {
        (Language::En, Some((last, rest))) if !rest.is_empty() => {
            format!("{} and {last}", rest.join(", "))
        }
        (Language::En, _) => words.concat(),
        (Language::Zh, _) => words.join("、"),
    }
}

/// The names of what is meant; nothing where all is.
fn names<T>(scope: &Scope<T>, name: impl Fn(&T) -> String, language: Language) -> Option<String> {
    let Scope::Only(named) = scope else {
        return None;
    };
    if named.is_empty() {
        return Some("–".to_owned());
    }
    let shown: Vec<String> = named.iter().take(NAMES_MAX).map(name).collect();
    let rest = named.len().saturating_sub(NAMES_MAX);
    Some(match (language, rest) {
        (Language::Zh, 0) => shown.join("、"),
        (Language::Zh, rest) => format!("{}等 {} 个", shown.join("、"), NAMES_MAX + rest),
        (Language::En, 0) => shown.join(", "),
        (Language::En, rest) => format!("{} and {rest} more", shown.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(grant: &Grant, language: Language) -> String {
        let area = |code: &AreaCode| format!("区{code}");
        let department = |id: &DepartmentId| id.to_string();
        sentence(grant, area, department, language)
    }

    #[test]
    fn a_grant_says_what_where_of_whom_and_up_to_which_class() {
        let grant = Grant {
            role: Role::Lead,
            areas: Scope::Only(vec!["1".into(), "2".into()]),
            departments: Scope::Only(vec!["water".into()]),
            up_to: Classification::Internal,
        };
        assert_eq!(
            said(&grant, Language::Zh),
            "区级负责人：可查看、处置案件、派遣、操控设备、查看个人信息；区域：区1、区2；部门：water；至内部级"
        );
        assert_eq!(
            said(&grant, Language::En),
            "District lead: may see, work incidents, dispatch, order actuators and be shown \
             personal data, in 区1, 区2, of water, up to internal"
        );
    }

    #[test]
    fn an_admin_is_for_everything_and_a_viewer_may_only_see() {
        let admin = said(&Grant::whole(Role::Admin), Language::En);
        assert!(admin.ends_with("manage people and devices, for everything"));
        assert_eq!(
            said(&Grant::whole(Role::Viewer), Language::En),
            "Viewer: may see, in the whole city, of all departments, up to sensitive"
        );
    }

    #[test]
    fn many_names_are_counted_and_not_listed() {
        let grant = Grant {
            areas: Scope::Only((0..7).map(|n| n.to_string().as_str().into()).collect()),
            ..Grant::whole(Role::Viewer)
        };
        assert!(said(&grant, Language::En).contains("区0, 区1, 区2, 区3 and 3 more"));
        assert!(said(&grant, Language::Zh).contains("区0、区1、区2、区3等 7 个"));
    }

    #[test]
    fn every_role_right_and_class_has_words() {
        for one in Role::ALL {
            for language in [Language::Zh, Language::En] {
                assert!(!role(one, language).is_empty());
                assert!(!rights(one, language).is_empty());
            }
        }
    }
}
