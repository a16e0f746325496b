//! Orders and the audit trail. An order goes into the journal first and into the trail then: one of
//! which only the journal knows, because the server died in between, is put into the trail at the next
//! start.

use std::collections::{BTreeMap, BTreeSet};

use egret_city::City;
use egret_people::{AuditFilter, Line, People, PeopleError};
use egret_shared::actuation::Actuation;
use egret_shared::people::{AuditRow, Kind, Outcome};
use egret_shared::time::TimeMs;
use serde_json::{Value, json};

use crate::clock;
use crate::folding::CityHandle;

/// What giving an order is called in the trail.
pub(crate) const ORDERED: &str = "command.order";

/// Puts the orders that somebody gave into the trail that are not there, each once however often this
/// is done. Before anybody can give another.
///
/// # Errors
/// The city has stopped, or the trail cannot be read or written.
pub(crate) async fn complete(city: &CityHandle, people: &People) -> anyhow::Result<()> {
    let given = |city: &City| city.actuations().cloned().collect::<Vec<Actuation>>();
    let given = city.ask(given).await?;
    let people = people.clone();
    tokio::task::spawn_blocking(move || write(&people, &given)).await??;
    Ok(())
}

fn write(people: &People, given: &[Actuation]) -> Result<(), PeopleError> {
    let Some(since) = given.iter().map(|order| order.at).min() else {
        return Ok(());
    };
    let known = known(people, since)?;
    for line in lacking(given, &known, &accounts(people)) {
        tracing::warn!(
            target = line.target,
            name = line.name,
            "an order was not in the audit trail"
        );
        people.note(&line)?;
    }
    Ok(())
}

/// The ids of orders that the trail has, given at `since` or later.
fn known(people: &People, since: TimeMs) -> Result<BTreeSet<String>, PeopleError> {
    let mut known = BTreeSet::new();
    let mut before = None;
    loop {
        let page = people.audit(&AuditFilter {
            action: Some(ORDERED.to_owned()),
            from: Some(since),
            before,
            limit: usize::MAX,
            ..AuditFilter::default()
        })?;
        let Some(last) = page.last() else {
            return Ok(known);
        };
        before = Some(last.seq);
        known.extend(page.iter().filter_map(id));
    }
}

/// Which order a line is about.
fn id(row: &AuditRow) -> Option<String> {
    let detail: Value = serde_json::from_str(&row.detail).ok()?;
    detail.get("id")?.as_str().map(str::to_owned)
}

/// What kind each account is of, and what it signs in with.
fn accounts(people: &People) -> BTreeMap<String, (Kind, String)> {
    let users = people.users(clock::now()).into_iter();
    let users = users.map(|user| (user.id, (Kind::User, user.name)));
    let tokens = people.tokens().into_iter();
    let tokens = tokens.map(|token| (token.id, (Kind::Token, token.name)));
    users.chain(tokens).collect()
}

/// The lines of orders by somebody that are not `known`, oldest first. From where they were given
/// nobody knows any more.
fn lacking(
    given: &[Actuation],
    known: &BTreeSet<String>,
    accounts: &BTreeMap<String, (Kind, String)>,
) -> Vec<Line> {
    let mut lacking: Vec<&Actuation> = given
        .iter()
        .filter(|order| !known.contains(order.id.as_str()))
        .collect();
    lacking.sort_by_key(|order| order.seq);
    let line = |order: &Actuation| {
        // What nobody with an account gave is told of elsewhere.
        let (kind, name) = accounts.get(order.by.id.as_str())?;
        let (id, parameters, reason) = (&order.id, &order.parameters, &order.reason);
        let detail = json!({
            "id": id, "parameters": parameters, "reason": reason, "from_journal": order.seq,
        });
        Some(Line {
            at: order.at,
            kind: *kind,
            actor: order.by.id.to_string(),
            name: name.clone(),
            address: String::new(),
            action: ORDERED.to_owned(),
            target: format!("{}/{} {}", order.feed, order.asset, order.command),
            outcome: Outcome::Done,
            detail: detail.to_string(),
        })
    };
    lacking.into_iter().filter_map(line).collect()
}
