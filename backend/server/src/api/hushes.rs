//! What keeps alerts quiet, and every turn that alerts have taken.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_people::rights;
use egret_shared::access::{Right, Scope};
use egret_shared::alert::{AlertKey, AlertState, AlertTurn, Subject};
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::hush::{Hush, HushDef, HushKind, HushOrder, HushRefusal, Matcher};
use egret_shared::id::{AreaCode, HushId, RuleId};
use egret_shared::people::Outcome as Told;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use serde_json::json;
use smol_str::SmolStr;

use super::Context;
use super::extract::{JsonBody, Query};
use super::incidents::{command_id, id_taken, played, refused, settle};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::store::TurnFilter;
use crate::store::past::Place;

/// Body of an order about what is to be kept quiet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HushForm {
    id: SmolStr,
    #[serde(default, rename = "as")]
    played: Option<String>,
    order: HushOrder,
}

/// What became of it.
#[derive(Debug, Serialize)]
pub(super) struct Hushed {
    hush: HushId,
}

/// `GET /api/v1/hushes`: those that whoever asks could have put.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Hush>>, Problem> {
    let listed = context.city.ask(move |city| {
        let seen = city.hushes().into_iter();
        page.page(seen.filter(|hush| caller.may_hush(&hush.hush, Right::See)))
    });
    listed.await?.map(Json)
}

/// `POST /api/v1/hushes`.
pub(super) async fn order(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(form): JsonBody<HushForm>,
) -> Result<Json<Hushed>, Problem> {
    let played = played(&context, form.played)?;
    let at = clock::now();
    let wanted = match &form.order {
        HushOrder::Put { id, hush } => vec![id.clone().map(Err), Some(Ok(hush.clone()))],
        HushOrder::End { id, .. } => vec![Some(Err(id.clone()))],
    };
    // Whoever changes or ends one must have been able to put it.
    for one in wanted.into_iter().flatten() {
        let hush = match one {
            Ok(hush) => hush,
            Err(id) => known(&context, &caller, &id).await?,
        };
        if !caller.may_hush(&hush, Right::Work) {
            context.note(caller.line(at, ("hush.order", ""), Told::Denied, ""));
            return Err(Problem::forbidden());
        }
    }
    let by = caller.doer_of(
        std::collections::BTreeSet::new(),
        Scope::Only(Vec::new()),
        played.as_deref(),
    );
    let command = Command {
        id: command_id(&by, &form.id)?,
        at,
        by,
        order: Order::Hush(form.order.clone()),
    };
    let (id, order) = (command.id.clone(), form.order);
    let tried = context.city.ask(move |city| {
        let known = city.outcome(&id).cloned();
        known.or_else(|| city.hush_refusal(&order).map(Outcome::NotHushed))
    });
    let outcome = match tried.await? {
        Some(outcome) => outcome,
        None => settle(&context, command).await?,
    };
    match outcome {
        Outcome::Hushed(hush) => {
            let action = ("hush.order", hush.as_str());
            let line = caller.line(at, action, Told::Done, "");
            context.note_done(line).await;
            Ok(Json(Hushed { hush }))
        }
        Outcome::NotHushed(refusal) => Err(not_hushed(&refusal)),
        Outcome::Refused(refusal) => Err(refused(&refusal)),
        Outcome::Done(_) | Outcome::Changed(_) | Outcome::Actuated(_) | Outcome::NotActuated(_) => {
            Err(id_taken())
        }
    }
}

async fn known(context: &Context, caller: &Caller, id: &HushId) -> Result<HushDef, Problem> {
    let wanted = id.clone();
    let hush = context.city.ask(move |city| {
        let mut all = city.hushes().into_iter();
        all.find(|hush| hush.id == wanted).map(|hush| hush.hush)
    });
    let missing = || Problem::missing(format!("there is no hush \"{id}\""));
    let hush = hush.await?;
    hush.filter(|hush| caller.may_hush(hush, Right::See))
        .ok_or_else(missing)
}

