//! What rules order: what the city has come to is filled in, written into the audit trail, and put
//! into the journal as an order of the rule's.
//!
//! Only a server at work does this. What it has not done when it dies is still due after the next
//! start, for as long as the order would hold; once the order is in the journal it is due no more.

use std::sync::Arc;

use egret_city::{City, Entry, Intent};
use egret_package::Package;
use egret_people::{Line, People};
use egret_shared::actuation::{ActuationOrder, ActuationTurn, RuleOrder, Turn, rule_person};
use egret_shared::case::Doer;
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::id::ActuationId;
use egret_shared::people::{Kind, Outcome as Told};
use egret_shared::time::TimeMs;
use serde_json::json;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::filling::Filling;
use super::trail::ORDERED;
use super::{EVERY, Wake};
use crate::clock;
use crate::folding::{CityHandle, Stopped};
use crate::intake::{Gathering, Intake};
use crate::obeyed::obeyed;

/// What it takes to give the orders of rules.
pub(crate) struct Ruling {
    /// Where rules come to orders.
    pub city: CityHandle,
    /// The way into the journal.
    pub intake: Intake,
    /// Has orders sent.
    pub wake: Wake,
    /// Where the audit trail is.
    pub people: People,
}

impl Ruling {
    /// Gives what is due, until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
            }
            let due = self.city.ask(|city| {
                let due: Vec<Intent> = city.intents().cloned().collect();
                (due, Arc::clone(city.package()))
            });
            let Ok((due, package)) = due.await else {
                return;
            };
            for intent in due {
                if self.give(intent, &package).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn give(&self, intent: Intent, package: &Package) -> Result<(), Stopped> {
        let (id, at) = (intent.id.clone(), clock::now());
        let due = id.clone();
        let is_due = move |city: &City| city.intents().any(|intent| intent.id == due);
        // Those before it took their time, in which its alert may have ended or been silenced.
        if at >= intent.expires_at || !self.city.ask(is_due).await? {
            return Ok(());
        }
        let Some(order) = written(&intent, package) else {
            // `egret check` and the fold have seen to it that this cannot be.
            tracing::error!(order = %id, rule = %intent.alert.rule, "a rule's order cannot be filled in");
            return Ok(());
        };
        if let Err(error) = self.note(&intent, at, Told::Done, "").await {
            tracing::error!(order = %id, %error, "a rule orders nothing that the audit trail cannot keep");
            return Ok(());
        }
        let command = Command {
            id: format!("order/{id}").into(),
            at,
            by: Doer::rule(&intent.alert.rule),
            order: Order::Rule(Box::new(RuleOrder {
                rule: intent.alert.rule.clone(),
                alert: intent.alert.clone(),
                order,
            })),
        };
        match obeyed(&self.intake, &self.city, command).await? {
            Some(Outcome::NotActuated(refusal)) => {
                let why = refusal.text().en;
                tracing::warn!(order = %id, rule = %intent.alert.rule, %why, "a rule's order is not taken");
                // First: what the trail calls failed must never go out.
                self.withdraw(id.clone()).await?;
                if let Err(error) = self.note(&intent, at, Told::Failed, &why).await {
                    tracing::error!(order = %id, %error, "that it is not taken is not in the audit trail");
                }
            }
            _ => self.wake.wake(),
        }
        Ok(())
    }

    /// Has the journal say that an order was not taken. Whether it was is for the fold to say, and that
    /// of another package may say otherwise: alerts begin and end at other times there.
    async fn withdraw(&self, id: ActuationId) -> Result<(), Stopped> {
        let turn = ActuationTurn {
            id,
            at: clock::now(),
            turn: Turn::Withdrawn,
        };
        let mut gathering = Gathering::begin();
        gathering.put(Entry::Actuation(Box::new(turn)));
        let receipt = self.intake.submit(gathering).await;
        let seq = receipt.map_err(|_closed| Stopped)?.await;
        seq.map_err(|_dropped| Stopped)?;
        Ok(())
    }

    /// Writes a line into the audit trail, before the order is in the journal: what was ordered is
    /// always there, also if the server dies in between.
    async fn note(
        &self,
        intent: &Intent,
        at: TimeMs,
        outcome: Told,
        why: &str,
    ) -> Result<(), String> {
        let rule = rule_person(&intent.alert.rule);
        let detail = json!({
            "id": intent.id,
            "alert": intent.alert,
            "parameters": intent.parameters,
            "reason": intent.reason,
            "why": why,
        });
        let line = Line {
            at,
            kind: Kind::Rule,
            actor: rule.id.to_string(),
            name: rule.name,
            address: String::new(),
            action: ORDERED.to_owned(),
            target: format!("{}/{} {}", intent.feed, intent.asset, intent.command),
            outcome,
            detail: detail.to_string(),
        };
        let people = self.people.clone();
        let noted = tokio::task::spawn_blocking(move || people.note(&line)).await;
        noted
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())
    }
}

