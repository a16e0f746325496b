//! `POST /api/v1/events`: messages by HTTP, answered once they are durable.
//!
//! The content type says what the body is: lines of JSON ([`lines`]), CloudEvents, single or in a
//! batch, or ([`envelope`]) one whose attributes are headers; anything else is taken as it always
//! was. Without a query such a body is Egret's own JSON, one element or an array, each naming its
//! `feed` (and `asset` or `report`). With `?feed=ID` the body is one message in that feed's own
//! format, and `&topic=…` stands in for the MQTT topic where the format takes something from it.

mod envelope;
mod lines;

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Extension, Json};
use egret_decode::event_attribute;
use egret_mqtt::taker::Beside;
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::rejection::{Reason, Rejection, Stage};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Context;
use super::extract::{Body, Query};
use super::once::Named as Once;
use super::problem::Problem;
use super::taken::{Batch, Place, Taken, Taking};
use crate::auth::Caller;
use crate::clock;
use crate::intake::{Gathering, Intake, Origin, Way};
use crate::limits::HTTP_TIMEOUT;

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    feed: Option<String>,
    topic: Option<String>,
}

/// What an element must name before its feed can read it.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    feed: Option<Cow<'a, str>>,
}

/// Path that stands for the topic in quarantine.
const PATH: &str = "/api/v1/events";

/// What a body is, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// JSON, or a message in a feed's own format.
    Plain,
    /// A JSON object on each line.
    Lines,
    /// CloudEvents in structured JSON.
    Events,
    /// The data of a CloudEvent whose attributes are headers.
    Data,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        match content_type(headers).as_str() {
            // Also if it repeats attributes as headers.
            "application/cloudevents+json" | "application/cloudevents-batch+json" => Self::Events,
            _ if headers.contains_key(envelope::VERSION) => Self::Data,
            "application/x-ndjson" | "application/jsonl" => Self::Lines,
            _ => Self::Plain,
        }
    }
}

/// The content type in lower case, without parameters.
fn content_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (kind, _) = kind.split_once(';').unwrap_or((kind, ""));
    kind.trim().to_ascii_lowercase()
}

/// Whose messages are read, and how.
struct Reader<'a> {
    intake: &'a Intake,
    caller: &'a Caller,
    way: Way,
    /// The feed that the query names.
    feed: Option<usize>,
    sender: &'a str,
    topic: &'a str,
    /// What the headers say of each message.
    beside: Option<&'a Beside>,
    /// What the sender calls the request.
    once: Option<&'a str>,
}

/// `POST /api/v1/events`.
pub(super) async fn take(
    State(context): State<Context>,
    caller: Caller,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<EventsQuery>,
    once: Option<Extension<Once>>,
    request: Request,
) -> Result<Json<Taken>, Problem> {
    if !caller.has(Right::Send) {
        return Err(Problem::forbidden());
    }
    let kind = Kind::of(request.headers());
    let feed = query.feed.as_deref();
    let sender = peer.ip().to_string();
    let beside = match kind {
        Kind::Data => Some(envelope::of_data(request.headers())?),
        Kind::Plain | Kind::Lines | Kind::Events => envelope::plain(request.headers()),
    };
    let reader = Reader {
        intake: &context.intake,
        caller: &caller,
        way: match (kind, feed) {
            (Kind::Events | Kind::Data, _) => Way::Event,
            (Kind::Plain | Kind::Lines, Some(_)) => Way::Own,
            (Kind::Plain | Kind::Lines, None) => Way::Native,
        },
        feed: feed.map(|id| theirs(&context, &caller, id)).transpose()?,
        sender: &sender,
        topic: query.topic.as_deref().unwrap_or(PATH),
        beside: beside.as_ref(),
        once: once.as_ref().map(|once| once.0.0.as_str()),
    };
    if kind == Kind::Lines {
        return lines::take(&context, &reader, request.into_body()).await;
    }
    // Only a body of any length may take any time.
    let taken = tokio::time::timeout(HTTP_TIMEOUT, reader.take(kind, request)).await;
    taken.map_err(|_elapsed| Problem::too_long(false))?
}

/// The feed that a query names, if they may send to it. Of one that is not theirs nobody learns
/// that it exists.
pub(super) fn theirs(context: &Context, caller: &Caller, id: &str) -> Result<usize, Problem> {
    let feed = context.intake.feed(id);
    let feed = feed.filter(|_| caller.may_feed(Right::Send, &FeedId::new(id)));
    feed.ok_or_else(|| Problem::missing(format!("no feed \"{id}\"")))
}

