//! The publisher against a broker that loses its connections.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egret_shared::id::FeedId;
use egret_shared::time::Span;
use egret_sim::{Options, Plan, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::package::{options, package, start};

type Heard = Arc<Mutex<BTreeSet<(String, Vec<u8>)>>>;

/// The kinds of MQTT 3.1.1 packets that a publisher sends.
const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;

/// One packet: its kind and body; `None` when the connection ends.
async fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await.ok()? >> 4;
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = stream.read_u8().await.ok()?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((kind, body))
}

/// Serves one connection; hangs up instead of acknowledging the publish number `hang_up_at`.
async fn serve(mut stream: TcpStream, heard: Heard, hang_up_at: Option<usize>) {
    let mut n_publishes = 0;
    while let Some((kind, body)) = packet(&mut stream).await {
        let answer = match kind {
            CONNECT => vec![0x20, 2, 0, 0],
            PUBLISH => {
                n_publishes += 1;
                if hang_up_at == Some(n_publishes) {
                    return;
                }
                let topic_end = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                let topic = String::from_utf8(body[2..topic_end].to_vec()).unwrap();
                let payload = body[topic_end + 2..].to_vec();
                heard.lock().unwrap().insert((topic, payload));
                vec![0x40, 2, body[topic_end], body[topic_end + 1]]
            }
            _ => continue,
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn a_minute_of_rain_and_water() -> Options {
    Options {
        feeds: ["rain", "ponding", "hotline"]
            .map(FeedId::new)
            .into_iter()
            .collect(),
        start: Some(start()),
        speed: f64::INFINITY,
        duration: Some(Span(60_000)),
        connections: 3,
        progress: false,
        ..options()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_up_still_hears_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let tracker = TaskTracker::new();
    let (all, connections) = (Arc::clone(&heard), tracker.clone());
    let accepting = tracker.spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let hang_up_at = (number < 2).then_some(30 + number);
            connections.spawn(serve(stream, Arc::clone(&all), hang_up_at));
        }
    });
    let options = Options {
        broker: format!("mqtt://{address}"),
        ..a_minute_of_rain_and_water()
    };
    let end = start().plus(Span(60_000));
    let planned: BTreeSet<(String, Vec<u8>)> = Plan::new(package(), &options, start())
        .unwrap()
        .take_while(|timed| timed.send_at < end)
        .map(|timed| (timed.topic, timed.payload))
        .collect();
    let package = Arc::new(package().clone());
    let running = run(options, package, CancellationToken::new());
    let summary = tokio::time::timeout(Duration::from_mins(1), running)
        .await
        .unwrap()
        .unwrap();
    accepting.abort();
    assert!(planned.len() > 250, "{}", planned.len());
    assert_eq!(*heard.lock().unwrap(), planned);
    assert_eq!(summary.acknowledged, summary.published);
    assert_eq!(summary.by_feed.values().sum::<u64>(), summary.published);
}

#[tokio::test]
async fn a_run_ends_when_it_is_told_to_even_without_a_broker() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let package = Arc::new(package().clone());
    let running = run(a_minute_of_rain_and_water(), package, shutdown);
    let summary = tokio::time::timeout(Duration::from_secs(10), running).await;
    assert_eq!(summary.unwrap().unwrap().published, 0);
}
