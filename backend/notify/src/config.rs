//! `[notify]` of `egret.toml`, as it is written. `settings` makes of it what the outbox runs with.
//!
//! Everything that goes out goes to an address in this file: no request can name another one.

use std::path::PathBuf;

use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::level::Level;
use egret_shared::text::Language;
use egret_shared::time::Span;
use serde::{Deserialize, Serialize};

use crate::notice::NoticeKind;

/// `[notify]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyConfig {
    /// Where people reach this server, for links: `https://egret.city.example`. Without it,
    /// messages have no link.
    pub base_url: Option<String>,
    /// How long a delivery is tried; 3d unless said.
    pub give_up_after: Option<Span>,
    /// `[[notify.channel]]`.
    #[serde(default)]
    pub channel: Vec<ChannelConfig>,
    /// `[[notify.route]]`.
    #[serde(default)]
    pub route: Vec<RouteConfig>,
}

/// What speaks at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// A program, by Standard Webhooks.
    Webhook,
    /// A robot in a group of 钉钉.
    Dingtalk,
    /// A robot in a group of 企业微信.
    Wecom,
    /// A robot in a group of 飞书.
    Feishu,
    /// A mail server.
    Smtp,
}

impl ChannelKind {
    /// Its word in files and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Dingtalk => "dingtalk",
            Self::Wecom => "wecom",
            Self::Feishu => "feishu",
            Self::Smtp => "smtp",
        }
    }
}

/// `[[notify.channel]]`: flat, so that a mistake is told with its line; which keys belong to which
/// kind is checked afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// Its name in routes, the status and the log. What waits for it belongs to this name.
    pub id: String,
    /// What speaks there.
    pub kind: ChannelKind,
    /// Where a webhook or robot is. Robots' addresses are secrets: better in `url_file`.
    pub url: Option<String>,
    /// File with the address alone.
    pub url_file: Option<PathBuf>,
    /// File with the secret for signing: `whsec_…` for a webhook, as the robot's page shows it for
    /// DingTalk and Feishu.
    pub secret_file: Option<PathBuf>,
    /// The mail server.
    pub host: Option<String>,
    /// Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` unless said.
    pub port: Option<u16>,
    /// How it is spoken to; `starttls` unless said.
    pub tls: Option<TlsMode>,
    /// The account there.
    pub user: Option<String>,
    /// File with the account's password.
    pub password_file: Option<PathBuf>,
    /// The sender: `Egret <egret@city.example>`.
    pub from: Option<String>,
    /// PEM file with certificates of an intranet's authority, trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// Whether `http://` is good for a webhook that is not on this machine: others on the way can
    /// read what is sent then, but not change it.
    #[serde(default)]
    pub allow_http: bool,
    /// Most messages in a minute; by kind unless said.
    pub per_minute: Option<u32>,
    /// How many may wait for one recipient before they become one message, 0 for never; by kind
    /// unless said.
    pub merge_over: Option<usize>,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// In clear.
    None,
    /// In clear first, and over TLS before anything is said.
    #[default]
    Starttls,
    /// Over TLS.
    Tls,
}

/// `[[notify.route]]`: which notices go to whom. Filters that are left out let everything pass;
/// all that are there must.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// Where to.
    pub to: Vec<TargetConfig>,
    /// This level or a higher one.
    pub level: Option<Level>,
    /// One of these kinds.
    pub kinds: Option<Vec<NoticeKind>>,
    /// One of these classes.
    pub classes: Option<Vec<String>>,
    /// In one of these areas, or below it.
    pub areas: Option<Vec<AreaCode>>,
    /// One of these departments leads or supports.
    pub departments: Option<Vec<DepartmentId>>,
    /// It concerns one of these people, by user name.
    pub persons: Option<Vec<String>>,
    /// Hours in the city's time: `"08:00-18:00"`, `"22:00-06:00"`, several with commas.
    pub hours: Option<String>,
    /// Days on which the hours begin; every day unless said.
    pub days: Option<Vec<Day>>,
    /// The language; `zh` unless said.
    #[serde(default)]
    pub language: Language,
    /// What becomes of a notice outside the hours. A red one goes out at once in any case.
    #[serde(default)]
    pub quiet: Quiet,
}

/// One target of a route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// The channel's id.
    pub channel: String,
    /// E-mail addresses, for a mail server.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Whom a robot calls: phone numbers for DingTalk, user ids for WeCom, open ids for Feishu.
    #[serde(default)]
    pub mentions: Vec<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are days")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// What becomes of a notice outside the hours of its route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quiet {
    /// It is not sent by this route.
    Drop,
    /// It waits until the hours begin.
    #[default]
    Hold,
}
