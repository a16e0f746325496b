//! Grants as people write them: on the command line and in the settings file.

use egret_shared::access::{Grant, Role, Scope};
use egret_shared::package::city::Classification;

/// A grant as one word: `ROLE[:AREAS[:DEPARTMENTS[:CLASS]]]`, lists with commas, `*` for all.
///
/// # Errors
/// A sentence that shows what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Grant, String> {
    let mut parts = text.split(':');
    let word = parts.next().unwrap_or_default();
    let role = Role::from_word(word).ok_or_else(|| {
        let words = Role::ALL.map(Role::as_str).join(", ");
        format!("\"{word}\" is no role: {words} are")
    })?;
    let areas = scope(parts.next());
    let departments = scope(parts.next());
    let up_to = match parts.next() {
        Some("public") => Classification::Public,
        Some("internal") => Classification::Internal,
        None | Some("sensitive") => Classification::Sensitive,
        Some(other) => {
            return Err(format!(
                "\"{other}\" is no class: public, internal and sensitive are"
            ));
        }
    };
    let grant = Grant {
        role,
        areas,
        departments,
        up_to,
    };
    match (parts.next(), grant.mistake()) {
        (Some(more), _) => Err(format!("\"{more}\" is one part too many")),
        (None, Some(mistake)) => Err(mistake.to_owned()),
        (None, None) => Ok(grant),
    }
}

fn scope<T: for<'a> From<&'a str>>(part: Option<&str>) -> Scope<T> {
    match part {
        None | Some("*") => Scope::All,
        Some(named) => Scope::Only(
            named
                .split(',')
                .filter(|name| !name.is_empty())
                .map(Into::into)
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_written_as_one_word() {
        let grant = parse("lead:350203,350205:*:internal").unwrap();
        assert_eq!(grant.role, Role::Lead);
        let areas = vec!["350203".into(), "350205".into()];
        assert_eq!(grant.areas, Scope::Only(areas));
        assert!(grant.departments.is_all());
        assert_eq!(grant.up_to, Classification::Internal);
        assert_eq!(parse("viewer").unwrap(), Grant::whole(Role::Viewer));
    }

    #[test]
    fn a_grant_that_is_none_says_why() {
        let why = |text: &str| parse(text).unwrap_err();
        assert!(why("boss").contains("no role"));
        assert!(why("viewer:*:*:secret").contains("no class"));
        assert!(why("viewer:").contains("names no area"));
        assert!(why("admin:350203").contains("for everything"));
        assert!(why("viewer:*:*:public:x").contains("too many"));
    }
}
