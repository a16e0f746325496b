//! `/open311/v2`: the city as a server of Open311 GeoReport, for apps and neighbours that speak it.
//!
//! The requests are the reports of the feed that says `open311 = true`, its services the categories
//! that `words.toml` has for it. A request is sent in as a form ([`form`]), becomes a report as if its
//! feed's own gateway had sent it, and is in the journal before it is answered. How it stands is read
//! from the store ([`list`]). JSON and XML are written from one model ([`tree`]).
//!
//! # Source
//! GeoReport v2, wiki.open311.org/GeoReport_v2.

mod form;
mod list;
mod tree;

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use egret_shared::access::Right;
use egret_shared::package::feed::FeedDef;
use egret_shared::text::Language;
use egret_shared::time::TimeMs;

use self::form::Form;
use self::list::ListQuery;
use self::tree::Tree;
use super::Context;
use super::extract::{Body, Path, Query};
use super::once::Named;
use super::problem::Problem;
use crate::auth::Caller;
use crate::auth::admit::{Asked, too_fast};
use crate::clock;
use crate::intake::{Gathering, Origin, Way};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Json,
    Xml,
}

/// Why there is no answer, told as GeoReport does.
#[derive(Debug)]
struct Fault {
    status: u16,
    detail: String,
}

impl Fault {
    fn new(status: u16, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, detail }
    }
}

/// The server for one request.
struct Server<'a> {
    context: &'a Context,
    caller: &'a Caller,
    /// Whose reports the requests are.
    feed: &'a FeedDef,
    language: Language,
}

/// An answer, or why there is none, in the element of this name.
type Answer = Result<(&'static str, Tree), Fault>;

/// `GET /open311/v2/{discovery|services|requests}.{json|xml}`.
pub(super) async fn read(
    State(context): State<Context>,
    caller: Caller,
    asked: Asked,
    Path(file): Path<String>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, written) = parted(&file)?;
    let answer = async {
        let server = Server::of(&context, &caller, &headers)?;
        server.check_jurisdiction(query.jurisdiction_id.as_deref())?;
        match name {
            "discovery" => Ok(("discovery", server.discovery(&headers, asked.is_secure))),
            "services" => Ok(("services", server.services())),
            "requests" => Ok(("service_requests", server.list(&query).await?)),
            other => Err(Fault::new(404, format!("there is no {other}"))),
        }
    };
    Ok(told(answer.await, written, StatusCode::OK))
}

/// `GET /open311/v2/{services|requests|tokens}/{id}.{json|xml}`.
pub(super) async fn read_one(
    State(context): State<Context>,
    caller: Caller,
    Path((of, file)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, written) = parted(&file)?;
    let answer = async {
        let server = Server::of(&context, &caller, &headers)?;
        server.check_jurisdiction(query.jurisdiction_id.as_deref())?;
        match of.as_str() {
            "services" => Ok(("service_definition", server.definition(id)?)),
            "requests" => Ok(("service_requests", server.one(id).await?)),
            "tokens" => Ok(("service_requests", server.token(id).await?)),
            other => Err(Fault::new(404, format!("there is no {other}"))),
        }
    };
    Ok(told(answer.await, written, StatusCode::OK))
}

/// `POST /open311/v2/requests.{json|xml}`.
pub(super) async fn send(
    State(context): State<Context>,
    asked: Asked,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(file): Path<String>,
    once: Option<Extension<Named>>,
    request: Request,
) -> Result<Response, Problem> {
    let (name, written) = parted(&file)?;
    if name != "requests" {
        if asked.caller.is_none() {
            return Err(Problem::signed_out());
        }
        let fault = Fault::new(404, format!("nothing is sent to {name}"));
        return Ok(told(Err(fault), written, StatusCode::OK));
    }
    let headers = request.headers().clone();
    let Body(body) = Body::from_request(request, &()).await?;
    let form = match Form::read(&body) {
        Ok(form) => form,
        Err(fault) => return Ok(told(Err(fault), written, StatusCode::OK)),
    };
    let caller = sender(&context, &asked, &form)?;
    let answer = async {
        let server = Server::of(&context, &caller, &headers)?;
        if !caller.may_feed(Right::Send, &server.feed.id) {
            return Err(Fault::new(403, "your grant does not reach so far"));
        }
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let detail = "a request is sent as application/x-www-form-urlencoded";
            return Err(Fault::new(415, detail));
        }
        server.check_jurisdiction(form.get("jurisdiction_id"))?;
        let named = once.map(|once| once.0.0);
        let sent = server.send(&form, &peer, &file, named).await?;
        Ok(("service_requests", sent))
    };
    Ok(told(answer.await, written, StatusCode::CREATED))
}

