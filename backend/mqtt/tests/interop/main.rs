//! The endpoint and the bridge against software nobody here wrote: `rumqttc`, Debian's
//! `mosquitto_pub` and `mosquitto_sub`, and Debian's Mosquitto as the broker.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of tests fail as tests do"
)]

mod broker;
mod clients;
mod principals;
mod suite;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egret_mqtt::taker::{Arrival, Closed, Outcome, Receipt, Refusal, Taker};
use futures_util::future::BoxFuture;
use tokio::process::Command;
use tokio::sync::{Notify, oneshot};

const PATIENCE: Duration = Duration::from_secs(20);

/// A taker that keeps everything in memory at once, but refuses payloads that are `bad` or cut.
#[derive(Default)]
struct Keeper {
    kept: Mutex<Vec<Arrival>>,
    refused: Mutex<Vec<Arrival>>,
    changed: Notify,
}

impl Taker for Keeper {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let mut outcomes = Vec::new();
        for arrival in batch {
            let outcome = if arrival.payload.len() < arrival.payload_bytes {
                Outcome::Refused(Refusal::TooLarge)
            } else if &arrival.payload[..] == b"bad" {
                Outcome::Refused(Refusal::Payload)
            } else {
                Outcome::Kept
            };
            let list = if outcome == Outcome::Kept {
                &self.kept
            } else {
                &self.refused
            };
            list.lock().unwrap().push(arrival);
            outcomes.push(outcome);
        }
        self.changed.notify_waiters();
        let (sender, receipt) = oneshot::channel();
        sender.send(outcomes).unwrap();
        Box::pin(async { Ok(receipt) })
    }
}

impl Keeper {
    fn payloads(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.iter()
            .map(|kept| String::from_utf8_lossy(&kept.payload).into_owned())
            .collect()
    }

    /// Waits until what it holds is as wanted.
    async fn until(&self, is_wanted: impl Fn(&Self) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if is_wanted(self) {
                    return;
                }
                changed.await;
            }
        };
        let is_in_time = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        let n_refused = self.refused.lock().unwrap().len();
        assert!(
            is_in_time,
            "kept: {:?}, refused: {n_refused}",
            self.payloads()
        );
    }
}

fn keeper() -> Arc<Keeper> {
    Arc::new(Keeper::default())
}

/// A program of Debian's packages `mosquitto` and `mosquitto-clients`. Says so if it is not there;
/// the test then has nothing to run.
fn program(name: &str) -> Option<Command> {
    let path = [
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    ]
    .iter()
    .map(|folder| std::path::Path::new(folder).join(name))
    .find(|path| path.exists());
    let Some(path) = path else {
        eprintln!("SKIPPED: {name} is not installed (apt-get install mosquitto mosquitto-clients)");
        return None;
    };
    let mut command = Command::new(path);
    command
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}
