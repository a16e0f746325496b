//! CPU per QoS 1 publish at the endpoint, with a taker that keeps nothing and answers at once: eight
//! connections, 250-byte payloads, 20,000 topics, both versions. Prints one JSON line per version.
//!
//! Load and endpoint run in two processes, so that each one's CPU is its own: without an argument
//! this is the endpoint, and it starts itself with `load ADDR VERSION` for the other.

#![expect(clippy::unwrap_used, reason = "a bench ends where it fails")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use egret_mqtt::Endpoint;
use egret_mqtt::taker::{Arrival, Closed, Outcome, Receipt, Taker};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

const N_CONNECTIONS: usize = 8;
const N_MESSAGES: usize = 100_000;
const N_TOPICS: usize = 20_000;
const PAYLOAD_BYTES: usize = 250;
/// Messages each connection keeps under way, as several dozen gateways behind a bridge would.
const WINDOW: usize = 200;

/// Answers at once.
struct Instant;

impl Taker for Instant {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let (sender, receipt) = oneshot::channel();
        sender.send(vec![Outcome::Kept; batch.len()]).unwrap();
        Box::pin(std::future::ready(Ok(receipt)))
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, addr, version] = arguments.as_slice()
        && mode == "load"
    {
        return load(addr.parse().unwrap(), version == "5");
    }
    for version in ["3.1.1", "5"] {
        let shutdown = CancellationToken::new();
        let endpoint = Endpoint::new(Arc::new(Instant));
        let handle = endpoint
            .bind("127.0.0.1:0", shutdown.clone())
            .await
            .unwrap();
        let before = cpu_us();
        let addr = handle.local_addr().to_string();
        let mut load = Command::new(std::env::current_exe().unwrap());
        let load = load.args(["load", &addr, version]);
        let status = tokio::task::block_in_place(|| load.status().unwrap());
        assert!(status.success());
        let cpu_us = cpu_us() - before;
        let n_acks = handle.counters().acks_out.get();
        assert_eq!(n_acks, (N_CONNECTIONS * N_MESSAGES) as u64);
        let bytes_out = handle.counters().bytes_out.get();
        println!(
            "{{\"bench\":\"mqtt_endpoint_qos1\",\"version\":\"{version}\",\
             \"connections\":{N_CONNECTIONS},\"messages\":{n_acks},\
             \"payload_bytes\":{PAYLOAD_BYTES},\"cpu_us_per_message\":{:.3},\
             \"bytes_out\":{bytes_out}}}",
            cpu_us / n_acks as f64
        );
        shutdown.cancel();
        handle.stopped().await;
    }
}

/// User and system CPU of this process and its threads so far.
fn cpu_us() -> f64 {
    let mut total_ns = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path().join("schedstat");
        if let Ok(line) = std::fs::read_to_string(path) {
            total_ns += line.split(' ').next().unwrap().parse::<f64>().unwrap();
        }
    }
    total_ns / 1_000.0
}

fn load(addr: SocketAddr, is_v5: bool) {
    let connections: Vec<_> = (0..N_CONNECTIONS)
        .map(|number| thread::spawn(move || publish(addr, is_v5, number)))
        .collect();
    for connection in connections {
        connection.join().unwrap();
    }
}

/// Publishes in bursts, with a window of messages under way.
fn publish(addr: SocketAddr, is_v5: bool, number: usize) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&connect(is_v5, number)).unwrap();
    let mut connack = [0; 2];
    stream.read_exact(&mut connack).unwrap();
    let mut rest = vec![0; usize::from(connack[1])];
    stream.read_exact(&mut rest).unwrap();
    let burst = WINDOW / 4;
    let mut read = vec![0; 64 * 1024];
    let (mut n_sent, mut n_acks, mut n_partial) = (0, 0, 0);
    let mut out = Vec::new();
    while n_acks < N_MESSAGES {
        while n_sent < N_MESSAGES && n_sent - n_acks + burst <= WINDOW {
            out.clear();
            for message in n_sent..n_sent + burst {
                push_publish(&mut out, is_v5, number * N_MESSAGES + message);
            }
            stream.write_all(&out).unwrap();
            n_sent += burst;
        }
        let n_bytes = stream.read(&mut read).unwrap();
        assert!(n_bytes > 0, "connection closed");
        // A PUBACK for a kept message has four bytes in both versions.
        n_acks += (n_partial + n_bytes) / 4;
        n_partial = (n_partial + n_bytes) % 4;
    }
}

fn connect(is_v5: bool, number: usize) -> Vec<u8> {
    let client = format!("load-{number}");
    let mut body = b"\x00\x04MQTT".to_vec();
    body.extend([if is_v5 { 5 } else { 4 }, 0x02, 0, 60]);
    body.extend(is_v5.then_some(0));
    body.extend(u16::try_from(client.len()).unwrap().to_be_bytes());
    body.extend(client.into_bytes());
    let mut packet = vec![0x10, u8::try_from(body.len()).unwrap()];
    packet.extend(body);
    packet
}

fn push_publish(out: &mut Vec<u8>, is_v5: bool, message: usize) {
    let topic = format!("egret/v1/manhole.level/M-{:05}", message % N_TOPICS);
    let remaining = 2 + topic.len() + 2 + usize::from(is_v5) + PAYLOAD_BYTES;
    out.push(0x32);
    out.push(u8::try_from(remaining % 128).unwrap() | 0x80);
    out.push(u8::try_from(remaining / 128).unwrap());
    out.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    out.extend(topic.into_bytes());
    out.extend(u16::try_from(1 + message % 60_000).unwrap().to_be_bytes());
    out.extend(is_v5.then_some(0));
    out.extend([b'x'; PAYLOAD_BYTES]);
}