impl Reader<'_> {
    /// Reads a body that is held as a whole.
    async fn take(&self, kind: Kind, request: Request) -> Result<Json<Taken>, Problem> {
        let Body(body) = Body::from_request(request, &()).await?;
        let mut batch = Batch::begin();
        match kind {
            Kind::Data => self.one(&mut batch, Place::Index(0), &body),
            Kind::Plain if self.feed.is_some() => self.one(&mut batch, Place::Index(0), &body),
            Kind::Plain | Kind::Events | Kind::Lines => self.each(&mut batch, &body),
        }
        let mut taking = Taking::begin(self.intake);
        taking.put(batch).await?;
        taking.finish().await.map(Json)
    }

    /// Reads each element of `body`.
    fn each(&self, batch: &mut Batch, body: &[u8]) {
        match elements(body) {
            Ok(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.one(batch, Place::Index(index), element.get().as_bytes());
                }
            }
            Err(error) => {
                let rejection = Rejection::new(Stage::Decode, Reason::BadJson, error.to_string());
                self.refuse(batch, body, rejection);
            }
        }
    }

    /// Refuses a body that nothing can be read of.
    fn refuse(&self, batch: &mut Batch, body: &[u8], rejection: Rejection) {
        let origin = self.origin(body.len(), None);
        let feed = self.feed.and_then(|feed| self.intake.def(feed));
        let gathering = &mut batch.gathering;
        self.intake
            .refuse(gathering, feed, origin, body, &rejection);
        batch.note(Place::Index(0), vec![rejection]);
    }

    /// Reads one message.
    fn one(&self, batch: &mut Batch, place: Place, payload: &[u8]) {
        let number = match place {
            Place::Index(index) => index as u64,
            Place::Line(line) => line,
        };
        let named = self.once.map(|once| format!("{once}:{number}"));
        let origin = self.origin(payload.len(), named.as_deref());
        let refusals = self.read(&mut batch.gathering, origin, payload);
        batch.note(place, refusals);
    }

    fn read(
        &self,
        gathering: &mut Gathering,
        origin: Origin<'_>,
        payload: &[u8],
    ) -> Vec<Rejection> {
        let feed = match self.feed {
            Some(feed) => Ok(feed),
            None => self.named(payload),
        };
        match feed {
            Ok(feed) => self.intake.read(gathering, feed, origin, payload),
            Err(rejection) => {
                self.intake
                    .refuse(gathering, None, origin, payload, &rejection);
                vec![rejection]
            }
        }
    }

    fn origin<'o>(&'o self, payload_bytes: usize, named: Option<&'o str>) -> Origin<'o> {
        Origin {
            sender: self.sender,
            topic: self.topic,
            payload_bytes,
            received_at: clock::now(),
            way: self.way,
            beside: self.beside,
            named,
        }
    }

    /// The feed that a message names, in an attribute beside it or in itself.
    fn named(&self, payload: &[u8]) -> Result<usize, Rejection> {
        let pairs = self.beside.map_or(&[][..], |beside| &beside.properties);
        if pairs.is_empty() {
            return self.feed_of(payload);
        }
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        if let Some(id) = event_attribute(&pairs, "feed") {
            return self.theirs(&id, "ce-feed");
        }
        let detail = "the header ce-feed is missing: which feed is it of?";
        let detail = detail.to_owned();
        Err(Rejection::new(Stage::Decode, Reason::BadShape, detail))
    }

    /// The feed that an element names.
    fn feed_of(&self, element: &[u8]) -> Result<usize, Rejection> {
        let refused = |reason, detail: String| Rejection::new(Stage::Decode, reason, detail);
        let named: Named<'_> = serde_json::from_slice(element).map_err(|error| {
            if error.is_data() {
                // serde's own words would repeat what was sent, which may be of a feed with
                // personal fields.
                let detail = "an event is an object that names its feed".to_owned();
                refused(Reason::BadShape, detail)
            } else {
                refused(Reason::BadJson, error.to_string())
            }
        })?;
        let id = named.feed.ok_or_else(|| {
            let detail = "/feed is missing: which feed is it of?".to_owned();
            refused(Reason::BadShape, detail)
        })?;
        self.theirs(&id, "/feed")
    }

    /// The feed `id`, which stands at `place`, if they may send to it.
    fn theirs(&self, id: &str, place: &str) -> Result<usize, Rejection> {
        let is_theirs = self.caller.may_feed(Right::Send, &FeedId::new(id));
        let feed = self.intake.feed(id).filter(|_| is_theirs);
        feed.ok_or_else(|| {
            let detail = format!("{place}: the city has no feed \"{id}\"");
            Rejection::new(Stage::Source, Reason::UnknownFeed, detail)
        })
    }
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

/// The answer to a body of a kind that cannot be read.
fn wrong_kind(detail: String) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}
