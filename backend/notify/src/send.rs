//! What goes out: one letter to one recipient, and what became of it.
//!
//! A try ends in one of four ways, and the difference between "not taken" and "not known" is the
//! whole guarantee: what may have arrived is sent again with a mark, what has not, without.

pub(crate) mod http;
pub(crate) mod smtp;

mod dingtalk;
mod feishu;
mod webhook;
mod wecom;

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use egret_shared::text::Language;
use egret_shared::time::TimeMs;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use url::Url;

use crate::digest::Digest;
use crate::notice::Notice;

/// Something that stays out of logs.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its text; empty if it is none.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One message to one recipient.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// The same at every try: made of the notice's key, the channel and the recipient.
    pub(crate) id: String,
    /// An address; empty where the channel itself is the recipient.
    pub(crate) recipient: String,
    pub(crate) mentions: Vec<String>,
    pub(crate) language: Language,
    /// Whether an earlier try may have arrived.
    pub(crate) maybe_repeated: bool,
    pub(crate) content: Content,
    /// Where people reach this server.
    pub(crate) base_url: Option<Url>,
    /// The city's time zone.
    pub(crate) zone: Tz,
    /// When this try begins.
    pub(crate) now: TimeMs,
}

/// What a letter tells.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Notice(Box<Notice>),
    /// Many at once.
    Digest(Digest),
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it.
    Sent,
    /// The receiver certainly does not have it; another try may help.
    NotTaken(Failure),
    /// The receiver may have it: bytes went, and no answer came.
    Unknown(Failure),
    /// The receiver does not want it, and will not.
    Never(String),
}

/// Why a try failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// In words, without secrets.
    pub(crate) why: String,
    /// Whether nobody can be reached by this channel now.
    pub(crate) is_channel: bool,
    /// How long the receiver wants not to be asked.
    pub(crate) wait: Option<Duration>,
}

impl Failure {
    pub(crate) fn channel(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_channel: true,
            wait: None,
        }
    }

    pub(crate) fn recipient(why: impl Into<String>) -> Self {
        Self {
            is_channel: false,
            ..Self::channel(why)
        }
    }
}

/// How a channel sends.
pub(crate) enum Sender {
    Http(http::HttpSender),
    Smtp(smtp::SmtpSender),
}

impl Sender {
    /// One try.
    pub(crate) async fn send(&self, letter: &Letter) -> Outcome {
        match self {
            Self::Http(sender) => sender.send(letter).await,
            Self::Smtp(sender) => sender.send(letter).await,
        }
    }

    /// Where it sends to, without what is secret.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Http(sender) => sender.place(),
            Self::Smtp(sender) => sender.place(),
        }
    }
}

/// HMAC-SHA256, in base64.
fn signature(key: &[u8], message: &[u8]) -> String {
    use base64::Engine as _;
    let bytes = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    };
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
