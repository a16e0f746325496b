//! Walls: pairing, and signing in by their own key.

use axum::Json;
use axum::extract::State;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use egret_people::Refused;
use egret_shared::people::{Ask, Challenge, DeviceSignIn, Pair, Pairing};
use qrcode::QrCode;
use qrcode::render::svg;

use super::{blocking, opened};
use crate::api::Context;
use crate::api::extract::{JsonBody, Path};
use crate::api::problem::Problem;
use crate::auth::admit::Asked;
use crate::clock;

/// The smallest side of the picture, in pixels of its own; it scales.
const QR_PX: u32 = 240;

/// `POST /api/v1/pair`.
pub(in crate::api) async fn ask(
    State(context): State<Context>,
    asked: Asked,
    JsonBody(pair): JsonBody<Pair>,
) -> Result<Json<Pairing>, Problem> {
    let (people, visit) = (context.access.people.clone(), asked.visit);
    let pairing = blocking(move || people.ask_pairing(&visit, &pair, clock::now())).await?;
    Ok(Json(pairing))
}

/// `GET /api/v1/pair/{id}`.
pub(in crate::api) async fn pairing(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<Json<Pairing>, Problem> {
    found(&context, &id).map(Json)
}

/// `GET /api/v1/pair/{id}/qr.svg`: where an admin approves it, with the code behind the `#`, which
/// no server is ever sent.
pub(in crate::api) async fn qr(
    State(context): State<Context>,
    asked: Asked,
    headers: HeaderMap,
    uri: Uri,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let pairing = found(&context, &id)?;
    let named = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = named.or_else(|| uri.authority().map(Authority::as_str));
    let host = host.ok_or_else(|| Problem::bad("the request names no host"))?;
    let scheme = if asked.is_secure { "https" } else { "http" };
    let address = format!("{scheme}://{host}/admin/walls#code={}", pairing.code);
    let code = QrCode::new(address.as_bytes())
        .map_err(|error| Problem::bad(format!("{address} is no QR code: {error}")))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(QR_PX, QR_PX)
        .build();
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture))
}

fn found(context: &Context, id: &str) -> Result<Pairing, Problem> {
    let pairing = context.access.people.pairing(id, clock::now());
    pairing.ok_or_else(|| Refused::Missing("such pairing".to_owned()).into())
}

/// `POST /api/v1/device/challenge`.
pub(in crate::api) async fn challenge(
    State(context): State<Context>,
    JsonBody(ask): JsonBody<Ask>,
) -> Result<Json<Challenge>, Problem> {
    let challenge = context.access.people.challenge(&ask, clock::now());
    let missing = || Refused::Missing("such device, or it has been revoked".to_owned());
    Ok(Json(challenge.ok_or_else(missing)?))
}

/// `POST /api/v1/device/sign-in`.
pub(in crate::api) async fn sign_in(
    State(context): State<Context>,
    asked: Asked,
    JsonBody(form): JsonBody<DeviceSignIn>,
) -> Result<Response, Problem> {
    let (people, visit) = (context.access.people.clone(), asked.visit.clone());
    let session = blocking(move || people.device_sign_in(&visit, &form, clock::now())).await?;
    Ok(opened(&context, &asked, &session))
}
