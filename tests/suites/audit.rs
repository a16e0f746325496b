//! The audit trail: everything that is to be in it is, nothing else is, and nobody changes it unseen.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

#[path = "audit/deeds.rs"]
mod deeds;
#[path = "audit/hanging_up.rs"]
mod hanging_up;
#[path = "audit/lines.rs"]
mod lines;
#[path = "audit/orders.rs"]
mod orders;
#[path = "audit/results.rs"]
mod results;
#[path = "audit/tampering.rs"]
mod tampering;
#[path = "audit/waiting.rs"]
mod waiting;

use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::server::{Server, Setup};

/// The admin's password in all of these.
const PASSWORD: &str = "Heron-At-Low-Tide-7";

/// Somebody else's.
const OTHERS: &str = "Knot-Over-Mudflats-9";

/// Somebody's number.
const PHONE: &str = "13800005678";

/// As [`guarded`], and its feed of reports tells of persons.
#[track_caller]
fn guarded_with_persons() -> (Server, Browser) {
    let server = with_persons().guarded().start();
    let admin = Browser::first_admin(&server, PASSWORD);
    (server, admin)
}

/// A city whose feed of reports tells of persons.
fn with_persons() -> Setup {
    let class = "classification = \"sensitive\"";
    let personal = format!("{class}\npersonal = [\"/caller/phone\"]");
    Setup::with_city(CityCopy::new().with("feeds.toml", class, &personal))
}

/// A server with its first admin, signed in.
#[track_caller]
fn guarded() -> (Server, Browser) {
    let server = Setup::tiny().guarded().start();
    let admin = Browser::first_admin(&server, PASSWORD);
    (server, admin)
}
