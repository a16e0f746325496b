//! What a wall says to be let in.

use egret_shared::people::{Ask, Challenge, DeviceSignIn, Me, Pair, Pairing};

use super::ApiError;
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
