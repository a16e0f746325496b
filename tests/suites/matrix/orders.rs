//! Orders to actuators: seen as their actuators are, why they were given by those who may work there,
//! and given by those who may. Nothing here orders anything: what is allowed is tried without a reason.

use std::collections::BTreeSet;

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{Truth, text};
use egret_tests::matrix::worked::ORDERED;
use serde_json::{Value, json};

use crate::lists::is_answered;

/// Rows of a page: small, so that the list has several.
const PAGE: usize = 5;

pub(crate) fn list(cell: Cell<'_>, _: &Truth) {
    let all = cell.stage.worked.orders.iter();
    let own = all.filter(|order| cell.reader().sees(&order.label));
    let own: BTreeSet<String> = own.map(|order| order.id.clone()).collect();
    let told = cell.list("/api/v1/commands", PAGE);
    cell.same(&own, &told.iter().map(|row| text(&row["id"])).collect());
    for row in &told {
        has_own_reason(cell, row);
    }
    for feed in city::feeds().into_iter().step_by(3) {
        let rows = cell.list(&format!("/api/v1/commands?feed={feed}"), 1_000);
        let of_feed = told.iter().filter(|row| row["feed"] == *feed);
        let expected = of_feed.map(|row| text(&row["id"])).collect();
        cell.same(
            &expected,
            &rows.iter().map(|row| text(&row["id"])).collect(),
        );
    }
    cell.same(
        &BTreeSet::new(),
        &cell
            .list("/api/v1/commands?state=acknowledged", 1_000)
            .iter()
            .map(|row| text(&row["id"]))
            .collect(),
    );
}

/// Why it was ordered is for those who may work where the actuator is, and told to them; by which
/// rule, for those who may know of the rule. Whether anything names it to others is searched for.
fn has_own_reason(cell: Cell<'_>, row: &Value) {
    let mut all = cell.stage.worked.orders.iter();
    let Some(order) = all.find(|order| row["id"] == *order.id) else {
        return cell.leak(format_args!("an order that nobody gave: {row}"));
    };
    let reason = text(&row["reason"]);
    let (is_known, is_told) = match &order.rule {
        None => (true, reason.starts_with(ORDERED)),
        Some(rule) => {
            let is_known = rule.is_for(cell.reader());
            if is_known && !text(&row["by"]["id"]).ends_with(&rule.id) {
                cell.missing(format!("by which rule: {row}"));
            }
            (is_known, !reason.is_empty())
        }
    };
    cell.findings.rows(1);
    let may = is_known && cell.reader().may(Right::Work, &order.label);
    match (may, is_told) {
        (true, false) => cell.missing(format_args!("why: {row}")),
        (false, true) => cell.leak(format_args!("why: {row}")),
        _ => {}
    }
}

pub(crate) fn one(cell: Cell<'_>, _: &Truth) {
    for order in &cell.stage.worked.orders {
        let id = &order.id;
        let answer = cell.get(&format!("/api/v1/commands/{id}"));
        is_answered(cell, cell.reader().sees(&order.label), answer.status, id);
        if answer.status == 200 {
            has_own_reason(cell, &answer.json());
        }
    }
}

/// What an actuator takes is told to those who see it, and whether it is theirs to give; how it goes
/// out is told to those who may know of its feed's messages.
pub(crate) fn offered(cell: Cell<'_>, _: &Truth) {
    for actuator in city::assets().iter().filter(|asset| !asset.is_moving) {
        let (feed, asset, label) = (&actuator.feed, &actuator.id, &actuator.label);
        let answer = cell.get(&format!("/api/v1/assets/{feed}/{asset}/commands"));
        is_answered(cell, cell.reader().sees(label), answer.status, asset);
        if answer.status != 200 {
            continue;
        }
        let told = answer.json();
        let offer = &told["items"][0];
        cell.findings.rows(1);
        if offer["may"] != cell.reader().may(Right::Actuate, label) {
            cell.leak(format_args!("{asset} may be ordered: {told}"));
        }
        let is_told = offer["command"]["topic"] != "";
        let may_know = [Right::Raw, Right::Send].map(|right| cell.reader().has(right));
        if is_told && !may_know.contains(&true) {
            cell.leak(format_args!("by which topic {asset} is ordered: {told}"));
        }
    }
}

/// An actuator that may not be seen is none; one that may not be ordered refuses.
pub(crate) fn give(cell: Cell<'_>, _: &Truth) {
    let ask = |feed: &str, asset: &str| {
        let order = json!({ "feed": feed, "asset": asset, "command": "act", "reason": "" });
        let order = order.to_string();
        let key = format!("{feed}-{asset}");
        let key = ("idempotency-key", key.as_str());
        let headers = [("content-type", "application/json"), key];
        let api = &cell.holder.api;
        let answer = api.ask_again("POST", "/api/v1/commands", &headers, &order);
        cell.search(&format!("POST /api/v1/commands {order}"), &answer.body);
        answer
    };
    for actuator in city::assets().iter().filter(|asset| !asset.is_moving) {
        let answer = ask(&actuator.feed, &actuator.id);
        let label = &actuator.label;
        cell.findings.rows(1);
        let expected = match (cell.reader().sees(label), cell.reader()) {
            (false, _) => 404,
            (true, reader) if reader.may(Right::Actuate, label) => 400,
            (true, _) => 403,
        };
        if answer.status != expected && answer.status != 429 {
            let told = format!("{}: {} {}", actuator.id, answer.status, answer.body);
            cell.leak(format_args!("{told} instead of {expected}"));
        }
        if expected == 404 && answer.status == 404 {
            let absent = ask(&actuator.feed, "nothing");
            let told = answer.body.replace(&actuator.id, "nothing");
            if absent.status == 404 && absent.body != told {
                cell.leak(format_args!("{} is told from none", actuator.id));
            }
        }
    }
}
