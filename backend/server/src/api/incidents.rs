//! Incidents: their lists and files, and what people order about them.
//!
//! A command is tried on the city first, so that what cannot be done is refused at once; then it
//! goes into the journal, and the answer tells what the fold made of it. So two who order at the
//! same time are told apart by the journal's order alone.

mod archive;
pub(super) mod attachments;
pub(super) mod open;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_city::City;
use egret_shared::case::{Act, Doer, Dossier, Power, Refusal, step};
use egret_shared::command::{COMMAND_ID_BYTES_MAX, CaseOrder, Command, Order, Outcome};
use egret_shared::id::{AreaCode, DepartmentId, IncidentId};
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::people::Outcome as Told;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use serde_json::json;
use smol_str::SmolStr;

use super::Context;
use super::extract::{JsonBody, Path, Query};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::obeyed::obeyed;

#[derive(Debug, Deserialize)]
pub(super) struct IncidentQuery {
    state: Option<IncidentState>,
    level: Option<Level>,
    area: Option<AreaCode>,
    lead: Option<DepartmentId>,
    department: Option<DepartmentId>,
    overdue: Option<YesNo>,
    mine: Option<YesNo>,
    archived: Option<YesNo>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Yes or no in a query string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum YesNo {
    True,
    False,
}

impl YesNo {
    fn is(self, fact: bool) -> bool {
        (self == Self::True) == fact
    }
}

/// Body of a command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandForm {
    /// The sender's own id of it, so that it can be told twice.
    id: SmolStr,
    /// The incident's version that the sender saw.
    version: u64,
    /// What to do.
    act: Act,
    /// Where everything is open: which part the sender plays.
    #[serde(default, rename = "as")]
    played: Option<String>,
}

/// The part that somebody plays where everything is open.
#[derive(Debug, Deserialize)]
pub(super) struct PlayedQuery {
    #[serde(rename = "as")]
    played: Option<String>,
}

/// What became of a command.
#[derive(Debug, Serialize)]
pub(super) struct Obeyed {
    incident: Option<IncidentId>,
    version: u64,
}

/// An incident with its file, and what whoever asks may do to it.
#[derive(Debug, Serialize)]
pub(super) struct Opened {
    #[serde(flatten)]
    incident: Incident,
    timeline: Vec<egret_shared::case::Deed>,
    checklist: Vec<egret_shared::case::CheckItem>,
    children: Vec<IncidentId>,
    doer: Doer,
}

/// `GET /api/v1/incidents`: by `state`, `level`, `area`, `lead`, `department` (that has a task),
/// `overdue`, `mine`; those that have left the city if `archived`.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<IncidentQuery>,
) -> Result<Json<Page<Incident>>, Problem> {
    if query.archived == Some(YesNo::True) {
        return archive::list(&context, caller, query).await;
    }
    let page = context.city.ask(move |city: &City| {
        let me = caller.person(None).id;
        let now = city.now();
        let fitting = city
            .incidents()
            .filter(|incident| query.fits(incident, &me, now));
        let incident_of = |id: &IncidentId| city.incident(id);
        query.page.page(
            fitting.filter_map(|incident| caller.sight.incident(incident.clone(), &incident_of)),
        )
    });
    page.await?.map(Json)
}

impl IncidentQuery {
    fn fits(&self, incident: &Incident, me: &str, now: TimeMs) -> bool {
        let is_overdue = || {
            incident.clock.overdue
                || incident.clock.due_at.is_some_and(|due_at| {
                    due_at <= now
                        && incident.clock.stopped_at.is_none()
                        && incident.clock.paused_since.is_none()
                })
        };
        self.state.is_none_or(|state| incident.state == state)
            && self.level.is_none_or(|level| incident.level == level)
            && self
                .area
                .as_ref()
                .is_none_or(|area| incident.areas.contains(area))
            && self
                .lead
                .as_ref()
                .is_none_or(|lead| incident.lead.as_ref() == Some(lead))
            && self
                .department
                .as_ref()
                .is_none_or(|department| incident.task(department).is_some())
            && self.overdue.is_none_or(|wanted| wanted.is(is_overdue()))
            && self
                .mine
                .is_none_or(|wanted| wanted.is(is_of(incident, me)))
    }
}

/// Whether somebody looks after an incident, or has taken part in handling it.
fn is_of(incident: &Incident, me: &str) -> bool {
    let acknowledged = incident.acknowledged.as_ref();
    acknowledged.is_some_and(|by| by.by.id == me)
        || incident.handlers.iter().any(|person| person.id == me)
}