/// The order, filled in as of when the alert fired; `None` if the package does not say how.
fn written(intent: &Intent, package: &Package) -> Option<ActuationOrder> {
    let command = package.feed(&intent.feed)?.command(&intent.command)?;
    let filling = Filling {
        id: &intent.id,
        asset: &intent.asset,
        at: intent.at,
        expires_at: intent.expires_at,
        parameters: &intent.parameters,
    };
    let message = filling.message(command)?;
    Some(intent.order(message, filling.wanted(command, package)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use egret_people::{AuditFilter, Settings};
    use egret_shared::flags::Flags;
    use egret_shared::observation::{Observation, Value};
    use egret_shared::position::Position;
    use egret_shared::time::Span;
    use tokio::sync::mpsc;

    use super::*;
    use crate::city_files::CityFiles;
    use crate::folding::Folding;
    use crate::intake::Lanes;
    use crate::journal::pending::tell_all;
    use crate::journal::writer::Committed;
    use crate::seal::Seal;
    use crate::telemetry::Telemetry;

    /// The tiny city, whose rules fire and resolve at once.
    fn prompt() -> Package {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        let mut package = CityFiles::read(&tiny).unwrap().load().unwrap();
        for rule in &mut package.rules.rules {
            (rule.hold, rule.keep_for) = (Span(0), Span(0));
        }
        package
    }

    /// So much water on the road.
    fn depth(v: f64, at: TimeMs) -> Entry {
        Entry::Observation(Observation {
            feed: "road".into(),
            asset: "G-1".into(),
            message: None,
            observed_at: at,
            observed_at_us: None,
            received_at: at,
            position: Some(Position {
                lon: 118.05,
                lat: 24.45,
            }),
            area: Some("900001001".into()),
            values: vec![Value {
                property: "ponding_depth".into(),
                v,
                flags: Flags::NONE,
            }],
            flags: Flags::NONE,
        })
    }

    /// A city of which the rule's alert is over, and that has not let go of its order yet.
    fn late(package: &Arc<Package>, now: TimeMs) -> City {
        let mut city = City::new(Arc::clone(package));
        let entries = [
            Entry::Package(package.digest),
            Entry::Tick(now.minus(Span(2_000))),
            depth(20.0, now.minus(Span(1_000))),
            depth(0.0, now.minus(Span(500))),
        ];
        for (seq, entry) in (1..).zip(&entries) {
            city.apply(seq, entry);
        }
        city
    }

    #[tokio::test]
    async fn an_order_that_is_not_taken_is_withdrawn_in_the_journal_and_failed_in_the_trail() {
        let (package, now) = (Arc::new(prompt()), clock::now());
        let city = late(&package, now);
        let intent = city.intents().next().unwrap().clone();
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::open(folder.path()).unwrap();
        let (lanes, mut live, _stored) = Lanes::new();
        let (committed, commits) = mpsc::channel(1);
        let (jobs, _store) = mpsc::channel(8);
        let mut seq = city.seq() + 1;
        let (folding, handle) = Folding::new(city, 1, commits, jobs, Telemetry::new());
        let people = People::open(folder.path(), Settings::default(), now).unwrap();
        let ruling = Ruling {
            city: handle,
            intake: Intake::new(Arc::clone(&package), seal, lanes, false),
            wake: Wake::default(),
            people: people.clone(),
        };
        let mut kept: Vec<Entry> = Vec::new();
        let journal = async {
            while let Some(mut pending) = live.recv().await {
                let entries = std::mem::take(&mut pending.entries);
                kept.extend(entries.iter().cloned());
                let first_seq = seq;
                seq += 1;
                let commit = Committed {
                    first_seq,
                    entries,
                    committed_at: Instant::now(),
                };
                committed.send(commit).await.unwrap();
                tell_all(vec![pending], vec![first_seq]);
            }
        };
        tokio::select! {
            given = ruling.give(intent.clone(), &package) => given.unwrap(),
            () = folding.run() => panic!("the city stops"),
            () = journal => panic!("the journal stops"),
        }
        let [Entry::Command(_), Entry::Actuation(turn)] = kept.as_slice() else {
            panic!("{kept:?}");
        };
        assert_eq!((&turn.id, &turn.turn), (&intent.id, &Turn::Withdrawn));
        let lines = people.audit(&AuditFilter {
            action: Some(ORDERED.to_owned()),
            limit: usize::MAX,
            ..AuditFilter::default()
        });
        let outcomes: Vec<Told> = lines.unwrap().iter().map(|line| line.outcome).collect();
        assert_eq!(outcomes, [Told::Failed, Told::Done]);
    }
}
