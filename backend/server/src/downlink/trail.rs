//! Orders and the audit trail. An order goes into the journal first and into the trail then: one of
//! which only the journal knows, because the server died in between, is put into the trail at the next
//! start.

use std::collections::{BTreeMap, BTreeSet};

use egret_city::City;
use egret_people::{AuditFilter, Line, People, PeopleError};
use egret_shared::actuation::Actuation;
use egret_shared::people::{AuditRow, Kind, Outcome};
use egret_shared::time::{Span, TimeMs};
use serde_json::{Value, json};

use crate::clock;
use crate::folding::CityHandle;

/// What giving an order is called in the trail.
pub(crate) const ORDERED: &str = "command.order";

/// How long before an order its line may be: a line is of when it was asked for, the order of when the
/// city came to it. No request takes so long.
const BEFORE: Span = Span(3_600_000);

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
    let Some(first) = given.iter().map(|order| order.at).min() else {
        return Ok(());
    };
    let known = known(people, first.minus(BEFORE))?;
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

/// The ids of orders that the trail has, of `since` or later.
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

#[cfg(test)]
mod tests {
    use egret_people::{Actor, Settings};
    use egret_shared::access::{Grant, Role};
    use egret_shared::actuation::ActuationState;
    use egret_shared::incident::Person;
    use egret_shared::people::NewToken;

    use super::*;

    /// An order of `by`'s to which the city came at `at`.
    fn order(id: &str, by: &str, at: TimeMs) -> Actuation {
        Actuation {
            id: id.into(),
            seq: 7,
            feed: "road".into(),
            asset: "G-1".into(),
            command: "zero".into(),
            parameters: BTreeMap::new(),
            by: Person {
                id: by.into(),
                name: "officer".to_owned(),
            },
            reason: "after cleaning".to_owned(),
            at,
            expires_at: at.plus(Span(60_000)),
            state: ActuationState::Waiting,
            sent_at: None,
            ways: Vec::new(),
            ended_at: None,
            said: None,
            late_at: None,
        }
    }

    #[test]
    fn an_order_whose_line_is_older_than_itself_is_not_written_a_second_time() {
        let folder = tempfile::tempdir().unwrap();
        let now = TimeMs(1_782_057_600_000);
        let people = People::open(folder.path(), Settings::default(), now).unwrap();
        let officer = NewToken {
            name: "officer".to_owned(),
            grants: vec![Grant::whole(Role::Officer)],
            ends_at: None,
        };
        let officer = people.add_token(&Actor::console(), &officer, now).unwrap();
        let [known, lost] = ["known", "lost"].map(|id| order(id, &officer.id, now));
        let live = lacking(
            std::slice::from_ref(&known),
            &BTreeSet::new(),
            &accounts(&people),
        );
        let asked_at = now.minus(Span(900));
        for line in live {
            let line = Line {
                at: asked_at,
                ..line
            };
            people.note(&line).unwrap();
        }
        for _ in 0..2 {
            write(&people, &[known.clone(), lost.clone()]).unwrap();
        }
        let lines = people
            .audit(&AuditFilter {
                action: Some(ORDERED.to_owned()),
                limit: usize::MAX,
                ..AuditFilter::default()
            })
            .unwrap();
        let ids: Vec<_> = lines.iter().filter_map(id).collect();
        assert_eq!(ids, ["lost", "known"]);
    }
}