/// `GET /api/v1/incidents/{id}`.
pub(super) async fn one(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<PlayedQuery>,
) -> Result<Json<Opened>, Problem> {
    let played = played(&context, query.played)?;
    let dossier = seen(&context, &caller, &id).await?;
    let doer = caller.doer(&dossier.incident, played.as_deref());
    Ok(Json(Opened {
        incident: dossier.incident,
        timeline: dossier.timeline,
        checklist: dossier.checklist,
        children: dossier.children,
        doer,
    }))
}

/// `GET /api/v1/incidents/{id}/doer`: what whoever asks may do to it.
pub(super) async fn doer(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<PlayedQuery>,
) -> Result<Json<Doer>, Problem> {
    let played = played(&context, query.played)?;
    let dossier = seen(&context, &caller, &id).await?;
    Ok(Json(caller.doer(&dossier.incident, played.as_deref())))
}

/// The part that somebody says they play, which counts only where everybody is nobody.
pub(super) fn played(context: &Context, played: Option<String>) -> Result<Option<String>, Problem> {
    let is_name = |name: &String| {
        let is_plain = |c: char| !c.is_control() && c != '/';
        (1..=32).contains(&name.chars().count()) && name.chars().all(is_plain)
    };
    match played {
        None => Ok(None),
        Some(_) if !context.access.open => Err(Problem::bad(
            "\"as\" is for a server that is open to everybody; here you are who signed in",
        )),
        Some(name) if is_name(&name) => Ok(Some(name)),
        Some(_) => Err(Problem::bad(
            "\"as\" has 1 to 32 characters, none of them a slash",
        )),
    }
}

/// The file of an incident, as far as whoever asks may see it.
pub(super) async fn seen(context: &Context, caller: &Caller, id: &str) -> Result<Dossier, Problem> {
    let (wanted, sight) = (IncidentId::new(id), caller.sight.clone());
    let dossier = context.city.ask(move |city| {
        let dossier = city.dossier(&wanted)?;
        sight.dossier(dossier, &|id| city.incident(id))
    });
    if let Some(dossier) = dossier.await? {
        return Ok(dossier);
    }
    let left = archive::one(context, caller, IncidentId::new(id)).await?;
    left.ok_or_else(|| no_incident(id))
}

fn no_incident(id: &str) -> Problem {
    Problem::missing(format!("there is no incident \"{id}\""))
}

/// `POST /api/v1/incidents/{id}/commands`.
pub(super) async fn command(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(form): JsonBody<CommandForm>,
) -> Result<Json<Obeyed>, Problem> {
    let played = played(&context, form.played)?;
    if matches!(form.act, Act::Attach { .. }) {
        let detail = "a file is sent to /attachments, which makes the command of it";
        return Err(Problem::bad(detail));
    }
    let order = CaseOrder {
        incident: IncidentId::new(&id),
        version: form.version,
        act: form.act,
    };
    obey(&context, &caller, played, &form.id, order).await
}

/// Does what `order` says, if it can be done.
pub(super) async fn obey(
    context: &Context,
    caller: &Caller,
    played: Option<String>,
    id: &str,
    order: CaseOrder,
) -> Result<Json<Obeyed>, Problem> {
    let incident = seen(context, caller, order.incident.as_str())
        .await?
        .incident;
    check_departments(context, &order.act)?;
    let by = caller.doer(&incident, played.as_deref());
    let command = Command {
        id: command_id(&by, id)?,
        at: clock::now(),
        by,
        order: Order::Case(order.clone()),
    };
    if let Some(other) = other(&order.act) {
        may_touch(context, caller, other).await?;
    }
    let tried = {
        let (command, order) = (command.clone(), order.clone());
        let question = move |city: &City| outlook(city, &command, &order);
        context.city.ask(question).await?
    };
    let outcome = match tried {
        // Done before, or not to be done: the journal need not know.
        Some(outcome) => outcome,
        None => settle(context, command.clone()).await?,
    };
    let target = order.incident.as_str();
    let action = format!("incident.{}", order.act.kind().as_str());
    let told = match &outcome {
        Outcome::Done(_) => Told::Done,
        Outcome::Refused(refusal) if refusal.is_of_person() => Told::Denied,
        _ => Told::Failed,
    };
    let detail = match &outcome {
        Outcome::Refused(refusal) => refusal.code().to_owned(),
        _ => String::new(),
    };
    let line = caller.line(command.at, (&action, target), told, detail);
    match told {
        Told::Done => context.note_done(line).await,
        Told::Denied | Told::Failed => context.note(line),
    }
    answer(context, caller, &order, outcome).await
}

