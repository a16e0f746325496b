//! Alerts and incidents out on the embedded endpoint: retained JSON under `egret/v1/out/…`.
//!
//! One more follower of the `city` channel, so that it tells what screens are told.

use std::sync::Arc;

use egret_mqtt::Handle;
use egret_shared::alert::{Alert, AlertState};
use egret_shared::channel::Channel;
use egret_shared::delta::{CityDelta, Delta};
use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;
use egret_shared::message::{DeltaFrame, ServerMessage, SnapshotFrame};
use egret_shared::snapshot::Snapshot;
use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::auth::gate::Told;
use crate::auth::sight::Sight;
use crate::folding::CityHandle;

/// Publishes what changes until `shutdown`.
///
/// `everything` is the sight of one who sees all of it: who may hear what is decided at delivery. Where everything `is_open`, alerts name their incidents.
pub(crate) async fn run(
    city: CityHandle,
    everything: Arc<Sight>,
    endpoint: Handle,
    is_open: bool,
    shutdown: CancellationToken,
) {
    let Ok(Ok(log)) = city.open(Channel::City, everything).await else {
        return;
    };
    let wake = Arc::new(Notify::new());
    log.follow(&wake);
    let mut held = None;
    loop {
        if let Some((message, seq)) = log.message(held) {
            held = Some(seq);
            tell(&endpoint, is_open, message);
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = wake.notified() => {}
        }
    }
}

fn tell(endpoint: &Handle, is_open: bool, message: ServerMessage) {
    match message {
        ServerMessage::Delta(DeltaFrame {
            changes: Delta::City(changes),
            ..
        }) => {
            tell_changes(endpoint, is_open, &changes);
        }
        ServerMessage::Snapshot(SnapshotFrame {
            state: Snapshot::City(city),
            ..
        }) => {
            let mut changes = CityDelta::default();
            changes.alerts.put.extend(city.alerts.iter().cloned());
            changes.incidents.put.extend(city.incidents.iter().cloned());
            tell_changes(endpoint, is_open, &changes);
        }
        _ => {}
    }
}

fn tell_changes(endpoint: &Handle, is_open: bool, changes: &CityDelta) {
    for alert in changes
        .alerts
        .put
        .iter()
        .filter(|alert| alert.state != AlertState::Pending)
    {
        let area = alert.areas.last().map_or("none", |area| area.as_str());
        let label = Told::Alert(Box::new(alert.clone()));
        // One payload for all: who may see the alert need not see the incident that it is part of.
        let alert = &Alert {
            incident: alert.incident.clone().filter(|_| is_open),
            ..alert.clone()
        };
        publish(
            endpoint,
            &format!("egret/v1/out/alerts/{area}"),
            alert,
            label,
        );
    }
    for incident in &changes.incidents.put {
        // Whoever may see it need not see the incidents that it is a part of.
        let other = |id: &Option<IncidentId>| id.clone().filter(|_| is_open);
        let incident = &Incident {
            parent: other(&incident.parent),
            merged_into: other(&incident.merged_into),
            ..incident.clone()
        };
        publish(
            endpoint,
            &format!("egret/v1/out/incidents/{}", incident.id),
            incident,
            Told::Incident(Box::new(incident.clone())),
        );
    }
}

fn publish(endpoint: &Handle, topic: &str, told: &impl Serialize, label: Told) {
    match serde_json::to_vec(told) {
        Ok(payload) => endpoint.publish(topic, payload.into(), true, Some(Arc::new(label))),
        Err(error) => tracing::error!(%error, topic, "a notice could not be written"),
    }
}
