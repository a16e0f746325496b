//! The endpoint on a port of its own, open to everybody, for trying foreign clients and public test
//! suites against it: `cargo run -p egret-mqtt --example interop -- 127.0.0.1:1883`. A second
//! argument is the receive maximum.
//!
//! Its settings are those that the Paho interoperability tests (`client_test.py`, `client_test5.py`)
//! expect of a broker: nobody may subscribe to `test/nosubscribe`, a client's keep-alive is at most
//! 60 seconds, and the receive maximum is small enough to be exceeded. What is published is kept in
//! memory and forgotten at the end.

#![expect(clippy::unwrap_used, reason = "an example ends where it fails")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egret_mqtt::gate::{Denied, Gate, Label, Pass, Visitor};
use egret_mqtt::taker::{Arrival, Closed, Outcome, Receipt, Taker};
use egret_mqtt::{Endpoint, Limits};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How many of the last messages are kept.
const N_KEPT_MAX: usize = 1_000;

/// Keeps the last messages, and takes every one.
#[derive(Default)]
struct Memory {
    kept: Mutex<Vec<Arrival>>,
    n_taken: AtomicUsize,
}

impl Taker for Memory {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let (sender, receipt) = oneshot::channel();
        sender.send(vec![Outcome::Kept; batch.len()]).unwrap();
        self.n_taken.fetch_add(batch.len(), Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap();
        kept.extend(batch);
        let n_old = kept.len().saturating_sub(N_KEPT_MAX);
        kept.drain(..n_old);
        drop(kept);
        Box::pin(std::future::ready(Ok(receipt)))
    }
}

/// Lets everybody do everything but subscribe to one topic.
struct NearlyOpen;

impl Pass for NearlyOpen {
    fn owner(&self) -> &'static str {
        ""
    }

    fn may_publish(&self, _topic: &str) -> bool {
        true
    }

    fn may_subscribe(&self, filter: &str) -> bool {
        filter != "test/nosubscribe"
    }

    fn may_receive(&self, _topic: &str, _label: Option<&Label>) -> bool {
        true
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

impl Gate for NearlyOpen {
    fn admit(&self, _visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        Box::pin(async { Ok(Arc::new(NearlyOpen) as Arc<dyn Pass>) })
    }

    fn recall(&self, _owner: &str) -> Option<Arc<dyn Pass>> {
        Some(Arc::new(NearlyOpen))
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let addr = arguments.next().unwrap_or_else(|| "127.0.0.1:1883".into());
    let receive_maximum = arguments
        .next()
        .map_or(20, |maximum| maximum.parse().unwrap());
    let taker = Arc::new(Memory::default());
    let shutdown = CancellationToken::new();
    let limits = Limits {
        keep_alive_max: Duration::from_mins(1),
        receive_maximum,
        ..Limits::default()
    };
    let handle = Endpoint::new(Arc::clone(&taker) as Arc<dyn Taker>)
        .with_gate(Arc::new(NearlyOpen))
        .with_limits(limits)
        .bind(addr, shutdown.clone())
        .await
        .unwrap();
    println!("mqtt {}", handle.local_addr());
    tokio::signal::ctrl_c().await.unwrap();
    shutdown.cancel();
    handle.stopped().await;
    println!("{} messages taken", taker.n_taken.load(Ordering::Relaxed));
    for (name, value) in handle.counters().read() {
        println!("{name} {value}");
    }
}
