//! `mqtt[s]://[user[:password]@]host[:port][?version=3.1.1&share=GROUP&ca=FILE&certificate=FILE&key=FILE]`.

use std::fmt;
use std::path::PathBuf;

use super::tls::TlsFiles;
use super::{BridgeError, BridgeVersion};

const PORT_DEFAULT: u16 = 1883;
const TLS_PORT_DEFAULT: u16 = 8883;

/// Where the broker is. Shown without credentials.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BrokerUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) version: BridgeVersion,
    /// The group of a shared subscription.
    pub(super) share: Option<String>,
    /// Absent, MQTT is spoken in clear.
    pub(super) tls: Option<TlsFiles>,
}

/// What stands behind the `?`.
#[derive(Default)]
struct Query {
    version: Option<BridgeVersion>,
    share: Option<String>,
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl BrokerUrl {
    /// Reads a broker's URL.
    pub(super) fn parse(url: &str) -> Result<Self, BridgeError> {
        let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
        let wrong = |reason| BridgeError::Url {
            url: place.to_owned(),
            reason,
        };
        let plain = url
            .strip_prefix("mqtt://")
            .or_else(|| url.strip_prefix("tcp://"));
        let (rest, is_tls) = match (plain, url.strip_prefix("mqtts://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => return Err(wrong("the scheme must be mqtt:// or mqtts://")),
        };
        // A password may hold a question mark only in percent-encoding.
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = Query::parse(query).map_err(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        let (user, password) = match credentials.map(|both| both.split_once(':')) {
            None => (None, None),
            Some(None) => (credentials, None),
            Some(Some((user, password))) => (Some(user), Some(password)),
        };
        let decode = |text: Option<&str>| {
            text.map(|text| decode(text).ok_or_else(|| wrong("bad percent-encoding")))
                .transpose()
        };
        let (user, password) = (decode(user)?, decode(password)?);
        let (host, port) = split_port(place).ok_or_else(|| wrong("bad port"))?;
        let port_default = if is_tls {
            TLS_PORT_DEFAULT
        } else {
            PORT_DEFAULT
        };
        if host.is_empty() || host.contains(['/', '?', '#']) {
            return Err(wrong("it must name a host and nothing after it"));
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(port_default),
            user,
            password,
            version: query.version.unwrap_or(BridgeVersion::V5),
            share: query.share.clone(),
            tls: query.tls(is_tls).map_err(wrong)?,
        })
    }
}

impl Query {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value).ok_or("bad percent-encoding")?;
            match (key, value.as_str()) {
                ("version", "3.1.1" | "4") => query.version = Some(BridgeVersion::V4),
                ("version", "5") => query.version = Some(BridgeVersion::V5),
                ("version", _) => return Err("version must be 3.1.1 or 5"),
                ("share", _) => query.share = Some(value),
                ("ca", _) => query.authorities = Some(value.into()),
                ("certificate", _) => query.certificate = Some(value.into()),
                ("key", _) => query.key = Some(value.into()),
                _ => return Err("after ? there may be version, share, ca, certificate and key"),
            }
        }
        Ok(query)
    }

    fn tls(self, is_tls: bool) -> Result<Option<TlsFiles>, &'static str> {
        let own = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("certificate and key go together"),
        };
        let files = TlsFiles {
            authorities: self.authorities,
            own,
        };
        if is_tls {
            return Ok(Some(files));
        }
        if files == TlsFiles::default() {
            Ok(None)
        } else {
            Err("ca, certificate and key are for mqtts://")
        }
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match place.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => place.find(':').map_or((place, ""), |at| place.split_at(at)),
    };
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port.parse().ok()?))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

/// Resolves `%20` and the like.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_in_every_form() {
        for (url, host, port, user, password) in [
            ("mqtt://broker", "broker", 1883, None, None),
            ("mqtt://broker:1884/", "broker", 1884, None, None),
            ("mqtt://[::1]:1884", "::1", 1884, None, None),
            ("mqtt://u@broker", "broker", 1883, Some("u"), None),
            ("mqtts://broker", "broker", 8883, None, None),
            (
                "mqtts://u:p@broker:9/?ca=/a",
                "broker",
                9,
                Some("u"),
                Some("p"),
            ),
            (
                "mqtt://u:p%40%3a:@broker:1",
                "broker",
                1,
                Some("u"),
                Some("p@::"),
            ),
        ] {
            let read = BrokerUrl::parse(url).unwrap();
            assert_eq!((read.host.as_str(), read.port), (host, port), "{url}");
            assert_eq!(
                (read.user.as_deref(), read.password.as_deref()),
                (user, password),
                "{url}"
            );
        }
    }

    #[test]
    fn what_stands_behind_the_question_mark_is_read() {
        let read = BrokerUrl::parse("mqtt://broker?version=3.1.1").unwrap();
        assert_eq!((read.version, read.tls), (BridgeVersion::V4, None));
        let url = "mqtts://broker?ca=/etc/ca%20of%20city.pem&certificate=/c&key=/k&version=5";
        let read = BrokerUrl::parse(url).unwrap();
        assert_eq!(read.version, BridgeVersion::V5);
        let files = TlsFiles {
            authorities: Some("/etc/ca of city.pem".into()),
            own: Some(("/c".into(), "/k".into())),
        };
        assert_eq!(read.tls, Some(files));
        let read = BrokerUrl::parse("mqtts://broker").unwrap();
        assert_eq!(read.tls, Some(TlsFiles::default()));
        assert_eq!(read.to_string(), "mqtts://broker:8883");
    }

    #[test]
    fn a_wrong_url_is_refused_and_its_password_kept_to_itself() {
        for url in [
            "http://u:secret@broker",
            "u:secret@broker",
            "mqtt://u:secret@broker?ca=/a",
            "mqtts://u:secret@broker?certificate=/a",
            "mqtts://u:secret@broker?version=6",
            "mqtts://u:secret@broker?colour=red",
            "mqtt://u:secret@",
            "mqtt://u:secret@broker:port",
            "mqtt://u:secret%zz@broker",
            "mqtt://u:secret@broker/path",
        ] {
            let error = BrokerUrl::parse(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
