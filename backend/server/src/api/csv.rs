//! `POST /api/v1/feeds/{feed}/csv`: tables, of feeds whose map says where in a message things are.
//!
//! Bytes become text ([`text`]), text becomes rows ([`rows`]), and each row the JSON object that the
//! feed's own format reads ([`columns`]). All of it runs as the body arrives, so that a table may be
//! longer than memory. With `?preview=true` nothing is kept: the answer tells what each row would
//! become.

mod columns;
mod rows;
mod text;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use egret_city::entry::Entry;
use egret_shared::access::Right;
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::rejection::{Reason, Rejection, Stage};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::columns::Columns;
use self::rows::{Row, Rows};
use self::text::Text;
use super::Context;
use super::events::theirs;
use super::extract::{Path, Query};
use super::once::Named;
use super::problem::Problem;
use super::taken::{Batch, Place, Refused, Taken, Taking};
use crate::auth::Caller;
use crate::clock;
use crate::intake::{Intake, Origin, Way};
use crate::limits::{CSV_PREVIEW_ROWS, CSV_ROWS_MAX};

#[derive(Debug, Deserialize)]
pub(super) struct CsvQuery {
    preview: Option<bool>,
    topic: Option<String>,
}

/// What was read.
#[derive(Debug, Serialize)]
struct Uploaded {
    #[serde(flatten)]
    taken: Taken,
    #[serde(flatten)]
    table: Table,
}

/// What would be read.
#[derive(Debug, Serialize)]
struct Previewed {
    accepted: usize,
    rejected: Vec<Refused>,
    n_rejected: usize,
    /// The first rows.
    rows: Vec<PreviewRow>,
    #[serde(flatten)]
    table: Table,
}

/// What a table was found to be.
#[derive(Debug, Serialize)]
struct Table {
    encoding: &'static str,
    delimiter: char,
    n_rows: usize,
    columns: Vec<String>,
    /// Places that the feed's map looks at and no column is for.
    missing: Vec<String>,
}

/// What becomes of a row.
#[derive(Debug, Serialize)]
struct PreviewRow {
    line: u64,
    /// The message that it is; absent if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Map<String, Value>>,
    /// What would be kept of it.
    becomes: Vec<Value>,
    rejected: Vec<Rejection>,
}

/// `POST /api/v1/feeds/{feed}/csv`.
pub(super) async fn take(
    State(context): State<Context>,
    caller: Caller,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    Query(query): Query<CsvQuery>,
    once: Option<Extension<Named>>,
    request: Request,
) -> Result<Response, Problem> {
    if !caller.has(Right::Send) {
        return Err(Problem::forbidden());
    }
    let feed = theirs(&context, &caller, &id)?;
    let def = context.intake.def(feed).filter(|def| has_columns(def));
    let def = def.ok_or_else(|| {
        let detail = format!(
            "feed \"{id}\" has no map of columns: it needs format mapped-json, and [feed.map] \
             without each"
        );
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_code("no_columns")
    })?;
    let sender = peer.ip().to_string();
    let path = format!("/api/v1/feeds/{id}/csv");
    let upload = Upload {
        intake: &context.intake,
        feed,
        def,
        sender: &sender,
        topic: query.topic.as_deref().unwrap_or(&path),
        once: once.as_ref().map(|once| once.0.0.as_str()),
        preview: query.preview.unwrap_or(false),
    };
    let text = Text::of(charset(request.headers()))?;
    let still = || context.access.still(&caller).is_some();
    upload.run(text, request.into_body(), still).await
}

/// Whether a feed's map can be of columns.
fn has_columns(def: &FeedDef) -> bool {
    let is_flat = |map: &egret_shared::package::feed::MapDef| map.each.is_none();
    def.format == Format::MappedJson && def.map.as_ref().is_some_and(is_flat)
}

/// What the content type says of the encoding.
fn charset(headers: &HeaderMap) -> Option<&str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let parameters = kind.split(';').skip(1);
    let mut pairs = parameters.filter_map(|pair| pair.split_once('='));
    let charset = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charset.map(|(_, value)| value.trim().trim_matches('"'))
}

/// A table on its way in.
struct Upload<'a> {
    intake: &'a Intake,
    feed: usize,
    def: &'a FeedDef,
    sender: &'a str,
    topic: &'a str,
    once: Option<&'a str>,
    preview: bool,
}

/// What has been read of it.
#[derive(Default)]
struct Reading {
    columns: Option<Columns>,
    n_rows: usize,
    /// Of a preview.
    accepted: usize,
    rows: Vec<PreviewRow>,
}

