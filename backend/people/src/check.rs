//! Whether names, grants and the like may be so. A refusal names the field, the value and what to
//! do.

use egret_shared::access::{Grant, Scope};
use egret_shared::id::{AreaCode, DepartmentId, FeedId, ID_BYTES_MAX, SceneId};
use egret_shared::time::TimeMs;

use crate::error::Refused;
use crate::limits::{DISPLAY_CHARS_MAX, GRANTS_MAX, NAME_CHARS_MAX, NAMED_MAX};

/// The MQTT user name of whoever has a token; no gateway may have it.
const TOKENS_GATEWAY: &str = "token";

/// A name to sign in with, or of a token or wall.
pub(crate) fn name(field: &str, name: &str) -> Result<(), Refused> {
    text(field, name, NAME_CHARS_MAX)?;
    if name.is_empty() {
        return Err(Refused::Invalid(format!("{field}: is empty: give one")));
    }
    Ok(())
}

/// What people call something; may be empty.
pub(crate) fn display(name: &str) -> Result<(), Refused> {
    text("display", name, DISPLAY_CHARS_MAX)
}

fn text(field: &str, text: &str, chars_max: usize) -> Result<(), Refused> {
    let n_chars = text.chars().count();
    let why = if n_chars > chars_max {
        format!("{field}: has {n_chars} characters: take at most {chars_max}")
    } else if text.contains(char::is_control) {
        format!("{field}: {text:?} has control characters: leave them out")
    } else if text.trim() != text {
        format!("{field}: {text:?} begins or ends with a space: leave it out")
    } else {
        return Ok(());
    };
    Err(Refused::Invalid(why))
}

/// The MQTT user name of a gateway; it stands in addresses, too.
pub(crate) fn gateway_id(id: &str) -> Result<(), Refused> {
    name("id", id)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.chars().all(is_plain) || id.starts_with('.') {
        return Err(Refused::Invalid(format!(
            "id: \"{id}\" has other characters than a-z, A-Z, 0-9, - _ and . within: leave them out"
        )));
    }
    if id == TOKENS_GATEWAY {
        return Err(Refused::Invalid(
            "id: \"token\" is the user name of those who have a token: take another".to_owned(),
        ));
    }
    Ok(())
}

/// Grants, possibly none.
pub(crate) fn grants(grants: &[Grant]) -> Result<(), Refused> {
    if grants.len() > GRANTS_MAX {
        return Err(Refused::Invalid(format!(
            "grants: are {}: take at most {GRANTS_MAX}",
            grants.len()
        )));
    }
    for (place, grant) in grants.iter().enumerate() {
        let wrong = |why: String| Refused::Invalid(format!("grants[{place}]: {why}"));
        if let Some(mistake) = grant.mistake() {
            return Err(wrong(format!("{}: {mistake}", grant.role.as_str())));
        }
        let areas = grant.areas.named().iter().map(AreaCode::as_str);
        ids("areas", areas).map_err(wrong)?;
        let departments = grant.departments.named().iter();
        ids("departments", departments.map(DepartmentId::as_str)).map_err(wrong)?;
    }
    Ok(())
}

/// Grants of which there is at least one.
pub(crate) fn some_grants(some: &[Grant]) -> Result<(), Refused> {
    if some.is_empty() {
        return Err(Refused::Invalid("grants: are none: give one".to_owned()));
    }
    grants(some)
}

/// The scenes of a wall.
pub(crate) fn scenes(scenes: &Scope<SceneId>) -> Result<(), Refused> {
    ids("scenes", scenes.named().iter().map(SceneId::as_str)).map_err(Refused::Invalid)
}

/// The feeds of a gateway, sorted, each once. One whose feed is not connected yet has none.
pub(crate) fn feeds(feeds: &[FeedId]) -> Result<Vec<FeedId>, Refused> {
    ids("feeds", feeds.iter().map(FeedId::as_str)).map_err(Refused::Invalid)?;
    let mut feeds = feeds.to_vec();
    feeds.sort();
    feeds.dedup();
    Ok(feeds)
}

fn ids<'a>(field: &str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    if ids.len() > NAMED_MAX {
        return Err(format!(
            "{field}: are {}: name at most {NAMED_MAX}",
            ids.len()
        ));
    }
    for id in ids {
        if id.is_empty() || id.len() > ID_BYTES_MAX || id.contains(char::is_control) {
            return Err(format!(
                "{field}: {id:?} is no id: give 1 to {ID_BYTES_MAX} bytes without control characters"
            ));
        }
    }
    Ok(())
}

/// A time at which something is to end.
pub(crate) fn ends_at(ends_at: Option<TimeMs>, now: TimeMs) -> Result<(), Refused> {
    match ends_at {
        Some(ends_at) if ends_at <= now => Err(Refused::Invalid(format!(
            "ends_at: {ends_at} is over: give a time to come"
        ))),
        _ => Ok(()),
    }
}

/// Something as JSON, for its column and for the audit trail.
pub(crate) fn json<T: serde::Serialize>(field: &str, what: &T) -> Result<String, Refused> {
    serde_json::to_string(what).map_err(|error| Refused::Invalid(format!("{field}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_shared::access::Role;

    fn why(result: Result<(), Refused>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn names_are_short_and_plain_and_say_what_is_wrong_with_them() {
        assert!(name("name", "林美华").is_ok());
        assert!(name("name", &"林".repeat(64)).is_ok());
        assert!(why(name("name", &"林".repeat(65))).contains("65 characters"));
        assert!(why(name("name", "")).contains("empty"));
        assert!(why(name("name", "a\nb")).contains("\"a\\nb\""));
        assert!(why(name("name", " a")).contains("space"));
    }

    #[test]
    fn a_gateway_is_never_called_token_nor_like_a_path() {
        assert!(gateway_id("gw-07.east").is_ok());
        assert!(why(gateway_id("token")).contains("token"));
        for id in ["a/b", "..", "a b", "阀", "+"] {
            assert!(gateway_id(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_grant_that_is_a_mistake_is_named_by_its_place() {
        let mut narrow = Grant::whole(Role::Admin);
        narrow.areas = Scope::Only(vec!["350203".into()]);
        let why = why(grants(&[Grant::whole(Role::Viewer), narrow]));
        assert!(why.starts_with("grants[1]: admin: "), "{why}");
        assert!(some_grants(&[]).is_err());
    }

    #[test]
    fn feeds_are_kept_sorted_and_once() {
        let asked: Vec<FeedId> = ["b", "a", "b"].map(FeedId::new).into();
        assert_eq!(feeds(&asked).unwrap(), ["a", "b"].map(FeedId::new));
        assert!(feeds(&[FeedId::new("")]).is_err());
    }
}
