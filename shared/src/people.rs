//! What is said over REST about people, their sessions, tokens, devices, gateways, and the audit
//! trail. `docs/access.md` tells it in prose.

mod wall;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use wall::{
    Approve, Ask, Challenge, DeviceChange, DeviceRow, DeviceSignIn, Pair, Pairing, PairingRow,
    PairingState,
};

use crate::access::{Grant, Right, Scope};
use crate::id::{FeedId, SceneId};
use crate::time::TimeMs;

/// How whoever asks stands to the server: `GET /api/v1/me`. The one answer that everybody gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Whether somebody is signed in.
    pub state: MeState,
    /// Who; absent while nobody is.
    #[serde(default)]
    pub who: Option<Who>,
    /// The name of the city's single sign-on, if it has one.
    #[serde(default)]
    pub oidc: Option<String>,
}

/// Whether somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeState {
    /// There is no account yet: the first admin is made with the code that the server printed.
    FirstStart,
    /// Nobody is signed in.
    Anonymous,
    /// Somebody is.
    SignedIn,
    /// The server runs with `--insecure-open`: everything is open to this machine.
    Open,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// A person, token, device or gateway.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The name to sign in with, or the device's or token's name.
    pub name: String,
    /// What people call it.
    pub display: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Every right that any of the grants gives.
    pub rights: Vec<Right>,
    /// The scenes that a device may show.
    pub scenes: Scope<SceneId>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person.
    User,
    /// An API token.
    Token,
    /// A paired wall.
    Device,
    /// A sensor gateway.
    Gateway,
    /// The server's own command line.
    Console,
    /// Nobody who could be named.
    Anonymous,
    /// A rule of the city package.
    Rule,
}

impl Kind {
    /// The kind's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Device => "device",
            Self::Gateway => "gateway",
            Self::Console => "console",
            Self::Anonymous => "anonymous",
            Self::Rule => "rule",
        }
    }
}

/// `POST /api/v1/first-start`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstStart {
    /// The one-time code that the server printed.
    pub code: String,
    /// The first admin's name.
    pub name: String,
    /// The first admin's password.
    pub password: String,
}

/// `POST /api/v1/sign-in`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// `POST /api/v1/me/password`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one until now.
    pub old: String,
    /// The one from now on.
    pub new: String,
}

/// One of a person's or device's sessions: `GET /api/v1/me/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its public id; no secret.
    pub id: String,
    /// When it began.
    pub created_at: TimeMs,
    /// When it was last used, to the minute.
    pub seen_at: TimeMs,
    /// When it ends at the latest.
    pub ends_at: TimeMs,
    /// The address it came from last.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A person: `GET /api/v1/admin/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Its id.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// What people call it.
    pub display: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Whether it signs in by the city's single sign-on alone.
    pub external: bool,
    /// Whether it must change its password at the next sign-in.
    pub must_change_password: bool,
    /// When it was made.
    pub created_at: TimeMs,
    /// When it last signed in.
    pub signed_in_at: Option<TimeMs>,
    /// How many sessions it has.
    pub sessions: u32,
}

/// `POST /api/v1/admin/users`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name to sign in with.
    pub name: String,
    /// What people call it; the name, if empty.
    #[serde(default)]
    pub display: String,
    /// A first password, to be changed at the first sign-in; absent for single sign-on alone.
    #[serde(default)]
    pub password: Option<String>,
    /// What it may do.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// `PATCH /api/v1/admin/users/{id}`: what is absent stays.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserChange {
    /// What people call it.
    pub display: Option<String>,
    /// What it may do.
    pub grants: Option<Vec<Grant>>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
    /// A new password, to be changed at the next sign-in; ends every session.
    pub password: Option<String>,
}

/// An API token: `GET /api/v1/admin/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The first characters of the secret, to recognise it by.
    pub hint: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it was made.
    pub created_at: TimeMs,
    /// When it ends by itself.
    pub ends_at: Option<TimeMs>,
    /// When it was last used, to the minute.
    pub seen_at: Option<TimeMs>,
}

/// `POST /api/v1/admin/tokens`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it is to end by itself.
    #[serde(default)]
    pub ends_at: Option<TimeMs>,
}

/// A secret that is shown once: of a new token or gateway.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// The id of what it belongs to.
    pub id: String,
    /// The secret.
    pub secret: String,
}

/// A gateway's credential at the MQTT endpoint: `GET /api/v1/admin/gateways`. Its id is the user
/// name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRow {
    /// The MQTT user name.
    pub id: String,
    /// What people call it.
    pub display: String,
    /// The feeds whose topics it may publish to.
    pub feeds: Vec<FeedId>,
    /// Whether it is not let in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: TimeMs,
    /// When it last connected, to the minute.
    pub seen_at: Option<TimeMs>,
}

/// `POST /api/v1/admin/gateways`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGateway {
    /// The MQTT user name.
    pub id: String,
    /// What people call it; the id, if empty.
    #[serde(default)]
    pub display: String,
    /// The feeds whose topics it may publish to.
    pub feeds: Vec<FeedId>,
}

/// `PATCH /api/v1/admin/gateways/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayChange {
    /// What people call it.
    pub display: Option<String>,
    /// The feeds whose topics it may publish to.
    pub feeds: Option<Vec<FeedId>>,
    /// Whether it is not let in.
    pub disabled: Option<bool>,
}

/// A line of the audit trail: `GET /api/v1/audit`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// When.
    pub at: TimeMs,
    /// Who, by kind.
    pub kind: Kind,
    /// Who, by id; empty for nobody.
    pub actor: String,
    /// Who, by name at that time; what was claimed, of an unknown user.
    pub name: String,
    /// From where.
    pub address: String,
    /// What was done, as a word such as `sign_in` or `user.change`.
    pub action: String,
    /// On what.
    pub target: String,
    /// Whether it was allowed and done.
    pub outcome: Outcome,
    /// What else there is to say; no secret and no personal data.
    pub detail: String,
    /// The line's own seal in hexadecimal: over the line and the seal before it.
    pub seal: String,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed.
    Denied,
    /// It was allowed and went wrong.
    Failed,
}

impl Outcome {
    /// The word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Whether the audit trail is whole: `GET /api/v1/audit/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many lines there are.
    pub lines: u64,
    /// The newest line's seal, to be written down elsewhere.
    pub head: String,
    /// The first fault, in words; absent if there is none.
    pub fault: Option<String>,
}

/// Personal fields of a report: `GET /api/v1/reports/{feed}/{report}/personal` masked,
/// `POST` with a [`Reason`] in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Name and value of each field.
    pub fields: Vec<(String, String)>,
    /// Whether the values are masked.
    pub masked: bool,
    /// Whether they have been erased.
    pub erased: bool,
}

/// Why somebody wants to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A sentence for the audit trail.
    pub reason: String,
}

/// `POST /api/v1/persons/erase`: erases every report's personal fields in which this value stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// A phone number, name or address, as it was sent.
    pub value: String,
    /// A sentence for the audit trail.
    pub reason: String,
}

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Of how many reports.
    pub reports: u64,
}

/// What carries a password or another secret shows nothing of itself: it must not end in a log.
macro_rules! shows_nothing {
    ($($name:ident),* $(,)?) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

shows_nothing!(
    FirstStart,
    SignIn,
    ChangePassword,
    NewUser,
    UserChange,
    Secret
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let form = SignIn {
            name: "lin".to_owned(),
            password: "correct horse".to_owned(),
        };
        assert_eq!(format!("{form:?}"), "SignIn { .. }");
    }
}
