//! Files of incidents: taken by what their bytes are, kept under the hash of them, and given out as
//! downloads alone.

use axum::Json;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use egret_shared::case::{Act, Dossier, What};
use egret_shared::command::CaseOrder;
use egret_shared::id::IncidentId;
use serde::Deserialize;
use smol_str::SmolStr;

use super::{Obeyed, changed, obey, played, seen};
use crate::api::Context;
use crate::api::extract::{Path, Query};
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::limits::ATTACHMENT_BYTES;
use crate::store::files::{Taken, media_of};

#[derive(Debug, Deserialize)]
pub(in crate::api) struct AttachQuery {
    /// The sender's own id of the command.
    id: SmolStr,
    /// The incident's version that the sender saw.
    version: u64,
    /// What the file is called.
    name: String,
    #[serde(default, rename = "as")]
    played: Option<String>,
}

/// A file's bytes.
#[derive(Debug)]
pub(in crate::api) struct FileBody(Bytes);

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let too_large = || {
            let detail = format!("a file has at most {ATTACHMENT_BYTES} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        };
        // Before the body is asked for: one who says `Expect: 100-continue` need not send it.
        if request.body().size_hint().lower() > ATTACHMENT_BYTES as u64 {
            return Err(too_large());
        }
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|fault| {
            let status = fault.status();
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                return too_large();
            }
            Problem::new(status, fault.body_text())
        })
    }
}

/// `POST /api/v1/incidents/{id}/attachments?id&version&name`: the body is the file.
pub(in crate::api) async fn put(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<AttachQuery>,
    FileBody(bytes): FileBody,
) -> Result<Json<Obeyed>, Problem> {
    let played = played(&context, query.played)?;
    // Nobody fills the disk with files of incidents that they may not even see.
    let dossier = seen(&context, &caller, &id).await?;
    let incident = &dossier.incident;
    let doer = caller.doer(incident, played.as_deref());
    if !egret_shared::case::moves(incident, &doer).contains(&egret_shared::case::ActKind::Attach) {
        return Err(Problem::forbidden());
    }
    if incident.version != query.version {
        return Err(changed(&dossier, query.version, incident.version));
    }
    let media = media_of(&bytes).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the file is none that is taken: PNG, JPEG, WebP, PDF and plain text (UTF-8) are, by \
             what their bytes are and not by their names",
        )
    })?;
    let files = context.attachments.clone();
    let n_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let kept = tokio::task::spawn_blocking(move || files.put(&bytes)).await;
    let Taken { hash } = kept.map_err(|error| Problem::given_up(&error))??;
    let order = CaseOrder {
        incident: IncidentId::new(&id),
        version: query.version,
        act: Act::Attach {
            file: hash,
            name: plain_name(&query.name),
            media: media.into(),
            bytes: n_bytes,
        },
    };
    obey(&context, &caller, played, &query.id, order).await
}

/// A file's name without folders and control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|c| !c.is_control());
    plain.take(120).collect()
}

/// `GET /api/v1/incidents/{id}/attachments/{file}`.
pub(in crate::api) async fn get(
    State(context): State<Context>,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let dossier = seen(&context, &caller, &id).await?;
    let missing = || Problem::missing(format!("incident \"{id}\" has no file \"{file}\""));
    let (name, media) = attached(&dossier, &file).ok_or_else(missing)?;
    let files = context.attachments.clone();
    let hash = file.clone();
    let bytes = tokio::task::spawn_blocking(move || files.get(&hash)).await;
    let bytes = bytes.map_err(|error| Problem::given_up(&error))??;
    let bytes = bytes.ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, header_of(&media)),
        // Never shown within a page of ours: what somebody sent may be anything.
        (header::CONTENT_DISPOSITION, header_of(&disposition(&name))),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
                 form-action 'none'",
            ),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// Name and media type of a file, if whoever asks was told of it.
fn attached(dossier: &Dossier, file: &str) -> Option<(String, SmolStr)> {
    dossier.timeline.iter().find_map(|deed| match &deed.what {
        What::Act(Act::Attach {
            file: known,
            name,
            media,
            ..
        }) if known == file => Some((name.clone(), media.clone())),
        _ => None,
    })
}

fn header_of(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// # Source
/// RFC 6266 with the encoding of RFC 8187.
fn disposition(name: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let encoded: String = name.bytes().map(encode).collect();
    format!("attachment; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_a_path_nor_a_header() {
        assert_eq!(plain_name("../../etc/pass\u{0}wd"), "passwd");
        assert_eq!(plain_name("C:\\a\\积水 1.png"), "积水 1.png");
        assert_eq!(
            disposition("积水\"\r\nx.png"),
            "attachment; filename*=UTF-8''%E7%A7%AF%E6%B0%B4%22%0D%0Ax.png"
        );
    }
}
