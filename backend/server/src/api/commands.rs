//! Orders to actuators: what is under way and what became of it, and giving one.
//!
//! An order is tried on the city first, as a command to an incident is; then it goes into the journal,
//! and from there out ([`crate::downlink`]). What may be seen of it follows its actuator.

mod confirming;
pub(super) mod offered;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use egret_city::City;
use egret_shared::access::{Right, Scope};
use egret_shared::actuation::{
    Actuation, ActuationOrder, ActuationRefusal, ActuationState, Argument, Flaw,
    ORDER_REASON_CHARS_MAX, rule_of, some_rule,
};
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::id::{ActuationId, AreaCode, AssetId, CommandId, FeedId, RuleId};
use egret_shared::package::command::CommandDef;
use egret_shared::people::Outcome as Told;
use egret_shared::time::TimeMs;
use serde::Deserialize;
use serde_json::json;
use smol_str::SmolStr;

use self::confirming::Asked;
use super::Context;
use super::extract::{JsonBody, Path, Query};
use super::incidents::{id_taken, played, refused, settle};
use super::once::{Named, key_taken};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::downlink::filling::Filling;
use crate::downlink::trail::ORDERED;

#[derive(Debug, Deserialize)]
pub(super) struct CommandQuery {
    feed: Option<FeedId>,
    asset: Option<AssetId>,
    command: Option<CommandId>,
    state: Option<ActuationState>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Body of an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderForm {
    feed: FeedId,
    asset: AssetId,
    command: CommandId,
    #[serde(default)]
    parameters: BTreeMap<SmolStr, Argument>,
    /// Why.
    reason: String,
    /// What was answered to the first request, of a command that is asked for twice.
    #[serde(default)]
    confirm: Option<String>,
    /// Where everything is open: which part the sender plays.
    #[serde(default, rename = "as")]
    played: Option<String>,
}

/// `GET /api/v1/commands`: by `feed`, `asset`, `command`, `state`; the newest first. The cursor is a
/// place in the journal, so that nothing is told twice when there are new ones.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<CommandQuery>,
) -> Result<Json<Page<Actuation>>, Problem> {
    let limit = query.page.limit()?;
    let before = query.page.cursor()?;
    let before = before.map_or(Ok(u64::MAX), u64::try_from);
    let before = before.map_err(|_negative| Problem::bad("cursor: it is not one of ours"))?;
    let page = context.city.ask(move |city| {
        let fits = |row: &&Actuation| {
            row.seq < before
                && query.feed.as_ref().is_none_or(|feed| row.feed == *feed)
                && query.asset.as_ref().is_none_or(|asset| row.asset == *asset)
                && query.command.as_ref().is_none_or(|id| row.command == *id)
                && query.state.is_none_or(|state| row.state == state)
        };
        let rows = city.actuations().filter(fits);
        let rows = rows.filter_map(|row| caller.seen_actuation(city, row));
        let mut items: Vec<Actuation> = rows.take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|row| row.seq.to_string());
        Page { items, next }
    });
    Ok(Json(page.await?))
}