/// What would become of `command` if nothing came before it; `None` if it can be done.
fn outlook(city: &City, command: &Command, order: &CaseOrder) -> Option<Outcome> {
    if let Some(known) = city.outcome(&command.id) {
        return Some(known.clone());
    }
    let Some(incident) = city.incident(&order.incident) else {
        return Some(Outcome::Refused(Refusal::NoIncident(
            order.incident.clone(),
        )));
    };
    if incident.version != order.version {
        return Some(Outcome::Changed(incident.version));
    }
    let stepped = step(&incident, &command.by, &order.act, command.at);
    stepped.err().map(Outcome::Refused)
}

/// Puts `command` into the journal; what the fold made of it.
pub(super) async fn settle(context: &Context, command: Command) -> Result<Outcome, Problem> {
    let outcome = obeyed(&context.intake, &context.city, command).await?;
    outcome.ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the command is in the journal; what became of it is not known any more",
        )
    })
}

/// The id of a command, which nobody else can use.
pub(super) fn command_id(by: &Doer, id: &str) -> Result<SmolStr, Problem> {
    let is_id = !id.is_empty() && id.len() <= COMMAND_ID_BYTES_MAX && id.is_ascii();
    if !is_id {
        let detail = format!("id: 1 to {COMMAND_ID_BYTES_MAX} ASCII characters, such as a UUID");
        return Err(Problem::bad(detail));
    }
    Ok(format!("{}/{id}", by.person.id).into())
}

/// The id of a command was used for something else before.
pub(super) fn id_taken() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "this id belongs to another command: each needs one of its own",
    )
    .with_code("id_taken")
}

/// The other incident that an act is about.
fn other(act: &Act) -> Option<&IncidentId> {
    match act {
        Act::Merge { into, .. } => Some(into),
        Act::Parent { of } => of.as_ref(),
        _ => None,
    }
}

/// Whether the other incident may be seen and supervised, too.
async fn may_touch(context: &Context, caller: &Caller, id: &IncidentId) -> Result<(), Problem> {
    let other = seen(context, caller, id.as_str()).await?.incident;
    if caller.doer(&other, None).may(Power::Supervise) {
        Ok(())
    } else {
        Err(Problem::forbidden())
    }
}

fn check_departments(context: &Context, act: &Act) -> Result<(), Problem> {
    let named: Vec<&DepartmentId> = match act {
        Act::Dispatch { lead, support, .. } | Act::Decide { lead, support, .. } => {
            std::iter::once(lead).chain(support).collect()
        }
        Act::Command { departments, .. } => departments.iter().collect(),
        _ => Vec::new(),
    };
    let package = &context.package;
    let unknown = named
        .into_iter()
        .find(|id| package.department(id).is_none());
    unknown.map_or(Ok(()), |id| {
        Err(refused(&Refusal::NoDepartment(id.clone())))
    })
}

/// A refusal as a problem.
pub(super) fn refused(refusal: &Refusal) -> Problem {
    let status = match refusal {
        _ if refusal.is_of_person() => StatusCode::FORBIDDEN,
        Refusal::NoIncident(_) => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let words = refusal.words();
    Problem::new(status, words.en.clone())
        .with_code(refusal.code())
        .with_more(json!({ "words": words, "refusal": refusal }))
}

async fn answer(
    context: &Context,
    caller: &Caller,
    order: &CaseOrder,
    outcome: Outcome,
) -> Result<Json<Obeyed>, Problem> {
    match outcome {
        Outcome::Hushed(_)
        | Outcome::NotHushed(_)
        | Outcome::Actuated(_)
        | Outcome::NotActuated(_) => Err(id_taken()),
        Outcome::Done(Some((id, _))) if id != order.incident => Err(id_taken()),
        Outcome::Done(done) => Ok(Json(Obeyed {
            version: done.as_ref().map_or(0, |(_, version)| *version),
            incident: done.map(|(id, _)| id),
        })),
        Outcome::Refused(refusal) => Err(refused(&refusal)),
        Outcome::Changed(version) => {
            let dossier = seen(context, caller, order.incident.as_str()).await?;
            Err(changed(&dossier, order.version, version))
        }
    }
}

/// That an incident stands elsewhere than whoever commands had seen, with what was done since.
fn changed(dossier: &Dossier, seen: u64, version: u64) -> Problem {
    let since = dossier.timeline.iter();
    let since: Vec<_> = since.filter(|deed| deed.version > seen).collect();
    let detail =
        format!("the incident has changed: you saw version {seen}, it is at version {version}");
    Problem::new(StatusCode::CONFLICT, detail)
        .with_code("changed")
        .with_more(json!({ "version": version, "changed": since }))
}
