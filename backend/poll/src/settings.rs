//! `[poll]` of the settings file: where may be fetched from, and the secrets that this takes.
//!
//! A secret goes to the hosts that stand with it and to no other: who names a feed's URL names its
//! headers, too, and could otherwise have the server tell them what it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::guard::Guard;
use crate::limits::SECRET_BYTES_MAX;
use crate::secret::Secret;

/// `[poll]` as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PollConfig {
    /// Addresses, networks and hosts that may be fetched from although they are not public.
    pub allow: Vec<String>,
    /// Certificates of authorities that the system does not know, PEM.
    pub ca: Option<PathBuf>,
    /// `[poll.secrets.NAME]`.
    pub secrets: BTreeMap<String, SecretConfig>,
}

/// One `[poll.secrets.NAME]`: in a file or in the environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretConfig {
    /// The file that it stands in; read at each fetch, so that it can be changed.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// The environment variable that it stands in.
    #[serde(default)]
    pub env: Option<String>,
    /// What goes before it, such as `"Bearer "`.
    #[serde(default)]
    pub prefix: String,
    /// The hosts that it may be sent to.
    pub hosts: Vec<String>,
}

/// What is wrong in `[poll]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

/// `[poll]`, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) guard: Guard,
    pub(crate) authorities: Vec<u8>,
    secrets: BTreeMap<String, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    place: Place,
    prefix: String,
    hosts: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Is(Secret),
}

impl Settings {
    /// The settings that `config` comes to. `env` reads the environment.
    ///
    /// # Errors
    /// What is wrong, with its place in `[poll]`.
    pub fn new(
        config: &PollConfig,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let guard =
            Guard::new(&config.allow).map_err(|why| SettingsError(format!("allow: {why}")))?;
        let authorities = match &config.ca {
            None => Vec::new(),
            Some(path) => fs::read(path)
                .map_err(|error| SettingsError(format!("ca: {}: {error}", path.display())))?,
        };
        let secrets = config.secrets.iter().map(|(name, secret)| {
            let known = secret.resolve(&env);
            let known = known.map_err(|why| SettingsError(format!("secrets.{name}: {why}")))?;
            Ok((name.clone(), known))
        });
        Ok(Self {
            guard,
            authorities,
            secrets: secrets.collect::<Result<_, SettingsError>>()?,
        })
    }

    /// The secret `name` as it is now, if it may be sent to `url`; `None` if it may not.
    ///
    /// # Errors
    /// A sentence: there is no such secret, or it cannot be read.
    pub(crate) fn secret(&self, name: &str, url: &Url) -> Result<Option<Secret>, String> {
        let known = self.secrets.get(name);
        let known = known.ok_or_else(|| {
            format!("the settings have no secret \"{name}\": write [poll.secrets.{name}]")
        })?;
        let host = url.host_str().unwrap_or_default();
        if !known.hosts.contains(host.trim_end_matches('.')) {
            return Ok(None);
        }
        let text = match &known.place {
            Place::Is(secret) => secret.text().to_owned(),
            Place::File(path) => {
                read(path).map_err(|why| format!("secret \"{name}\": {}: {why}", path.display()))?
            }
        };
        Ok(Some(Secret::new(format!("{}{text}", known.prefix))))
    }
}

impl SecretConfig {
    fn resolve(&self, env: &impl Fn(&str) -> Option<String>) -> Result<Known, String> {
        let place = match (&self.file, &self.env) {
            (Some(path), None) => {
                read(path).map_err(|why| format!("{}: {why}", path.display()))?;
                Place::File(path.clone())
            }
            (None, Some(name)) => {
                let text = env(name).filter(|text| !text.is_empty());
                let text = text.ok_or_else(|| format!("the environment has no {name}"))?;
                Place::Is(Secret::new(text))
            }
            _ => return Err("say either file or env: where it stands".to_owned()),
        };
        if self.hosts.is_empty() {
            return Err("hosts is empty: name the hosts that it may be sent to".to_owned());
        }
        let hosts = self.hosts.iter().map(|host| host_of(host));
        Ok(Known {
            place,
            prefix: self.prefix.clone(),
            hosts: hosts.collect::<Result<_, String>>()?,
        })
    }
}

/// A host as URLs have it.
fn host_of(text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("hosts: \"{text}\" {why}: write it as feeds.example.city");
    if text.contains(['/', ':', '@', '*']) && text.parse::<std::net::Ipv6Addr>().is_err() {
        return Err(wrong("is no host alone"));
    }
    let host = if let Ok(address) = text.parse() {
        url::Host::Ipv6(address)
    } else {
        url::Host::parse(text).map_err(|error| wrong(&format!("is no host ({error})")))?
    };
    Ok(host.to_string().trim_end_matches('.').to_owned())
}

/// The secret in a file, without the line's end.
fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bounded = file.take(SECRET_BYTES_MAX + 1);
    bounded
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(format!("more than {SECRET_BYTES_MAX} bytes are no secret"));
    }
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, String> {
        let config: PollConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        let env = |name: &str| (name == "KEY").then(|| "0xCAFE".to_owned());
        Settings::new(&config, env).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_goes_to_its_hosts_alone() {
        let text = "[secrets.key]\nenv = \"KEY\"\nprefix = \"Bearer \"\nhosts = [\"Feeds.example\", \"::1\"]";
        let settings = settings(text).unwrap();
        let sent = |url: &str| settings.secret("key", &Url::parse(url).unwrap()).unwrap();
        let told = Some(Secret::new("Bearer 0xCAFE".to_owned()));
        assert_eq!(sent("https://feeds.example/a"), told);
        assert_eq!(sent("https://other.example/a"), None);
        assert_eq!(sent("https://feeds.example.org/a"), None);
        let unknown = settings.secret("other", &Url::parse("https://a").unwrap());
        assert!(unknown.unwrap_err().contains("no secret \"other\""));
        assert_eq!(format!("{told:?}"), "Some(…)");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, said) in [
            (
                "allow = [\"10.0.0.0/40\"]",
                "allow: \"10.0.0.0/40\" is neither",
            ),
            (
                "[secrets.a]\nhosts = [\"a\"]",
                "secrets.a: say either file or env",
            ),
            (
                "[secrets.a]\nenv = \"KEY\"\nhosts = []",
                "secrets.a: hosts is empty",
            ),
            (
                "[secrets.a]\nenv = \"NO\"\nhosts = [\"a\"]",
                "the environment has no NO",
            ),
            (
                "[secrets.a]\nfile = \"/no/such\"\nhosts = [\"a\"]",
                "secrets.a: /no/such: ",
            ),
            (
                "[secrets.a]\nenv = \"KEY\"\nhosts = [\"http://a\"]",
                "is no host alone",
            ),
            ("[secrets.a]\nenv = \"KEY\"", "hosts"),
            ("ca = \"/no/such\"", "ca: /no/such: "),
            ("denied = []", "unknown field `denied`"),
        ] {
            let error = settings(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
