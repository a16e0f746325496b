//! What walls, and admins about walls, say: pairing, signing in by a key, the list.

use serde::{Deserialize, Serialize};

use crate::access::{Grant, Scope};
use crate::id::SceneId;
use crate::time::TimeMs;

/// `POST /api/v1/pair`: a wall asks to be paired.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Its public key: an uncompressed point of P-256, 65 bytes in base64url without padding.
    pub key: String,
}

/// A pairing under way, as the wall sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// The pairing's id, known to the wall alone; the device's id once it is approved.
    pub id: String,
    /// What an admin types: eight characters in two groups. No secret: it needs an admin.
    pub code: String,
    /// Where it stands.
    pub state: PairingState,
    /// Until when an admin may approve it.
    pub ends_at: TimeMs,
}

/// Where a pairing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PairingState {
    /// Nobody has approved it yet.
    Waiting,
    /// It may sign in.
    Approved,
    /// Nobody did in time, or somebody refused.
    Ended,
}

/// A pairing that waits, as an admin sees it: `GET /api/v1/admin/pairings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingRow {
    /// What the wall shows.
    pub code: String,
    /// The wall's address.
    pub address: String,
    /// What its browser called itself.
    pub agent: String,
    /// Until when it may be approved.
    pub ends_at: TimeMs,
}

/// `POST /api/v1/admin/pairings/{code}`: lets a wall in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// What people call the wall.
    pub name: String,
    /// What it may see.
    pub grants: Vec<Grant>,
    /// What it may show.
    pub scenes: Scope<SceneId>,
}

/// `POST /api/v1/device/challenge`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The device's id.
    pub device: String,
}

/// What a device has to sign to come in: the bytes of `egret-device-v1:` + `nonce`, and, if it
/// brings a new key, of `:` + that key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Good once, and for a minute.
    pub nonce: String,
    /// Whether the key is so old that the device has to bring a new one.
    pub rotate: bool,
}

/// `POST /api/v1/device/sign-in`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSignIn {
    /// The device's id.
    pub device: String,
    /// The challenge.
    pub nonce: String,
    /// ECDSA with P-256 and SHA-256, as WebCrypto writes it: 64 bytes in base64url.
    pub signature: String,
    /// The key that the device will sign with from its next sign-in on. As in [`Pair::key`].
    #[serde(default)]
    pub next_key: Option<String>,
}

/// A paired wall: `GET /api/v1/admin/devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may see.
    pub grants: Vec<Grant>,
    /// What it may show.
    pub scenes: Scope<SceneId>,
    /// When it was paired.
    pub created_at: TimeMs,
    /// When its key was last changed.
    pub key_at: TimeMs,
    /// When it was last seen, to the minute.
    pub seen_at: Option<TimeMs>,
    /// Where it was last seen.
    pub address: String,
}

/// `PATCH /api/v1/admin/devices/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceChange {
    /// What people call it.
    pub name: Option<String>,
    /// What it may see.
    pub grants: Option<Vec<Grant>>,
    /// What it may show.
    pub scenes: Option<Scope<SceneId>>,
}
