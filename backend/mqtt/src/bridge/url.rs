//! `mqtt://[user[:password]@]host[:port]`.

use std::fmt;

use super::BridgeError;

const PORT_DEFAULT: u16 = 1883;

/// Where the broker is. Shown without credentials.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BrokerUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl BrokerUrl {
    /// Reads a broker's URL.
    pub(super) fn parse(url: &str) -> Result<Self, BridgeError> {
        let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
        let wrong = |reason| BridgeError::Url {
            url: place.to_owned(),
            reason,
        };
        let rest = url
            .strip_prefix("mqtt://")
            .or_else(|| url.strip_prefix("tcp://"))
            .ok_or_else(|| wrong("the scheme must be mqtt:// (TLS is not built in yet)"))?;
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
        if host.is_empty() || host.contains(['/', '?', '#']) {
            return Err(wrong("it must name a host and nothing after it"));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            user,
            password,
        })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mqtt://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(place: &str) -> Option<(&str, u16)> {
    let (host, rest) = match place.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => place.find(':').map_or((place, ""), |at| place.split_at(at)),
    };
    match rest.strip_prefix(':') {
        Some(port) => Some((host, port.parse().ok()?)),
        None if rest.is_empty() => Some((host, PORT_DEFAULT)),
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
    fn a_wrong_url_is_refused_and_its_password_kept_to_itself() {
        for url in [
            "mqtts://u:secret@broker",
            "u:secret@broker",
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