/// Who sends a form: whoever the request shows, else whose token `api_key` is.
fn sender(context: &Context, asked: &Asked, form: &Form) -> Result<Caller, Problem> {
    if let Some(caller) = &asked.caller {
        return Ok(caller.clone());
    }
    let key = form.get("api_key").ok_or_else(Problem::signed_out)?;
    let access = &context.access;
    let principal = access.people.by_token(key, clock::now());
    let principal = principal.ok_or_else(Problem::signed_out)?;
    let caller = access.caller(principal, asked.visit.clone());
    access.ask(&caller).map_err(too_fast)?;
    Ok(caller)
}

/// A file's name and how it is written.
fn parted(file: &str) -> Result<(&str, Written), Problem> {
    let (name, end) = file.rsplit_once('.').unwrap_or((file, ""));
    match end {
        "json" => Ok((name, Written::Json)),
        "xml" => Ok((name, Written::Xml)),
        _ => Err(Problem::missing(format!(
            "{file}: paths of /open311/v2 end in .json or .xml"
        ))),
    }
}

/// An answer in JSON or XML.
fn told(answer: Answer, written: Written, success: StatusCode) -> Response {
    let (status, root, tree) = match answer {
        Ok((root, tree)) => (success, root, tree),
        Err(fault) => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
            let error = Tree::Members(vec![
                ("code", Tree::Whole(u64::from(status.as_u16()))),
                ("description", Tree::text(fault.detail)),
            ]);
            (status, "errors", Tree::List("error", vec![error]))
        }
    };
    match written {
        Written::Json => (status, axum::Json(tree.json())).into_response(),
        Written::Xml => match tree.xml(root) {
            Ok(xml) => {
                let kind = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
                (status, kind, xml).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as XML");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        },
    }
}

impl<'a> Server<'a> {
    /// The server, if the city has one and whoever asks may see anything of it, or send to it.
    fn of(context: &'a Context, caller: &'a Caller, headers: &HeaderMap) -> Result<Self, Fault> {
        let mut feeds = context.package.feeds.iter();
        let feed = feeds.find(|feed| feed.open311).filter(|feed| {
            caller.sight.feed_somewhere(&feed.id) || caller.may_feed(Right::Send, &feed.id)
        });
        let feed = feed.ok_or_else(|| Fault::new(404, "no feed of this city takes requests"))?;
        let language = headers.get(header::ACCEPT_LANGUAGE);
        let language = language.and_then(|language| language.to_str().ok());
        let is_english = language.is_some_and(|language| language.trim().starts_with("en"));
        Ok(Self {
            context,
            caller,
            feed,
            language: if is_english {
                Language::En
            } else {
                Language::Zh
            },
        })
    }

    fn check_jurisdiction(&self, id: Option<&str>) -> Result<(), Fault> {
        let ours = self.context.package.city.id.as_str();
        match id {
            Some(other) if !other.is_empty() && other != ours => Err(Fault::new(
                404,
                format!("jurisdiction_id={other}: this is {ours}"),
            )),
            _ => Ok(()),
        }
    }

    /// Where the server is, and what it speaks.
    fn discovery(&self, headers: &HeaderMap, is_secure: bool) -> Tree {
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let scheme = if is_secure { "https" } else { "http" };
        let started = i64::try_from(self.context.generation).unwrap_or(0);
        let started = TimeMs(started).to_string();
        let formats = ["text/xml", "application/json"].map(Tree::text);
        let endpoint = Tree::Members(vec![
            (
                "specification",
                Tree::text("http://wiki.open311.org/GeoReport_v2"),
            ),
            ("url", Tree::text(format!("{scheme}://{host}/open311/v2"))),
            ("changeset", Tree::text(started.as_str())),
            ("type", Tree::text("production")),
            ("formats", Tree::List("format", formats.to_vec())),
        ]);
        let name = &self.context.package.city.name;
        let key = "an API token of this server, as api_key or Authorization: Bearer";
        Tree::Members(vec![
            ("changeset", Tree::text(started)),
            ("contact", Tree::text(name.get(self.language))),
            ("key_service", Tree::text(key)),
            ("endpoints", Tree::List("endpoint", vec![endpoint])),
        ])
    }

    fn services(&self) -> Tree {
        let words = self.context.package.words.category.get(&self.feed.id);
        let department = self.context.package.department(&self.feed.department);
        let group = department.map_or("", |department| department.name.get(self.language));
        let services = words.into_iter().flatten().map(|(code, name)| {
            Tree::Members(vec![
                ("service_code", Tree::text(code.as_str())),
                ("service_name", Tree::text(name.get(self.language))),
                ("description", Tree::text(name.get(self.language))),
                ("metadata", Tree::Flag(false)),
                ("type", Tree::text("realtime")),
                ("keywords", Tree::Nothing),
                ("group", Tree::text(group)),
            ])
        });
        Tree::List("service", services.collect())
    }

    /// What a service asks beside place and description: nothing.
    fn definition(&self, code: &str) -> Result<Tree, Fault> {
        self.check_service(code)?;
        Ok(Tree::Members(vec![
            ("service_code", Tree::text(code)),
            ("attributes", Tree::List("attribute", Vec::new())),
        ]))
    }

    fn check_service(&self, code: &str) -> Result<(), Fault> {
        let words = self.context.package.words.category.get(&self.feed.id);
        let is_known = words.is_some_and(|words| words.contains_key(code));
        is_known
            .then_some(())
            .ok_or_else(|| Fault::new(404, format!("there is no service_code \"{code}\"")))
    }

    fn service_name(&self, code: &str) -> String {
        let words = self.context.package.words.category.get(&self.feed.id);
        let name = words.and_then(|words| words.get(code));
        name.map_or(code, |name| name.get(self.language)).to_owned()
    }

    /// Takes a request in, and returns once it is durable.
    async fn send(
        &self,
        form: &Form,
        peer: &SocketAddr,
        file: &str,
        named: Option<String>,
    ) -> Result<Tree, Fault> {
        let code = form.get("service_code");
        let code = code.ok_or_else(|| Fault::new(400, "service_code is missing"))?;
        self.check_service(code)?;
        let id = match named {
            Some(name) => name,
            None => drawn_id()?,
        };
        let now = clock::now();
        let payload = form.message(self.feed, &id, now)?.to_string();
        let sender = peer.ip().to_string();
        let topic = format!("/open311/v2/{file}");
        let origin = Origin {
            sender: &sender,
            topic: &topic,
            payload_bytes: payload.len(),
            received_at: now,
            way: Way::Native,
            beside: None,
            named: None,
        };
        let intake = &self.context.intake;
        let stopping = || Fault::new(503, "the server is shutting down");
        let feed = intake.feed(self.feed.id.as_str()).ok_or_else(stopping)?;
        let mut gathering = Gathering::begin();
        let payload = payload.as_bytes();
        let refusals = intake.read(&mut gathering, feed, origin, payload);
        let receipt = intake.submit(gathering).await;
        let receipt = receipt.map_err(|_closed| stopping())?;
        receipt.await.map_err(|_dropped| stopping())?;
        if let Some(refusal) = refusals.first() {
            return Err(Fault::new(400, refusal.detail.clone()));
        }
        let row = Tree::Members(vec![
            ("service_request_id", Tree::text(id)),
            ("service_notice", Tree::Nothing),
            ("account_id", Tree::Nothing),
        ]);
        Ok(Tree::List("request", vec![row]))
    }
}

/// An id that no other request has.
fn drawn_id() -> Result<String, Fault> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no id could be drawn");
        Fault::new(500, "no id could be drawn; see the log")
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
