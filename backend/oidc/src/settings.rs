//! Who the issuer is, and how Egret is known to it.

use std::fmt;
use std::path::PathBuf;

use url::{Host, Url};

use crate::error::OidcError;

/// The settings of single sign-on.
#[derive(Clone)]
pub struct Settings {
    /// The issuer's address, under which it has `/.well-known/openid-configuration`: https, or http
    /// on a loopback host.
    pub issuer: Url,
    /// What the issuer calls Egret.
    pub client_id: String,
    /// With what Egret proves it; `None` for a public client. Not shown by `Debug`.
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// What the button says.
    pub name: String,
    /// PEM file with certificates of an intranet's authority, trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// The claim that names people: a claim's name, or a JSON pointer such as `/staff/account`.
    /// Where nobody tells it, it is `sub`. Whoever can choose its value at the issuer chooses
    /// which prepared account they get; so with `email`, a known unverified one is refused.
    pub username_claim: String,
    /// The claim with the groups, a list of texts or one text; as [`Self::username_claim`].
    pub groups_claim: String,
}

impl Settings {
    /// Settings with everything else as it is unless said: no secret, scope `profile`, the issuer's
    /// host on the button, the system's authorities, `preferred_username` and `groups`.
    pub fn new(issuer: Url, client_id: impl Into<String>) -> Self {
        Self {
            name: issuer.host_str().unwrap_or_default().to_owned(),
            issuer,
            client_id: client_id.into(),
            client_secret: None,
            scopes: vec!["profile".to_owned()],
            ca: None,
            username_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
        }
    }

    /// # Errors
    /// [`OidcError::Settings`] names the setting that cannot be used.
    pub(crate) fn check(&self) -> Result<(), OidcError> {
        let fail = |why: String| Err(OidcError::Settings(why));
        let issuer = &self.issuer;
        if !may_be_asked(issuer) {
            return fail(format!(
                "issuer {issuer}: expected https, for others could read and change what is said; \
                 http only on a loopback host"
            ));
        }
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return fail(format!("issuer {issuer}: has no query and no fragment"));
        }
        if !issuer.username().is_empty() || issuer.password().is_some() {
            let host = issuer.host_str().unwrap_or_default();
            return fail(format!("issuer at {host}: has no user and no password"));
        }
        let named = [
            ("client id", &self.client_id),
            ("username claim", &self.username_claim),
            ("groups claim", &self.groups_claim),
        ];
        for (what, value) in named {
            if value.is_empty() {
                return fail(format!("{what}: is empty"));
            }
        }
        Ok(())
    }
}

/// Whether what is said to `url` stays between the two.
pub(crate) fn may_be_asked(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether `url` is of this machine. `localhost` and what is below it always is (RFC 6761).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self.client_secret.as_ref().map(|_| "…");
        f.debug_struct("Settings")
            .field("issuer", &self.issuer.as_str())
            .field("client_id", &self.client_id)
            .field("client_secret", &secret)
            .field("scopes", &self.scopes)
            .field("name", &self.name)
            .field("ca", &self.ca)
            .field("username_claim", &self.username_claim)
            .field("groups_claim", &self.groups_claim)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> Settings {
        Settings::new(issuer.parse().unwrap(), "egret")
    }

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for issuer in [
            "https://id.example.org/realms/city",
            "http://127.0.0.1:8080",
            "http://127.8.8.8",
            "http://[::1]:80/",
            "http://localhost:3000/",
        ] {
            assert_eq!(settings(issuer).check(), Ok(()), "{issuer}");
        }
        for issuer in [
            "http://id.example.org",
            "http://10.0.0.1",
            "http://localhost.example.org",
            "http://[::ffff:a00:1]/",
            "file:///etc/passwd",
            "https://id.example.org/?realm=city",
            "https://id.example.org/#city",
        ] {
            let error = settings(issuer).check().unwrap_err();
            assert!(error.to_string().contains(issuer), "{error}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let mut with = settings("https://id.example.org");
        with.client_secret = Some("fish-and-chips".to_owned());
        assert!(!format!("{with:?}").contains("fish"));
        assert_eq!(with.check(), Ok(()));
        let with = settings("https://egret:fish@id.example.org");
        assert!(!with.check().unwrap_err().to_string().contains("fish"));
    }

    #[test]
    fn an_empty_setting_is_named() {
        let mut empty = settings("https://id.example.org");
        empty.groups_claim = String::new();
        let error = empty.check().unwrap_err().to_string();
        assert_eq!(error, "single sign-on: groups claim: is empty");
    }
}
