//! Casework over HTTP: what is done to incidents, what is told of them, and the city's mode.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use egret_shared::case::{Act, CheckItem, Deed, Doer, Dossier};
use egret_shared::command::{ModeOrder, OpenOrder};
use egret_shared::hush::{Hush, HushOrder};
use egret_shared::id::{AreaCode, IncidentId};
use egret_shared::incident::Incident;
use egret_shared::scorecard::Scorecard;

use super::ApiError;
use super::people::Whole;
use super::request::{Method, encoded, json, send, tell, upload};

thread_local! {
    static PLAYED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Says whose part is played from now on, where everything is open; the server takes none elsewhere.
pub(crate) fn play(name: &str) {
    PLAYED.set(Some(name.to_owned()).filter(|name| !name.is_empty()));
}

/// Whose part is played.
pub(super) fn played() -> Option<String> {
    PLAYED.with_borrow(Clone::clone)
}

/// What was done: the incident and its version now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Done {
    /// Which incident.
    pub(crate) incident: IncidentId,
    /// Its version.
    pub(crate) version: u64,
}

/// A new id for a command, by which the server knows it again if it is told twice.
pub(crate) fn new_id() -> SmolStr {
    let mut bytes = [0_u8; 16];
    let crypto = web_sys::window().and_then(|window| window.crypto().ok());
    let filled = crypto.and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).ok());
    if filled.is_none() {
        // Without the browser's generator the page's own must do: an id is no secret.
        for byte in &mut bytes {
            *byte = random_byte();
        }
    }
    uuid(bytes)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number from 0 to 256, 256 excluded"
)]
fn random_byte() -> u8 {
    (js_sys::Math::random() * 256.0) as u8
}

/// A random UUID.
///
/// # Source
/// RFC 9562, version 4.
fn uuid(mut bytes: [u8; 16]) -> SmolStr {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = bytes.map(|byte| format!("{byte:02x}"));
    let mut text = String::with_capacity(36);
    for (place, pair) in digits.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(pair);
    }
    text.into()
}

/// Does something to an incident, of which `version` was seen.
///
/// # Errors
/// 409 `changed`, with what happened since; 403 and 422 with the refusal's code and words.
pub(crate) async fn command(
    incident: &IncidentId,
    id: &SmolStr,
    version: u64,
    act: &Act,
) -> Result<Done, ApiError> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: &'a SmolStr,
        version: u64,
        act: &'a Act,
        #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
        played: Option<String>,
    }
    let path = format!("{}/commands", path_of(incident));
    let body = Body {
        id,
        version,
        act,
        played: played(),
    };
    send(Method::Post, &path, &body).await
}

/// Puts a file to an incident.
///
/// # Errors
/// As of [`command`]; also 413 and 415.
pub(crate) async fn attach(
    incident: &IncidentId,
    id: &SmolStr,
    version: u64,
    file: &web_sys::File,
) -> Result<Done, ApiError> {
    let (path, name) = (path_of(incident), encoded(&file.name()));
    let played = query_of_played('&');
    let path = format!("{path}/attachments?name={name}&version={version}&id={id}{played}");
    upload(&path, file).await
}

/// Where an attachment is to be had.
pub(crate) fn attachment_href(incident: &IncidentId, file: &str) -> String {
    format!("{}/attachments/{file}", path_of(incident))
}

/// What whoever asks may do to an incident.
///
/// # Errors
/// The caller asks again, and offers nothing until then.
pub(crate) async fn doer(incident: &IncidentId) -> Result<Doer, ApiError> {
    let played = query_of_played('?');
    json(&format!("{}/doer{played}", path_of(incident))).await
}