impl Upload<'_> {
    async fn run(
        &self,
        mut text: Text,
        mut body: Body,
        still: impl Fn() -> bool,
    ) -> Result<Response, Problem> {
        let mut taking = Taking::begin(self.intake);
        let mut dry = Batch::begin();
        let mut rows = Rows::default();
        let mut reading = Reading::default();
        loop {
            let frame = body.frame().await;
            if !still() {
                return Err(Problem::signed_out());
            }
            let is_last = frame.is_none();
            let mut batch = Batch::begin();
            let read = match frame {
                Some(Err(error)) => Err(format!("the body broke off: {error}")),
                Some(Ok(frame)) => {
                    let piece = frame.data_ref().map(|piece| &**piece).unwrap_or_default();
                    let text = text.read(piece, false);
                    let into = if self.preview { &mut dry } else { &mut batch };
                    rows.read(&text, |row| self.row(&mut reading, into, &row))
                }
                None => {
                    let text = text.read(&[], true);
                    let into = if self.preview { &mut dry } else { &mut batch };
                    rows.read(&text, |row| self.row(&mut reading, into, &row))
                        .and_then(|()| rows.end(|row| self.row(&mut reading, into, &row)))
                }
            };
            taking.put(batch).await?;
            if let Err(why) = read {
                let kept = if self.preview {
                    ""
                } else {
                    "; what came before is kept"
                };
                return Err(taking.break_off(format!("{why}{kept}")).await);
            }
            if is_last {
                break;
            }
        }
        let Some(columns) = &reading.columns else {
            return Err(Problem::bad("the table has no row, not even one of names"));
        };
        let table = Table {
            encoding: text.encoding(),
            delimiter: rows.delimiter(),
            n_rows: reading.n_rows,
            columns: columns.names().to_vec(),
            missing: columns.missing(self.def),
        };
        if self.preview {
            let (rejected, n_rejected) = dry.rejected();
            let previewed = Previewed {
                accepted: reading.accepted,
                rejected,
                n_rejected,
                rows: reading.rows,
                table,
            };
            return Ok(Json(previewed).into_response());
        }
        let taken = taking.finish().await?;
        Ok(Json(Uploaded { taken, table }).into_response())
    }

    /// Reads a row: the first one's cells are the names of the columns.
    ///
    /// # Errors
    /// A sentence, if nothing that follows can be read.
    fn row(&self, reading: &mut Reading, batch: &mut Batch, row: &Row<'_>) -> Result<(), String> {
        let Some(columns) = &reading.columns else {
            reading.columns = Some(Columns::named_in(row)?);
            return Ok(());
        };
        if reading.n_rows == CSV_ROWS_MAX {
            let line = row.line;
            return Err(format!(
                "line {line}: a table may have {CSV_ROWS_MAX} rows: send the rest as another"
            ));
        }
        reading.n_rows += 1;
        let message = columns.message(row);
        if self.preview {
            let shown = self.previewed(row, message);
            reading.accepted += shown.becomes.len();
            batch.note(Place::Line(row.line), shown.rejected.clone());
            if reading.rows.len() < CSV_PREVIEW_ROWS {
                reading.rows.push(shown);
            }
            return Ok(());
        }
        let name = self.once.map(|once| format!("{once}:{}", row.line));
        let refusals = match message {
            Ok(message) => {
                let payload = Value::Object(message).to_string();
                let origin = self.origin(&payload, name.as_deref());
                let payload = payload.as_bytes();
                self.intake
                    .read(&mut batch.gathering, self.feed, origin, payload)
            }
            Err(why) => {
                let rejection = bad_row(why);
                let payload = row.cells.join(",");
                let origin = self.origin(&payload, None);
                let (gathering, payload) = (&mut batch.gathering, payload.as_bytes());
                self.intake
                    .refuse(gathering, Some(self.def), origin, payload, &rejection);
                vec![rejection]
            }
        };
        let line = row.line;
        let refusals = refusals.into_iter().map(|refused| at_line(refused, line));
        batch.note(Place::Line(line), refusals.collect());
        Ok(())
    }

    /// What would become of a row.
    fn previewed(&self, row: &Row<'_>, message: Result<Map<String, Value>, String>) -> PreviewRow {
        let mut shown = PreviewRow {
            line: row.line,
            message: None,
            becomes: Vec::new(),
            rejected: Vec::new(),
        };
        match message {
            Ok(message) => {
                let payload = Value::Object(message.clone()).to_string();
                let origin = self.origin(&payload, None);
                let tried = self.intake.tried(self.feed, origin, payload.as_bytes());
                for element in tried {
                    match element {
                        Ok(entry) => shown.becomes.push(shape(&entry)),
                        Err(refused) => shown.rejected.push(at_line(refused, row.line)),
                    }
                }
                shown.message = Some(message);
            }
            Err(why) => shown.rejected.push(at_line(bad_row(why), row.line)),
        }
        shown
    }

    fn origin<'o>(&'o self, payload: &str, named: Option<&'o str>) -> Origin<'o> {
        Origin {
            sender: self.sender,
            topic: self.topic,
            payload_bytes: payload.len(),
            received_at: clock::now(),
            way: Way::Own,
            beside: None,
            named,
        }
    }
}

fn bad_row(why: String) -> Rejection {
    Rejection::new(Stage::Decode, Reason::BadShape, why)
}

/// A refusal with the line in front of it.
fn at_line(mut refused: Rejection, line: u64) -> Rejection {
    refused.detail.insert_str(0, &format!("line {line}: "));
    refused
}

/// What would be kept, as JSON.
fn shape(entry: &Entry) -> Value {
    let shape = match entry {
        Entry::Observation(observation) => serde_json::to_value(observation),
        Entry::Report(report) | Entry::Issued(report, _) => serde_json::to_value(report),
        Entry::Refused(_)
        | Entry::Tick(_)
        | Entry::Clock(_)
        | Entry::Package(_)
        | Entry::Command(_)
        | Entry::Actuation(_) => Ok(Value::Null),
    };
    shape.unwrap_or_default()
}