/// `GET /api/v1/commands/{id}`.
pub(super) async fn one(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Actuation>, Problem> {
    let missing = format!("there is no order \"{id}\", or it was long ago");
    let id = ActuationId::new(id);
    let row = context.city.ask(move |city| {
        let row = city.actuation(&id)?;
        caller.seen_actuation(city, row)
    });
    let row = row.await?;
    row.map(Json).ok_or_else(|| Problem::missing(missing))
}

/// `POST /api/v1/commands`: 202 with the order once it is in the journal.
pub(super) async fn order(
    State(context): State<Context>,
    caller: Caller,
    named: Option<Extension<Named>>,
    JsonBody(form): JsonBody<OrderForm>,
) -> Result<(StatusCode, Json<Actuation>), Problem> {
    let played = played(&context, form.played.clone())?;
    let id = ActuationId::new(named.ok_or_else(no_key)?.0.0);
    let at = clock::now();
    let target = format!("{}/{} {}", form.feed, form.asset, form.command);
    let action = (ORDERED, target.as_str());
    let area = area(&context, &caller, (&form.feed, &form.asset)).await?;
    let def = context.package.feed(&form.feed);
    let def = def.and_then(|feed| feed.command(&form.command));
    let def = def.ok_or_else(|| no_command(&form))?;
    if !caller.may_actuate(def.right.right(), &form.feed, area.as_ref()) {
        context.note(caller.line(at, action, Told::Denied, ""));
        return Err(Problem::forbidden());
    }
    let order = written(&context, def, &form, id.clone(), at)?;
    let by = caller.doer_of(BTreeSet::new(), Scope::Only(Vec::new()), played.as_deref());
    if let Some(known) = known(&context, &caller, &order).await? {
        // What was told first may have died with the server before it was in the trail.
        let detail = json!({ "id": id, "again": true });
        let line = caller.line(at, action, Told::Done, detail.to_string());
        context.note_done(line).await;
        return Ok((StatusCode::ACCEPTED, Json(known)));
    }
    confirmed(&context, def, &order, by.person.id.as_str(), &form)?;
    let (parameters, reason) = (&order.parameters, &order.reason);
    let detail = json!({ "id": id, "parameters": parameters, "reason": reason });
    let command = Command {
        id: format!("order/{id}").into(),
        at,
        by,
        order: Order::Actuate(Box::new(order)),
    };
    let line = caller.line(at, action, Told::Done, detail.to_string());
    given(&context, command).await?;
    context.note_done(line).await;
    let row = context.city.ask(move |city| city.actuation(&id).cloned());
    let gone = || {
        let detail = "the order is in the journal; what becomes of it is not known any more";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    };
    Ok((StatusCode::ACCEPTED, Json(row.await?.ok_or_else(gone)?)))
}

/// The order that `form` asks for, if all that it says can be.
fn written(
    context: &Context,
    def: &CommandDef,
    form: &OrderForm,
    id: ActuationId,
    at: TimeMs,
) -> Result<ActuationOrder, Problem> {
    let reason = form.reason.trim();
    if !(1..=ORDER_REASON_CHARS_MAX).contains(&reason.chars().count()) {
        let detail = format!("reason: 1 to {ORDER_REASON_CHARS_MAX} characters");
        return Err(Problem::bad(detail));
    }
    def.check(&form.parameters).map_err(|flaw| bad(&flaw))?;
    let filling = Filling {
        id: &id,
        asset: &form.asset,
        at,
        expires_at: at.plus(def.expires),
        parameters: &form.parameters,
    };
    let message = filling.message(def).ok_or_else(|| no_topic(form))?;
    Ok(ActuationOrder {
        feed: form.feed.clone(),
        asset: form.asset.clone(),
        command: form.command.clone(),
        parameters: form.parameters.clone(),
        reason: reason.to_owned(),
        expires_at: filling.expires_at,
        wanted: filling.wanted(def, &context.package),
        message,
        id,
    })
}

/// Puts an order into the journal, and has it sent.
async fn given(context: &Context, command: Command) -> Result<(), Problem> {
    let Order::Actuate(order) = &command.order else {
        return Err(id_taken());
    };
    let (feed, asset) = (order.feed.clone(), order.asset.clone());
    let tried = context
        .city
        .ask(move |city| city.actuation_refusal(&feed, &asset));
    if let Some(refusal) = tried.await? {
        return Err(full(&refusal));
    }
    match settle(context, command).await? {
        Outcome::Actuated(_) => {
            context.orders.wake();
            Ok(())
        }
        Outcome::NotActuated(refusal) => Err(full(&refusal)),
        Outcome::Refused(refusal) => Err(refused(&refusal)),
        Outcome::Done(_) | Outcome::Changed(_) | Outcome::Hushed(_) | Outcome::NotHushed(_) => {
            Err(id_taken())
        }
    }
}

/// Where the actuator is, if whoever asks may see it.
async fn area(
    context: &Context,
    caller: &Caller,
    actuator: (&FeedId, &AssetId),
) -> Result<Option<AreaCode>, Problem> {
    let (feed, asset) = (actuator.0.clone(), actuator.1.clone());
    let state = context.city.ask(move |city| city.asset(&feed, &asset));
    let state = state.await?.filter(|asset| caller.sight.asset(asset));
    let missing = || {
        let (feed, asset) = actuator;
        Problem::missing(format!("feed \"{feed}\" has no asset \"{asset}\""))
    };
    Ok(state.ok_or_else(missing)?.areas.last().cloned())
}

/// The same order, if it was given before; another one by this key is a fault.
async fn known(
    context: &Context,
    caller: &Caller,
    order: &ActuationOrder,
) -> Result<Option<Actuation>, Problem> {
    let (id, caller) = (order.id.clone(), caller.clone());
    let known = context.city.ask(move |city| {
        let row = city.actuation(&id)?;
        caller.seen_actuation(city, row)
    });
    let Some(known) = known.await? else {
        return Ok(None);
    };
    let is_it = known.feed == order.feed
        && known.asset == order.asset
        && known.command == order.command
        && known.parameters == order.parameters;
    if is_it {
        Ok(Some(known))
    } else {
        Err(key_taken())
    }
}

/// Whether a command that is asked for twice was, and the same both times.
fn confirmed(
    context: &Context,
    def: &CommandDef,
    order: &ActuationOrder,
    by: &str,
    form: &OrderForm,
) -> Result<(), Problem> {
    if !def.confirm {
        return Ok(());
    }
    let asked = Asked {
        by,
        feed: &order.feed,
        asset: &order.asset,
        command: &order.command,
        parameters: &order.parameters,
        generation: context.generation,
    };
    let now = clock::now();
    let given = form.confirm.as_deref();
    if given.is_some_and(|given| asked.is_confirmed_by(given, now)) {
        return Ok(());
    }
    let detail = match given {
        None => "ask a second time, with confirm, to have it done",
        Some(_) => "this confirms something else, or was too long ago: ask a second time anew",
    };
    let more =
        json!({ "confirm": asked.token(now), "command": def.name, "message": order.message });
    let problem = Problem::new(StatusCode::CONFLICT, detail).with_code("confirm");
    Err(problem.with_more(more))
}

fn no_key() -> Problem {
    let detail = "an order needs an Idempotency-Key, so that told twice it is given once";
    Problem::bad(detail).with_code("key_needed")
}

fn no_command(form: &OrderForm) -> Problem {
    let (feed, command) = (&form.feed, &form.command);
    Problem::missing(format!(
        "assets of feed \"{feed}\" take no command \"{command}\""
    ))
}

fn no_topic(form: &OrderForm) -> Problem {
    let detail = format!(
        "asset \"{}\": it is none that the command's topic can name",
        form.asset
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_code("no_topic")
}

fn bad(flaw: &Flaw) -> Problem {
    let words = flaw.text();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words.en.clone())
        .with_code("bad_parameter")
        .with_more(json!({ "words": words, "parameter": flaw.parameter(), "flaw": flaw }))
}

fn full(refusal: &ActuationRefusal) -> Problem {
    let words = refusal.text();
    let code = match refusal {
        ActuationRefusal::TooMany(_) | ActuationRefusal::Busy(_) => "busy",
        // A rule's, which nobody gives here.
        ActuationRefusal::Over => "over",
    };
    Problem::new(StatusCode::CONFLICT, words.en.clone())
        .with_code(code)
        .with_more(json!({ "words": words, "refusal": refusal }))
}

impl Caller {
    /// Whether `right` is given over an actuator in `area`; without one it counts for its feed's.
    fn may_actuate(&self, right: Right, feed: &FeedId, area: Option<&AreaCode>) -> bool {
        match area {
            Some(area) => self.may_feed_at(right, feed, area),
            None => self.may_feed(right, feed),
        }
    }

    /// What may be seen of an order: nothing, or the order, without why for those who may not work
    /// where the actuator is, and without the rule that gave it for those who may not know of that.
    fn seen_actuation(&self, city: &City, row: &Actuation) -> Option<Actuation> {
        let handle = city.handle(&row.feed, &row.asset);
        let area = handle.and_then(|handle| city.area_of(handle));
        if !self.sight.feed_at(&row.feed, area) {
            return None;
        }
        let mut row = row.clone();
        let rule = rule_of(&row.by).map(RuleId::new);
        let is_known = rule.is_none_or(|rule| self.sight.rule_somewhere(&rule));
        if !is_known {
            row.by = some_rule();
        }
        if !is_known || !self.may_actuate(Right::Work, &row.feed, area) {
            row.reason.clear();
        }
        Some(row)
    }
}
