//! `[[notify.channel]]`: which keys belong to which kind, and the files they name.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::Mailbox;
use url::{Host, Url};

use super::{Channel, Check};
use crate::config::{ChannelConfig, ChannelKind, TlsMode};
use crate::limits::{
    FEISHU_PER_MINUTE, MERGE_OVER, MERGE_OVER_WEBHOOK, PER_MINUTE_MAX, ROBOT_PER_MINUTE,
    SECRET_BYTES_MAX, SECRET_BYTES_MIN, SECRET_FILE_BYTES_MAX, SMTP_PER_MINUTE, WAITING_MAX,
    WEBHOOK_PER_MINUTE,
};
use crate::send::http::{Dialect, HttpSender};
use crate::send::smtp::{Account, SmtpSender};
use crate::send::{Secret, Sender};

/// Longest id of a channel, in bytes: it stands in every delivery.
const ID_BYTES_MAX: usize = 64;

/// The channel, if it can be one.
pub(super) fn checked(check: &mut Check, path: &str, config: &ChannelConfig) -> Option<Channel> {
    let is_id = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let id = &config.id;
    if id.is_empty() || id.len() > ID_BYTES_MAX || !id.chars().all(is_id) {
        let why = format!("\"{id}\": expected up to {ID_BYTES_MAX} letters, digits, -, _ and .");
        check.wrong(&format!("{path}.id"), why);
    }
    foreign_keys(check, path, config);
    let (per_minute, merge_over) = pace(check, path, config);
    let sender = match config.kind {
        ChannelKind::Smtp => smtp(check, path, config).map(Sender::Smtp),
        _ => http(check, path, config).map(Sender::Http),
    }?;
    Some(Channel {
        id: id.clone(),
        kind: config.kind,
        per_minute,
        merge_over,
        sender,
    })
}

/// Tells of keys that mean nothing for this kind.
fn foreign_keys(check: &mut Check, path: &str, config: &ChannelConfig) {
    let is_smtp = config.kind == ChannelKind::Smtp;
    let signs = !is_smtp && config.kind != ChannelKind::Wecom;
    let keys = [
        ("url", config.url.is_some(), !is_smtp),
        ("url_file", config.url_file.is_some(), !is_smtp),
        ("secret_file", config.secret_file.is_some(), signs),
        ("allow_http", config.allow_http, !is_smtp),
        ("host", config.host.is_some(), is_smtp),
        ("port", config.port.is_some(), is_smtp),
        ("tls", config.tls.is_some(), is_smtp),
        ("user", config.user.is_some(), is_smtp),
        ("password_file", config.password_file.is_some(), is_smtp),
        ("from", config.from.is_some(), is_smtp),
    ];
    for (key, is_there, belongs) in keys {
        if is_there && !belongs {
            let kind = config.kind.as_str();
            let why = format!("means nothing for kind \"{kind}\": leave it out");
            check.wrong(&format!("{path}.{key}"), why);
        }
    }
}

fn pace(check: &mut Check, path: &str, config: &ChannelConfig) -> (u32, usize) {
    let (per_minute, merge_over) = match config.kind {
        ChannelKind::Webhook => (WEBHOOK_PER_MINUTE, MERGE_OVER_WEBHOOK),
        ChannelKind::Dingtalk | ChannelKind::Wecom => (ROBOT_PER_MINUTE, MERGE_OVER),
        ChannelKind::Feishu => (FEISHU_PER_MINUTE, MERGE_OVER),
        ChannelKind::Smtp => (SMTP_PER_MINUTE, MERGE_OVER),
    };
    let per_minute = config.per_minute.unwrap_or(per_minute);
    if per_minute == 0 || per_minute > PER_MINUTE_MAX {
        let why = format!("{per_minute}: expected 1 to {PER_MINUTE_MAX}");
        check.wrong(&format!("{path}.per_minute"), why);
    }
    let merge_over = config.merge_over.unwrap_or(merge_over);
    if merge_over > WAITING_MAX {
        let why = format!("{merge_over}: expected {WAITING_MAX} at most, or 0 for never");
        check.wrong(&format!("{path}.merge_over"), why);
    }
    (per_minute, merge_over)
}

fn http(check: &mut Check, path: &str, config: &ChannelConfig) -> Option<HttpSender> {
    let url = url(check, path, config)?;
    let secret = match &config.secret_file {
        Some(file) => Some(secret(check, &format!("{path}.secret_file"), file)?),
        None => None,
    };
    let dialect = match config.kind {
        ChannelKind::Webhook => Dialect::Webhook(webhook_key(check, path, secret)?),
        ChannelKind::Dingtalk => Dialect::Dingtalk(secret),
        ChannelKind::Wecom => Dialect::Wecom,
        ChannelKind::Feishu => Dialect::Feishu(secret),
        ChannelKind::Smtp => return None,
    };
    let ca = authority(check, path, config)?;
    match HttpSender::new(url, dialect, ca.as_deref()) {
        Ok(sender) => Some(sender),
        Err(why) => {
            check.wrong(&format!("{path}.ca"), why);
            None
        }
    }
}

