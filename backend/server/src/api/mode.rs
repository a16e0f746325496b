//! The mode of the city, and how departments do.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use egret_people::rights::{self, Row};
use egret_shared::access::{Right, Scope};
use egret_shared::case::Power;
use egret_shared::command::{Command, ModeOrder, Order, Outcome};
use egret_shared::id::AreaCode;
use egret_shared::mode::ModeState;
use egret_shared::people::Outcome as Told;
use egret_shared::scorecard::Scorecard;
use serde::Deserialize;
use smol_str::SmolStr;

use super::Context;
use super::extract::{JsonBody, Query};
use super::incidents::{command_id, id_taken, played, refused, settle};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;

/// Longest reason for a change of mode, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Body of a change of mode.
#[derive(Debug, Deserialize)]
pub(super) struct ModeForm {
    id: SmolStr,
    #[serde(default, rename = "as")]
    played: Option<String>,
    #[serde(flatten)]
    order: ModeOrder,
}

/// `GET /api/v1/mode`.
pub(super) async fn mode(
    State(context): State<Context>,
    _caller: Caller,
) -> Result<Json<ModeState>, Problem> {
    let mode = context.city.ask(|city| city.mode().clone());
    Ok(Json(mode.await?))
}

/// `POST /api/v1/mode`: for those who command the whole city.
pub(super) async fn change(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(form): JsonBody<ModeForm>,
) -> Result<Json<ModeState>, Problem> {
    let played = played(&context, form.played)?;
    let reason = form.order.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let detail = format!("reason: 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::bad(detail));
    }
    let at = clock::now();
    let action = ("mode.change", "");
    if !caller.commands_city() {
        context.note(caller.line(at, action, Told::Denied, ""));
        return Err(Problem::forbidden());
    }
    let by = caller.doer_of(
        BTreeSet::from([Power::Dispatch]),
        Scope::Only(Vec::new()),
        played.as_deref(),
    );
    let detail = format!("{:?}: {reason}", form.order.mode);
    let command = Command {
        id: command_id(&by, &form.id)?,
        at,
        by,
        order: Order::Mode(form.order),
    };
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
        Outcome::Done(_) => {
            let line = caller.line(at, action, Told::Done, detail);
            context.note_done(line).await;
            let mode = context.city.ask(|city| city.mode().clone());
            Ok(Json(mode.await?))
        }
        Outcome::Refused(refusal) => Err(refused(&refusal)),
        Outcome::Changed(_)
        | Outcome::Hushed(_)
        | Outcome::NotHushed(_)
        | Outcome::Actuated(_)
        | Outcome::NotActuated(_) => Err(id_taken()),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ScorecardQuery {
    month: Option<String>,
    area: Option<AreaCode>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/scorecards`: by `month` and `area`.
pub(super) async fn scorecards(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<ScorecardQuery>,
) -> Result<Json<Page<Scorecard>>, Problem> {
    let page = context.city.ask(move |city| {
        let fits = |card: &Scorecard| {
            query
                .month
                .as_ref()
                .is_none_or(|month| card.month == *month)
                && query
                    .area
                    .as_ref()
                    .is_none_or(|area| card.area.as_ref() == Some(area))
                && caller.sees_scorecard(card)
        };
        query.page.page(city.scorecards().filter(fits))
    });
    page.await?.map(Json)
}

impl Caller {
    /// Whether how a department does in an area may be seen: as whatever is its own there.
    fn sees_scorecard(&self, card: &Scorecard) -> bool {
        let labels = self.sight.labels();
        let owners = [card.department.clone()];
        let row = Row {
            line: labels.line(labels.area(card.area.as_ref())),
            owners: &owners,
            given_to: &[],
            class: labels.package().city.classification.default,
        };
        rights::may(self.grants(), Right::See, row)
    }
}
