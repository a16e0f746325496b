//! What rules order: what the city has come to is filled in, written into the audit trail, and put
//! into the journal as an order of the rule's.
//!
//! Only a server at work does this. What it has not done when it dies is still due after the next
//! start, for as long as the order would hold; once the order is in the journal it is due no more.

use std::sync::Arc;

use egret_city::{City, Intent};
use egret_package::Package;
use egret_people::{Line, People};
use egret_shared::actuation::{ActuationOrder, RuleOrder, rule_person};
use egret_shared::case::Doer;
use egret_shared::command::{Command, Order, Outcome};
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
use crate::intake::Intake;
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
                if let Err(error) = self.note(&intent, at, Told::Failed, &why).await {
                    tracing::error!(order = %id, %error, "that it is not taken is not in the audit trail");
                }
            }
            _ => self.wake.wake(),
        }
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