fn url(check: &mut Check, path: &str, config: &ChannelConfig) -> Option<Url> {
    let (path, text) = match (&config.url, &config.url_file) {
        (Some(url), None) => (format!("{path}.url"), url.clone()),
        (None, Some(file)) => {
            let path = format!("{path}.url_file");
            let secret = secret(check, &path, file)?;
            (path, secret.text().to_owned())
        }
        (Some(_), Some(_)) => {
            check.wrong(path, "has url and url_file: keep one of them");
            return None;
        }
        (None, None) => {
            check.wrong(path, "has no address: write url or url_file");
            return None;
        }
    };
    // The address itself is a secret: it is not repeated.
    let url = match Url::parse(text.trim()) {
        Ok(url) if url.host().is_some() => url,
        Ok(_) => {
            check.wrong(&path, "is no address: expected https://HOST/PATH");
            return None;
        }
        Err(error) => {
            check.wrong(
                &path,
                format!("is no address: {error}; expected https://HOST/PATH"),
            );
            return None;
        }
    };
    let is_good = match url.scheme() {
        "https" => true,
        "http" => config.allow_http || is_loopback(&url),
        _ => false,
    };
    if !is_good {
        let why = format!(
            "{}://{} could be read by others: expected https, or allow_http = true",
            url.scheme(),
            url.host_str().unwrap_or_default()
        );
        check.wrong(&path, why);
        return None;
    }
    Some(url)
}

/// Whether `url` is of this machine. `localhost` and what is below it always is (RFC 6761).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The key behind `whsec_`.
fn webhook_key(check: &mut Check, path: &str, secret: Option<Secret>) -> Option<Secret> {
    let path = format!("{path}.secret_file");
    let Some(secret) = secret else {
        let why = "is missing: a webhook is signed; make one by \
                   `echo whsec_$(openssl rand -base64 32)`";
        check.wrong(&path, why);
        return None;
    };
    let key = secret.text().strip_prefix("whsec_");
    let key = key.and_then(|key| STANDARD.decode(key).ok());
    match key {
        Some(key) if (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&key.len()) => {
            Some(Secret::new(key))
        }
        _ => {
            let why = format!(
                "has no key: expected whsec_ and {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes \
                 in base64, as `echo whsec_$(openssl rand -base64 32)` makes it"
            );
            check.wrong(&path, why);
            None
        }
    }
}

fn smtp(check: &mut Check, path: &str, config: &ChannelConfig) -> Option<SmtpSender> {
    let n_mistakes = check.mistakes.len();
    let host = config.host.clone().unwrap_or_default();
    if host.is_empty() {
        check.wrong(&format!("{path}.host"), "is missing: the mail server");
    }
    let from = match config.from.as_deref().map(str::parse::<Mailbox>) {
        Some(Ok(from)) if from.email.to_string().is_ascii() => Some(from),
        Some(_) => {
            let why = "is no sender: expected \"Egret <egret@city.example>\"";
            check.wrong(&format!("{path}.from"), why);
            None
        }
        None => {
            check.wrong(&format!("{path}.from"), "is missing: who sends");
            None
        }
    };
    let tls = config.tls.unwrap_or_default();
    let account = account(check, path, config, tls, &host);
    let ca = authority(check, path, config)?;
    let from = from.filter(|_| check.mistakes.len() == n_mistakes)?;
    let port = config.port.unwrap_or(match tls {
        TlsMode::None => 25,
        TlsMode::Starttls => 587,
        TlsMode::Tls => 465,
    });
    match SmtpSender::new(host, port, tls, account, from, ca.as_deref()) {
        Ok(sender) => Some(sender),
        Err(why) => {
            check.wrong(&format!("{path}.ca"), why);
            None
        }
    }
}

fn account(
    check: &mut Check,
    path: &str,
    config: &ChannelConfig,
    tls: TlsMode,
    host: &str,
) -> Option<Account> {
    match (&config.user, &config.password_file) {
        (Some(user), Some(file)) => {
            let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
            if tls == TlsMode::None && !is_here {
                let why = "\"none\" would send the password in clear: expected starttls or tls";
                check.wrong(&format!("{path}.tls"), why);
            }
            let password = secret(check, &format!("{path}.password_file"), file)?;
            Some(Account {
                user: user.clone(),
                password,
            })
        }
        (Some(_), None) => {
            check.wrong(
                &format!("{path}.password_file"),
                "is missing: user needs it",
            );
            None
        }
        (None, Some(_)) => {
            check.wrong(
                &format!("{path}.user"),
                "is missing: password_file needs it",
            );
            None
        }
        (None, None) => None,
    }
}

/// The authority's PEM; inside `None` if there is none, outside if it cannot be read.
#[expect(clippy::option_option, reason = "absent and unreadable are different")]
fn authority(check: &mut Check, path: &str, config: &ChannelConfig) -> Option<Option<Vec<u8>>> {
    let Some(file) = &config.ca else {
        return Some(None);
    };
    match std::fs::read(file) {
        Ok(pem) => Some(Some(pem)),
        Err(error) => {
            check.wrong(
                &format!("{path}.ca"),
                format!("{}: {error}", file.display()),
            );
            None
        }
    }
}

/// What stands in `file`, without white space around it.
fn secret(check: &mut Check, path: &str, file: &Path) -> Option<Secret> {
    let place = file.display();
    let read = std::fs::File::open(file).and_then(|open| {
        let mut text = String::new();
        open.take(SECRET_FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)?;
        Ok(text)
    });
    let why = match read {
        Ok(text) if text.trim().is_empty() => format!("{place}: is empty"),
        Ok(text) if text.len() as u64 > SECRET_FILE_BYTES_MAX => {
            format!("{place}: is longer than {SECRET_FILE_BYTES_MAX} bytes")
        }
        Ok(text) => return Some(Secret::new(text.trim().as_bytes().to_vec())),
        Err(error) => format!("{place}: {error}"),
    };
    check.wrong(path, why);
    None
}
