//! `POST /api/v1/incidents`: an incident that no rule found, as somebody reports it.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use egret_shared::access::Scope;
use egret_shared::case::Power;
use egret_shared::command::{Command, OpenOrder, Order, Outcome};
use egret_shared::id::AreaCode;
use egret_shared::people::Outcome as Told;
use serde::Deserialize;
use smol_str::SmolStr;

use super::{Obeyed, command_id, id_taken, played, refused, settle};
use crate::api::Context;
use crate::api::extract::JsonBody;
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;

/// Body of a report.
#[derive(Debug, Deserialize)]
pub(in crate::api) struct OpenForm {
    id: SmolStr,
    #[serde(default, rename = "as")]
    played: Option<String>,
    #[serde(flatten)]
    order: OpenOrder,
}

/// `POST /api/v1/incidents`: reports one that no rule found.
pub(in crate::api) async fn open(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(form): JsonBody<OpenForm>,
) -> Result<Json<Obeyed>, Problem> {
    let played = played(&context, form.played)?;
    let mut order = form.order;
    // An area that they may not know of is none.
    let is_known = |area: &AreaCode| {
        let known = context.package.area_tree().index_of(area);
        known.is_some_and(|known| caller.sight.area(known))
    };
    if let Some(position) = order.position {
        let area = context.intake.area_at(position).filter(is_known);
        let outside = || Problem::bad("position: it lies outside the city, or outside your areas");
        order.area = Some(area.ok_or_else(outside)?);
    } else if let Some(area) = &order.area
        && !is_known(area)
    {
        return Err(Problem::bad(format!("area: there is no area \"{area}\"")));
    }
    if !caller.may_report(order.area.as_ref()) {
        return Err(Problem::forbidden());
    }
    let powers = BTreeSet::from([Power::Supervise]);
    let by = caller.doer_of(powers, Scope::Only(Vec::new()), played.as_deref());
    let command = Command {
        id: command_id(&by, &form.id)?,
        at: clock::now(),
        by,
        order: Order::Open(order),
    };
    let at = command.at;
    let id = command.id.clone();
    let known = context
        .city
        .ask(move |city| city.outcome(&id).cloned())
        .await?;
    let outcome = match known {
        Some(outcome) => outcome,
        None => settle(&context, command).await?,
    };
    match outcome {
        Outcome::Done(done) => {
            let target = done.as_ref().map(|(id, _)| id.to_string());
            let target = target.unwrap_or_default();
            let action = ("incident.open", target.as_str());
            let line = caller.line(at, action, Told::Done, "");
            context.note_done(line).await;
            Ok(Json(Obeyed {
                version: done.as_ref().map_or(0, |(_, version)| *version),
                incident: done.map(|(id, _)| id),
            }))
        }
        Outcome::Refused(refusal) => Err(refused(&refusal)),
        Outcome::Changed(_)
        | Outcome::Hushed(_)
        | Outcome::NotHushed(_)
        | Outcome::Actuated(_)
        | Outcome::NotActuated(_) => Err(id_taken()),
    }
}
