//! `POST /api/v1/events`: messages by HTTP, answered once they are durable.
//!
//! Without a query the body is Egret's own JSON, one element or an array, each naming its `feed`
//! (and `asset` or `report`). With `?feed=ID` the body is one message in that feed's own format,
//! and `&topic=…` stands in for the MQTT topic where the format takes something from it.

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::rejection::{Reason, Rejection, Stage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Context;
use super::extract::{Body, Query};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::intake::{Gathering, Intake, Origin, Way};

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    feed: Option<String>,
    topic: Option<String>,
}

/// What became of the elements.
#[derive(Debug, Serialize)]
pub(super) struct Taken {
    /// How many are in the journal, some perhaps for the second time: the fold counts those once.
    accepted: usize,
    /// Which were refused, and why.
    rejected: Vec<Refused>,
    /// The journal position of the last of them.
    seq: u64,
}

/// A refused element.
#[derive(Debug, Serialize)]
struct Refused {
    /// Its place in the array; 0 for a single one.
    index: usize,
    #[serde(flatten)]
    rejection: Rejection,
}

/// What an element must name before its feed can read it.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    feed: Option<Cow<'a, str>>,
}

/// Path that stands for the topic in quarantine.
const PATH: &str = "/api/v1/events";

/// `POST /api/v1/events`.
pub(super) async fn take(
    State(context): State<Context>,
    caller: Caller,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<EventsQuery>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    if !caller.has(Right::Send) {
        return Err(Problem::forbidden());
    }
    let sender = peer.ip().to_string();
    let origin = Origin {
        sender: &sender,
        topic: query.topic.as_deref().unwrap_or(PATH),
        payload_bytes: body.len(),
        received_at: clock::now(),
    };
    let intake = &context.intake;
    let mut gathering = Gathering::begin();
    let rejected = match &query.feed {
        Some(id) if caller.may_feed(Right::Send, &FeedId::new(id)) => {
            read_own(intake, &mut gathering, id, origin, &body)?
        }
        Some(id) => return Err(no_feed(id)),
        None => read_native(intake, &caller, &mut gathering, origin, &body),
    };
    answer(intake, gathering, rejected).await
}

fn read_own(
    intake: &Intake,
    gathering: &mut Gathering,
    id: &str,
    origin: Origin<'_>,
    body: &[u8],
) -> Result<Vec<Refused>, Problem> {
    let feed = intake.feed(id).ok_or_else(|| no_feed(id))?;
    let refusals = intake.read(gathering, feed, Way::Own, origin, body);
    Ok(refusals
        .into_iter()
        .map(|rejection| Refused {
            index: 0,
            rejection,
        })
        .collect())
}

/// Of a feed that is not theirs nobody learns that it exists.
fn no_feed(id: &str) -> Problem {
    Problem::missing(format!("no feed \"{id}\""))
}

fn read_native(
    intake: &Intake,
    caller: &Caller,
    gathering: &mut Gathering,
    origin: Origin<'_>,
    body: &[u8],
) -> Vec<Refused> {
    let elements = match elements(body) {
        Ok(elements) => elements,
        Err(error) => {
            let rejection = Rejection::new(Stage::Decode, Reason::BadJson, error.to_string());
            intake.refuse(gathering, None, origin, body, &rejection);
            return vec![Refused {
                index: 0,
                rejection,
            }];
        }
    };
    let mut rejected = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let bytes = element.get().as_bytes();
        let origin = Origin {
            payload_bytes: bytes.len(),
            ..origin
        };
        let refusals = match feed_of(intake, caller, element) {
            Ok(feed) => intake.read(gathering, feed, Way::Native, origin, bytes),
            Err(rejection) => {
                intake.refuse(gathering, None, origin, bytes, &rejection);
                vec![rejection]
            }
        };
        rejected.extend(
            refusals
                .into_iter()
                .map(|rejection| Refused { index, rejection }),
        );
    }
    rejected
}

/// The elements of the body: those of an array, or the one that it is.
fn elements(body: &[u8]) -> Result<Vec<&RawValue>, serde_json::Error> {
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_array {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|one| vec![one])
    }
}

fn feed_of(intake: &Intake, caller: &Caller, element: &RawValue) -> Result<usize, Rejection> {
    let shape = |detail: String| Rejection::new(Stage::Decode, Reason::BadShape, detail);
    // serde's own words would repeat what was sent, which may be of a feed with personal fields.
    let no_event = |_error| shape("an event is an object that names its feed".to_owned());
    let named: Named<'_> = serde_json::from_str(element.get()).map_err(no_event)?;
    let id = named
        .feed
        .ok_or_else(|| shape("/feed is missing: which feed is it of?".to_owned()))?;
    let theirs = caller.may_feed(Right::Send, &FeedId::new(&id));
    intake.feed(&id).filter(|_| theirs).ok_or_else(|| {
        let detail = format!("/feed: the city has no feed \"{id}\"");
        Rejection::new(Stage::Source, Reason::UnknownFeed, detail)
    })
}

async fn answer(
    intake: &Intake,
    gathering: Gathering,
    rejected: Vec<Refused>,
) -> Result<Json<Taken>, Problem> {
    if gathering.is_empty() {
        return Err(Problem::bad("the body has no element"));
    }
    let n_entries = gathering.n_entries();
    let stopping = || {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is shutting down",
        )
    };
    let receipt = intake
        .submit(gathering)
        .await
        .map_err(|_closed| stopping())?;
    let first_seq = receipt.await.map_err(|_dropped| stopping())?;
    let accepted = n_entries - rejected.len();
    if accepted == 0 {
        let rejected = serde_json::to_value(&rejected).unwrap_or_default();
        let detail = "nothing of it could be used; it is kept in quarantine";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_rejected(&rejected));
    }
    Ok(Json(Taken {
        accepted,
        rejected,
        seq: first_seq + n_entries as u64 - 1,
    }))
}
