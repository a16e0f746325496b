//! The cookies: who has signed in, which browser somebody has used before, and who is on the way to
//! the city's single sign-on.

use axum::http::{HeaderMap, HeaderValue, header};

/// How long a browser is known: as long as the longest that a browser keeps a cookie.
const KNOWN_FOR_S: i64 = 400 * 24 * 3_600;

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session's secret.
    Session,
    /// A browser that somebody has signed in with before.
    Known,
    /// A browser that was sent to the single sign-on and has not come back.
    Flow,
}

impl Cookie {
    /// Its name. Under TLS it says so itself: no other host or path can have set it.
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, false) => "egret_session",
            (Self::Session, true) => "__Host-egret_session",
            (Self::Known, false) => "egret_known",
            (Self::Known, true) => "__Host-egret_known",
            (Self::Flow, false) => "egret_flow",
            (Self::Flow, true) => "__Host-egret_flow",
        }
    }

    /// Its value among a request's cookies.
    pub(crate) fn read(self, headers: &HeaderMap, is_secure: bool) -> Option<&str> {
        let name = self.name(is_secure);
        let lines = headers.get_all(header::COOKIE).iter();
        let texts = lines.filter_map(|line| line.to_str().ok());
        let mut pairs = texts
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    /// The header that sets it for `seconds`, or takes it away.
    pub(crate) fn set(self, value: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
        let secure = if is_secure { "; Secure" } else { "" };
        let name = self.name(is_secure);
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // What we make ourselves has no character that a header cannot carry.
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The header that remembers a browser.
    pub(crate) fn remember(value: &str, is_secure: bool) -> Option<HeaderValue> {
        Self::Known.set(value, KNOWN_FOR_S, is_secure)
    }

    /// The header that takes it away.
    pub(crate) fn forget(self, is_secure: bool) -> Option<HeaderValue> {
        self.set("", 0, is_secure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        let line = "a=1; xegret_session=no; egret_session=yes=; egret_known=k";
        headers.insert(header::COOKIE, HeaderValue::from_static(line));
        assert_eq!(Cookie::Session.read(&headers, false), Some("yes="));
        assert_eq!(Cookie::Known.read(&headers, false), Some("k"));
        assert_eq!(Cookie::Session.read(&headers, true), None);
    }

    #[test]
    fn under_tls_a_cookie_stays_with_its_host() {
        let set = Cookie::Session.set("s", 60, true).unwrap();
        let text = set.to_str().unwrap();
        assert!(text.starts_with("__Host-egret_session=s; Path=/;"));
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Max-Age=60"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Domain"));
    }
}
