//! Subscriptions at the embedded MQTT endpoint: exact, with wildcards, shared, of the broker's own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use egret_tests::matrix::beyond::is_of_own_case;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::label::Place;
use egret_tests::matrix::stage::Stage;
use egret_tests::matrix::truth::Truth;
use egret_tests::packets::{self, Connect, Packets};
use serde_json::Value;

use crate::lists::has_own_evidence;

/// How long nothing must come until nothing more is expected to.
const QUIET: Duration = Duration::from_millis(150);

/// Longest that is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn everything(cell: Cell<'_>, truth: &Truth) {
    retained(cell, truth, "#", true);
}

pub(crate) fn levels(cell: Cell<'_>, truth: &Truth) {
    retained(cell, truth, "+/+/out/+/#", true);
    retained(cell, truth, "+/+/+/+/+", true);
    retained(cell, truth, "egret/v1/+/+", false);
}

pub(crate) fn own_topics(cell: Cell<'_>, truth: &Truth) {
    retained(cell, truth, "egret/v1/out/#", true);
    let alerts = Place::AREAS.map(|area| format!("egret/v1/out/alerts/{}", area.code()));
    own(
        cell,
        truth,
        &messages(
            cell,
            &alerts.each_ref().map(String::as_str),
            &BTreeSet::new(),
        ),
    );
    for case in truth.incidents.iter().step_by(25) {
        let filter = format!("egret/v1/out/incidents/{}", case.id);
        let is_own = case.is_wholly_of(cell.reader());
        let topics: BTreeSet<_> = is_own.then(|| filter.clone()).into_iter().collect();
        let told = messages(cell, &[&filter], &topics);
        own(cell, truth, &told);
        cell.findings.rows(1);
        if is_own && told.is_empty() {
            cell.missing(&filter);
        }
    }
}

pub(crate) fn broker(cell: Cell<'_>, truth: &Truth) {
    retained(cell, truth, "$SYS/#", false);
    retained(cell, truth, "$SYS/broker/+", false);
}

pub(crate) fn shared(cell: Cell<'_>, truth: &Truth) {
    retained(cell, truth, "$share/g/#", false);
    retained(cell, truth, "$share/g/egret/v1/out/#", false);
}

fn retained(cell: Cell<'_>, truth: &Truth, filter: &str, is_all: bool) {
    let own_cases = truth
        .incidents
        .iter()
        .filter(|case| is_all && case.is_wholly_of(cell.reader()));
    let topics = own_cases.map(|case| format!("egret/v1/out/incidents/{}", case.id));
    let topics: BTreeSet<_> = topics.collect();
    let told = messages(cell, &[filter], &topics);
    own(cell, truth, &told);
    cell.findings.rows(topics.len());
    for topic in topics.iter().filter(|&topic| !told.contains_key(topic)) {
        cell.missing(format_args!("{topic} by {filter}"));
    }
}

/// What is retained is theirs.
pub(crate) fn own(cell: Cell<'_>, truth: &Truth, told: &BTreeMap<String, Value>) {
    cell.findings.rows(told.len());
    for (topic, row) in told {
        if let Some(id) = topic.strip_prefix("egret/v1/out/incidents/") {
            let case = truth.incidents.iter().find(|case| case.id == id);
            if case.is_some_and(|case| !case.is_for(cell.reader())) {
                cell.leak(topic);
            }
            has_own_evidence(cell, truth, row);
        } else if topic.starts_with("egret/v1/out/alerts/") {
            if !cell.reader().sees(&truth.of_alert(&row["key"])) {
                cell.leak(format_args!("{topic}: {row}"));
            }
            let incident = row["incident"].as_str().unwrap_or_default();
            let case = truth.incidents.iter().find(|case| case.id == incident);
            if case.is_some_and(|case| !case.is_for(cell.reader())) {
                cell.leak(format_args!(
                    "an alert names the incident {incident}, which is not theirs"
                ));
            }
        } else {
            cell.leak(format_args!("{topic}, which is no notice: {row}"));
        }
    }
}

/// Every message that a subscription brings, by topic; each is searched. Those of these topics are
/// waited for.
fn messages(
    cell: Cell<'_>,
    filters: &[&str],
    topics: &BTreeSet<String>,
) -> BTreeMap<String, Value> {
    let cell = cell.allowing(is_of_own_case);
    let mut told = BTreeMap::new();
    let mut packets = connected(cell.stage, &cell.holder.lasting, "look");
    packets.say(packets::subscribe(1, filters));
    let deadline = Instant::now() + PATIENCE;
    let is_missing =
        |told: &BTreeMap<String, Value>| topics.iter().any(|one| !told.contains_key(one));
    while Instant::now() < deadline {
        let Some(packet) = packets.hear(QUIET) else {
            if is_missing(&told) {
                continue;
            }
            break;
        };
        if let Some((topic, payload)) = published(&packet) {
            let payload = String::from_utf8_lossy(&payload).into_owned();
            cell.search(&filters.join(" "), &format!("{topic} {payload}"));
            told.insert(
                topic,
                serde_json::from_str(&payload).unwrap_or(Value::String(payload)),
            );
        }
        if let Some(id) = packet_id(&packet) {
            packets.say(packets::packet(0x40, &id));
        }
    }
    told
}

/// A connection of whoever holds this token.
#[track_caller]
pub(crate) fn connected(stage: &Stage, secret: &str, client: &str) -> Packets {
    let connect = Connect::by(client, "token", secret);
    let (packets, code) = Packets::connect(stage.server.mqtt, None, &connect);
    assert_eq!(code, Some(0), "a token is let in");
    packets
}

/// Topic and payload of a PUBLISH packet.
pub(crate) fn published(packet: &[u8]) -> Option<(String, Vec<u8>)> {
    let first = *packet.first()?;
    if first >> 4 != 3 {
        return None;
    }
    let body = body(packet)?;
    let length = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
    let topic = String::from_utf8_lossy(body.get(2..2 + length)?).into_owned();
    let id = if first & 6 == 0 { 0 } else { 2 };
    Some((topic, body.get(2 + length + id..)?.to_vec()))
}

/// The packet's number, which has to be acknowledged.
pub(crate) fn packet_id(packet: &[u8]) -> Option<[u8; 2]> {
    let first = *packet.first()?;
    if first >> 4 != 3 || first & 6 == 0 {
        return None;
    }
    let body = body(packet)?;
    let length = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
    body.get(2 + length..4 + length)?.try_into().ok()
}

/// What follows the length of a packet.
fn body(packet: &[u8]) -> Option<&[u8]> {
    let rest = packet.get(1..)?;
    let n = rest.iter().position(|byte| byte & 128 == 0)?;
    rest.get(n + 1..)
}