fn not_hushed(refusal: &HushRefusal) -> Problem {
    let words = refusal.text();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words.en.clone())
        .with_code("not_hushed")
        .with_more(json!({ "words": words, "refusal": refusal }))
}

impl Caller {
    /// Whether `right` is given over everything that a hush keeps quiet.
    fn may_hush(&self, hush: &HushDef, right: Right) -> bool {
        match &hush.kind {
            HushKind::Silence(what) | HushKind::Maintenance { what, .. } => {
                self.may_match(what, right)
            }
            HushKind::Shelf(key) => self.may_match(&matcher_of(key), right),
        }
    }

    fn may_match(&self, what: &Matcher, right: Right) -> bool {
        let labels = self.sight.labels();
        let line = labels.line(labels.area(what.area.as_ref()));
        let feed = what.feed.clone().or_else(|| {
            let rule = what.rule.as_ref()?;
            let rules = &labels.package().rules.rules;
            let rule = rules.iter().find(|known| known.id == *rule)?;
            rule.on.feed.clone()
        });
        if let Some(feed) = feed {
            return match what.area {
                Some(_) => self.may_line(right, &feed, line),
                None => self.may_feed_anywhere(right, &feed),
            };
        }
        // Of every feed, or of a metric that many stand behind.
        let grants = self.grants().iter();
        let mut whole = grants.filter(|grant| grant.departments.is_all());
        rights::has(self.grants(), right)
            && whole.any(|grant| {
                grant.role.rights().contains(&right)
                    && (grant.areas.is_all()
                        || line.iter().any(|code| grant.areas.named().contains(code)))
            })
    }
}

/// What a shelved alert is about.
fn matcher_of(key: &AlertKey) -> Matcher {
    let (feed, area) = match &key.subject {
        Subject::Asset { feed, .. }
        | Subject::Reports { feed, .. }
        | Subject::Gateway { feed, .. }
        | Subject::Feed { feed } => (Some(feed.clone()), None),
        Subject::Metric { area, .. } | Subject::Area { area } => (None, Some(area.clone())),
    };
    Matcher {
        rule: Some(key.rule.clone()),
        feed,
        asset: None,
        area,
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TurnQuery {
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    rule: Option<RuleId>,
    area: Option<AreaCode>,
    state: Option<AlertState>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/alerts/log`: every turn that alerts have taken, newest first; by `from`, `to`,
/// `rule`, `area`, `state`.
pub(super) async fn turns(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<TurnQuery>,
) -> Result<Json<Page<AlertTurn>>, Problem> {
    let limit = query.page.limit()?;
    let filter = TurnFilter {
        from: query.from,
        to: query.to,
        before: query.page.text_cursor().map(place).transpose()?,
    };
    let store = context.store.clone();
    let read = move || {
        let mut items: Vec<(Place, AlertTurn)> = Vec::new();
        store.turns(&filter, &mut |place, turn| {
            let fits = query
                .rule
                .as_ref()
                .is_none_or(|rule| turn.key.rule == *rule)
                && query
                    .area
                    .as_ref()
                    .is_none_or(|area| turn.areas.contains(area))
                && query.state.is_none_or(|state| turn.state == state)
                && caller.sight.turn(&turn);
            if fits {
                items.push((place, turn));
            }
            items.len() <= limit
        })?;
        Ok::<_, Problem>(items)
    };
    let read = tokio::task::spawn_blocking(read).await;
    let mut items = read.map_err(|error| Problem::given_up(&error))??;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|((batch, number), _)| format!("{batch}.{number}"));
    let items = items.into_iter().map(|(_, turn)| turn).collect();
    Ok(Json(Page { items, next }))
}

fn place(cursor: &str) -> Result<Place, Problem> {
    let parts = cursor.split_once('.');
    let parts = parts.and_then(|(batch, number)| batch.parse().ok().zip(number.parse().ok()));
    parts.ok_or_else(|| Problem::bad(format!("cursor={cursor} is not one of ours")))
}
