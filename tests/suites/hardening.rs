//! The server as somebody meets it who means ill: what its answers tell a browser, who may make a
//! browser change something, which files come out, and what becomes of bytes that are too many or
//! make no sense.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

#[path = "hardening/foreign_changes.rs"]
mod foreign_changes;
#[path = "hardening/foreign_orders.rs"]
mod foreign_orders;
#[path = "hardening/foreign_pages.rs"]
mod foreign_pages;
#[path = "hardening/foreign_sockets.rs"]
mod foreign_sockets;
#[path = "hardening/headers.rs"]
mod headers;
#[path = "hardening/leaks.rs"]
mod leaks;
#[path = "hardening/nonsense.rs"]
mod nonsense;
#[path = "hardening/paths.rs"]
mod paths;
#[path = "hardening/rebound_names.rs"]
mod rebound_names;
#[path = "hardening/sizes.rs"]
mod sizes;

use std::net::SocketAddr;

use egret_tests::browser::Browser;
use egret_tests::packets::{Connect, Packets};
use egret_tests::server::{Server, Setup};
use egret_tests::wire::Wire;

/// The admin's password in all of these.
const PASSWORD: &str = "Heron-At-Low-Tide-7";

/// A server with its first admin, signed in.
#[track_caller]
fn guarded() -> (Server, Browser) {
    let server = Setup::tiny().guarded().start();
    let admin = Browser::first_admin(&server, PASSWORD);
    (server, admin)
}

/// A gateway's secret at the MQTT endpoint, made by the command line, once the server knows it.
#[track_caller]
fn gateway(server: &Server, id: &str, feed: &str) -> String {
    let told = server.command(&["gateway", "add", id, "--feed", feed], "");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let secret = told["secret"].as_str().unwrap().to_owned();
    egret_tests::wait::until("the gateway is let in", || {
        let connect = Connect::by("look", id, &secret);
        let (_, code) = Packets::connect(server.mqtt, None, &connect);
        egret_tests::wait::check(code == Some(0), code)
    });
    secret
}

/// Fails unless the server still answers, and says so within its usual time.
#[track_caller]
fn is_well(server: SocketAddr, after: &str) {
    let host = format!("GET /readyz HTTP/1.1\r\nHost: {server}\r\n\r\n");
    let answer = Wire::to(server).ask(host);
    let answer = answer.unwrap_or_else(|| panic!("no answer any more after {after}"));
    assert_eq!(answer.status, 200, "after {after}: {answer:?}");
}
