//! Where somebody goes who comes in, leaves or has to be sent elsewhere. Pure.

use egret_shared::people::{Kind, Me, MeState};

/// The page of the first start.
pub(crate) const START: &str = "/start";
/// The page with the password.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// The page of a wall that asks to be let in.
pub(crate) const PAIR: &str = "/pair";
/// The page about oneself.
pub(crate) const ME: &str = "/me";
/// Where everybody begins.
pub(crate) const HOME: &str = "/";

/// What an answer to "who is here?" leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// The first admin is made.
    Start,
    /// Somebody is here.
    Inside,
    /// Somebody is here who has to change the password first.
    Password,
    /// This browser asks to become a wall.
    Pair,
    /// Nobody is here: a wall comes in by itself, a person has to sign in.
    Outside,
}

/// Where `me` stands, who opened `path`.
pub(super) fn door(me: &Me, path: &str) -> Door {
    match (me.state, &me.who) {
        (MeState::FirstStart, _) => Door::Start,
        (MeState::Anonymous, _) => Door::Outside,
        (MeState::SignedIn, Some(who)) if who.must_change_password => Door::Password,
        // A person may make the browser in front of them a wall.
        (MeState::SignedIn, Some(who)) if path == PAIR && who.kind != Kind::Device => Door::Pair,
        (MeState::SignedIn | MeState::Open, _) => Door::Inside,
    }
}

/// Whether a path is a way in: nobody who is inside stays there.
pub(super) fn is_entrance(path: &str) -> bool {
    [START, SIGN_IN, PAIR].contains(&path)
}

/// The path, if one may be sent there: a path of this server that is no way in itself. A browser
/// reads `//host` and `/\host` as another server, and skips tabs and line breaks before it does.
pub(crate) fn safe_back(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let leads_away = rest.starts_with(['/', '\\']) || path.contains(|c: char| c.is_control());
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    (!leads_away && !is_entrance(bare) && !bare.starts_with("/api/")).then_some(path)
}

/// The sign-in page that leads back to `back`, which is encoded already; without it where that is
/// where everybody begins.
pub(super) fn sign_in_href(back: &str, encoded: &str) -> String {
    match safe_back(back) {
        Some(HOME) | None => SIGN_IN.to_owned(),
        Some(_) => format!("{SIGN_IN}?back={encoded}"),
    }
}

/// The code of a wall in an address' fragment: `#code=K7QF-2MXD`.
pub(crate) fn code_in_fragment(fragment: &str) -> Option<String> {
    let mut parts = fragment.trim_start_matches('#').split('&');
    let code = parts.find_map(|part| part.strip_prefix("code="))?;
    Some(wall_code(code))
}

/// A wall's code as it is shown, from how somebody types it: capitals, in groups of four.
pub(crate) fn wall_code(typed: &str) -> String {
    /// Two groups: what comes after them is a slip of the finger.
    const SIGNS: usize = 8;
    let signs = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(SIGNS);
    let mut code = String::new();
    for (place, sign) in signs.enumerate() {
        if place == SIGNS / 2 {
            code.push('-');
        }
        code.push(sign.to_ascii_uppercase());
    }
    code
}

#[cfg(test)]
mod tests {
    use egret_shared::access::Scope;
    use egret_shared::people::Who;

    use super::*;

    fn me(state: MeState, who: Option<(Kind, bool)>) -> Me {
        let who = who.map(|(kind, must_change_password)| Who {
            kind,
            id: "1".to_owned(),
            name: "wang".to_owned(),
            display: "Wang".to_owned(),
            grants: Vec::new(),
            rights: Vec::new(),
            scenes: Scope::All,
            must_change_password,
        });
        Me {
            state,
            who,
            oidc: None,
        }
    }

    #[test]
    fn who_is_here_decides_which_door_opens() {
        let user = Some((Kind::User, false));
        for (me, path, to) in [
            (me(MeState::FirstStart, None), "/", Door::Start),
            (me(MeState::Anonymous, None), "/data", Door::Outside),
            (me(MeState::Open, None), "/", Door::Inside),
            (me(MeState::SignedIn, user), "/", Door::Inside),
            (me(MeState::SignedIn, user), PAIR, Door::Pair),
            (
                me(MeState::SignedIn, Some((Kind::Device, false))),
                PAIR,
                Door::Inside,
            ),
            (
                me(MeState::SignedIn, Some((Kind::User, true))),
                "/data",
                Door::Password,
            ),
        ] {
            assert_eq!(door(&me, path), to, "{path}");
        }
    }

    #[test]
    fn one_is_led_back_on_this_server_only() {
        for good in [
            "/",
            "/wall/overview",
            "/metric/a.b?area=1#x",
            "/admin/walls#code=AB",
        ] {
            assert_eq!(safe_back(good), Some(good));
        }
        for bad in [
            "",
            "wall",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/sign-in?back=/",
            "/pair",
            "/api/v1/sign-out",
        ] {
            assert_eq!(safe_back(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_sign_in_page_remembers_where_one_wanted_to_go() {
        assert_eq!(sign_in_href("/", "%2F"), "/sign-in");
        assert_eq!(sign_in_href("//x", "%2F%2Fx"), "/sign-in");
        assert_eq!(sign_in_href("/data", "%2Fdata"), "/sign-in?back=%2Fdata");
    }

    #[test]
    fn a_code_is_written_the_same_however_it_was_typed() {
        for typed in ["K7QF-2MXD", "k7qf2mxd", " k7 qf 2m-xd ", "K7QF-2MXD9"] {
            assert_eq!(wall_code(typed), "K7QF-2MXD");
        }
        assert_eq!(wall_code("k7q"), "K7Q");
        assert_eq!(
            code_in_fragment("#code=k7qf-2mxd").as_deref(),
            Some("K7QF-2MXD")
        );
        assert_eq!(code_in_fragment("#x"), None);
    }
}
