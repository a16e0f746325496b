//! What a wall says to be let in, and what it is told by a desk.

use egret_shared::people::{Ask, Challenge, DeviceSignIn, Me, Pair, Pairing};
use egret_shared::wall::{DriveOrder, WallRow};

use super::ApiError;
use super::people::Whole;
use super::request::{Method, encoded, json, send};

/// Asks to be paired.
///
/// # Errors
/// The caller says so and asks again.
pub(crate) async fn pair(key: &str) -> Result<Pairing, ApiError> {
    let key = key.to_owned();
    send(Method::Post, "/api/v1/pair", &Pair { key }).await
}

/// Where a pairing stands.
///
/// # Errors
/// Unknown, if it is too long ago.
pub(crate) async fn pairing(id: &str) -> Result<Pairing, ApiError> {
    json(&format!("/api/v1/pair/{}", encoded(id))).await
}

/// The picture that an admin scans.
pub(crate) fn qr_href(id: &str) -> String {
    format!("/api/v1/pair/{}/qr.svg", encoded(id))
}

/// What the wall has to sign to come in.
///
/// # Errors
/// Unknown, for a wall that was revoked.
pub(crate) async fn challenge(device: &str) -> Result<Challenge, ApiError> {
    let device = device.to_owned();
    send(Method::Post, "/api/v1/device/challenge", &Ask { device }).await
}

/// Comes in.
///
/// # Errors
/// `bad_signature`; unknown, for a wall that was revoked.
pub(crate) async fn sign_in(signed: &DeviceSignIn) -> Result<Me, ApiError> {
    send(Method::Post, "/api/v1/device/sign-in", signed).await
}

/// The walls that whoever asks may drive.
///
/// # Errors
/// The caller says so and asks again.
pub(crate) async fn walls() -> Result<Vec<WallRow>, ApiError> {
    let walls: Whole<WallRow> = json("/api/v1/walls?limit=1000").await?;
    Ok(walls.items)
}

/// Tells a wall what to show; how it stands then.
///
/// # Errors
/// Unknown, for a wall that is not theirs; 422 with a code that says what is in the way.
pub(crate) async fn drive(wall: &str, order: &DriveOrder) -> Result<WallRow, ApiError> {
    let path = format!("/api/v1/walls/{}/drive", encoded(wall));
    send(Method::Post, &path, order).await
}
