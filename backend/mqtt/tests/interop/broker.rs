//! The bridge at Debian's Mosquitto, over restarts of the broker.

use std::net::TcpListener;

use egret_mqtt::bridge::{Bridge, BridgeConfig, BridgeState, BridgeVersion};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;

/// A Mosquitto on a free port of its own, which can be started again.
struct Broker {
    port: u16,
    process: Option<Child>,
}

impl Broker {
    async fn start() -> Option<Self> {
        program("mosquitto_pub")?;
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut broker = Self {
            port,
            process: None,
        };
        broker.restart().await.then_some(broker)
    }

    async fn restart(&mut self) -> bool {
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
        let Some(mut command) = program("mosquitto") else {
            return false;
        };
        command
            .args(["-p", &self.port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let listening = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, listening)
            .await
            .expect("Mosquitto does not listen");
        true
    }

    async fn publish(&self, arguments: &[&str]) {
        let status = program("mosquitto_pub")
            .unwrap()
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"])
            .args(arguments)
            .status();
        assert!(timeout(PATIENCE, status).await.unwrap().unwrap().success());
    }

    fn bridge(&self, version: BridgeVersion, share_group: Option<&str>) -> Bridge {
        Bridge::new(BridgeConfig {
            url: format!(
                "mqtt://127.0.0.1:{}?version={}{}",
                self.port,
                if version == BridgeVersion::V4 {
                    "3.1.1"
                } else {
                    "5"
                },
                share_group.map_or_else(String::new, |group| format!("&share={group}")),
            ),
            client_id: format!("egret-test-{version:?}"),
            filters: vec!["a/#".into(), "b".into()],
            payload_bytes_max: 256 * 1024,
        })
        .unwrap()
    }
}

/// A running bridge.
struct Running {
    state: watch::Receiver<BridgeState>,
    shutdown: CancellationToken,
    tracker: TaskTracker,
}

impl Running {
    fn new(bridge: Bridge, taker: &Arc<impl Taker>) -> Self {
        let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
        let state = bridge.state();
        tracker.spawn(bridge.run(Arc::clone(taker) as Arc<dyn Taker>, shutdown.clone()));
        tracker.close();
        Self {
            state,
            shutdown,
            tracker,
        }
    }

    async fn is(&mut self, wanted: impl FnMut(&BridgeState) -> bool) {
        timeout(PATIENCE, self.state.wait_for(wanted))
            .await
            .expect("not in time")
            .unwrap();
    }

    async fn connected(&mut self) {
        self.is(|state| *state == BridgeState::Connected).await;
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.tracker.wait())
            .await
            .expect("not stopped");
        assert_eq!(*self.state.borrow(), BridgeState::Stopped);
    }
}

#[tokio::test]
async fn messages_come_through_the_broker_and_again_after_its_restart() {
    for version in [BridgeVersion::V4, BridgeVersion::V5] {
        let Some(mut broker) = Broker::start().await else {
            return;
        };
        let taker = keeper();
        let mut bridge = Running::new(broker.bridge(version, None), &taker);
        bridge.connected().await;
        broker.publish(&["-t", "a/b", "-m", "before"]).await;
        taker.until(|taker| taker.payloads() == ["before"]).await;
        broker.restart().await;
        bridge
            .is(|state| matches!(state, BridgeState::Lost { .. }))
            .await;
        bridge.connected().await;
        broker.publish(&["-t", "b", "-m", "after"]).await;
        taker
            .until(|taker| taker.payloads() == ["before", "after"])
            .await;
        bridge.stop().await;
    }
}

#[tokio::test]
async fn a_large_message_is_cut_and_the_session_stays() {
    let file = std::env::temp_dir().join(format!("egret-bridge-large-{}", std::process::id()));
    std::fs::write(&file, vec![b'x'; 10 * 1024 * 1024]).unwrap();
    for version in [BridgeVersion::V4, BridgeVersion::V5] {
        let Some(broker) = Broker::start().await else {
            return;
        };
        let taker = keeper();
        let mut bridge = Running::new(broker.bridge(version, Some("egret")), &taker);
        bridge.connected().await;
        broker
            .publish(&["-t", "a/large", "-f", &file.to_string_lossy()])
            .await;
        broker.publish(&["-t", "a/small", "-m", "small"]).await;
        taker.until(|taker| taker.payloads() == ["small"]).await;
        let refused = taker.refused.lock().unwrap();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].payload_bytes, 10 * 1024 * 1024);
        assert_eq!(refused[0].payload.len(), 64 * 1024);
        assert_eq!(*bridge.state.borrow(), BridgeState::Connected);
    }
    std::fs::remove_file(&file).unwrap();
}

/// A taker that never says what became of the first batch.
#[derive(Default)]
struct Forgetful {
    first: Mutex<Option<Vec<Arrival>>>,
    keeper: Keeper,
}

impl Taker for Forgetful {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let mut first = self.first.lock().unwrap();
        if first.is_some() {
            return self.keeper.take(batch);
        }
        *first = Some(batch);
        let (_, receipt) = oneshot::channel();
        Box::pin(async { Ok(receipt) })
    }
}

#[tokio::test]
async fn what_was_not_kept_is_sent_again_by_the_broker() {
    for version in [BridgeVersion::V4, BridgeVersion::V5] {
        let Some(broker) = Broker::start().await else {
            return;
        };
        let taker = Arc::new(Forgetful::default());
        let mut bridge = Running::new(broker.bridge(version, None), &taker);
        bridge.connected().await;
        broker.publish(&["-t", "a/b", "-m", "once more"]).await;
        taker
            .keeper
            .until(|keeper| keeper.payloads() == ["once more"])
            .await;
        bridge.stop().await;
    }
}