/// An incident's file that the city no longer has in hand.
///
/// # Errors
/// 404 if there never was such an incident, or it is not for whoever asks.
pub(crate) async fn archived(incident: &IncidentId) -> Result<Dossier, ApiError> {
    #[derive(Deserialize)]
    struct Flat {
        #[serde(flatten)]
        incident: Incident,
        #[serde(default)]
        timeline: Vec<Deed>,
        #[serde(default)]
        checklist: Vec<CheckItem>,
        #[serde(default)]
        children: Vec<IncidentId>,
    }
    let flat: Flat = json(&path_of(incident)).await?;
    Ok(Dossier {
        incident: flat.incident,
        timeline: flat.timeline,
        checklist: flat.checklist,
        children: flat.children,
    })
}

/// Opens an incident that no rule found.
///
/// # Errors
/// The caller says so.
pub(crate) async fn open(id: &SmolStr, order: &OpenOrder) -> Result<Done, ApiError> {
    let body = with_id(id, order);
    send(Method::Post, "/api/v1/incidents", &body).await
}

/// Changes the mode of the city.
///
/// # Errors
/// 403 for who may not dispatch the whole city.
pub(crate) async fn change_mode(id: &SmolStr, order: &ModeOrder) -> Result<(), ApiError> {
    tell(Method::Post, "/api/v1/mode", &with_id(id, order)).await
}

/// How departments did in a month, `YYYY-MM`, in an area or everywhere.
///
/// # Errors
/// The caller says so.
pub(crate) async fn scorecards(
    month: String,
    area: Option<AreaCode>,
) -> Result<Vec<Scorecard>, ApiError> {
    let mut path = format!("/api/v1/scorecards?month={}", encoded(&month));
    if let Some(area) = area {
        path.push_str("&area=");
        path.push_str(&encoded(area.as_str()));
    }
    let whole: Whole<Scorecard> = json(&path).await?;
    Ok(whole.items)
}

/// What is kept quiet.
///
/// # Errors
/// The caller says so.
pub(crate) async fn hushes() -> Result<Vec<Hush>, ApiError> {
    let whole: Whole<Hush> = json("/api/v1/hushes?limit=500").await?;
    Ok(whole.items)
}

/// Keeps alerts quiet, or lets them speak again.
///
/// # Errors
/// 403, or 422 with the reason in words.
pub(crate) async fn order_hush(id: &SmolStr, order: &HushOrder) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Order<'a> {
        order: &'a HushOrder,
    }
    tell(
        Method::Post,
        "/api/v1/hushes",
        &with_id(id, &Order { order }),
    )
    .await
}

/// The part that is played, for a query.
fn query_of_played(before: char) -> String {
    played().map_or_else(String::new, |name| format!("{before}as={}", encoded(&name)))
}

/// An order with the id of its command beside its members.
#[derive(Serialize)]
struct WithId<'a, T> {
    id: &'a SmolStr,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    played: Option<String>,
    #[serde(flatten)]
    order: &'a T,
}

fn with_id<'a, T>(id: &'a SmolStr, order: &'a T) -> WithId<'a, T> {
    played_with_id(id, order, played())
}

fn played_with_id<'a, T>(id: &'a SmolStr, order: &'a T, played: Option<String>) -> WithId<'a, T> {
    WithId { id, played, order }
}

fn path_of(incident: &IncidentId) -> String {
    format!("/api/v1/incidents/{}", encoded(incident.as_str()))
}

#[cfg(test)]
mod tests {
    use egret_shared::mode::Mode;

    use super::*;

    #[test]
    fn a_commands_id_is_a_random_uuid() {
        assert_eq!(
            uuid([0xff; 16]).as_str(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            uuid([0; 16]).as_str(),
            "00000000-0000-4000-8000-000000000000"
        );
    }

    #[test]
    fn an_order_travels_beside_its_id() {
        let order = ModeOrder {
            mode: Mode::Emergency,
            reason: "rain".into(),
        };
        let id = SmolStr::new("7");
        let body = serde_json::to_value(played_with_id(&id, &order, None)).unwrap();
        let expected = serde_json::json!({"id": "7", "mode": "emergency", "reason": "rain"});
        assert_eq!(body, expected);
        let played = played_with_id(&id, &order, Some("Lin".into()));
        assert_eq!(serde_json::to_value(played).unwrap()["as"], "Lin");
    }
}
