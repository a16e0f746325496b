//! What comes in while everybody looks on: each hears of their own at once, and of nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use egret_shared::codec::Encoding;
use egret_shared::message::ServerMessage;
use egret_tests::clock;
use egret_tests::matrix::beyond::is_of_own_case;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::findings::Findings;
use egret_tests::matrix::label::{Label, Place};
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::stage::{Holder, Stage};
use egret_tests::matrix::truth::label_in;
use egret_tests::packets::{self, Connect, Packets};
use egret_tests::socket::Socket;
use serde_json::json;

use crate::mqtt::{connected, packet_id, published};
use crate::people;

/// Until what is theirs has come.
const PATIENCE: Duration = Duration::from_secs(20);

/// For so long it is listened for what may not come.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// Somebody at a screen, with subscriptions at the MQTT endpoint.
struct OnLooker<'a> {
    cell: Cell<'a>,
    socket: Socket,
    packets: Packets,
    shared: Packets,
    heard: String,
}

impl<'a> OnLooker<'a> {
    fn new(stage: &'a Stage, holder: &'a Holder, findings: &'a Findings, n: usize) -> Self {
        let encoding = [Encoding::Json, Encoding::Binary][n % 2];
        let mut socket = Socket::connect_as(stage.server.http, encoding, &holder.lasting);
        let mut channels = vec!["city".to_owned(), "tile/0/0/0".to_owned()];
        for (label, feed) in new_assets().step_by(5) {
            channels.push(format!("asset/{feed}/{}", id(&label)));
        }
        let channels: Vec<_> = channels.iter().map(String::as_str).collect();
        socket.subscribe(&channels);
        let mut packets = connected(stage, &holder.lasting, "everything");
        packets.say(packets::subscribe(1, &["#", "+/+/+/+/+/+"]));
        let mut shared = connected(stage, &holder.lasting, "shared");
        shared.say(packets::subscribe(1, &["$share/all/#"]));
        let cell = Cell {
            stage,
            holder,
            way: "live",
            findings,
            allowed: is_of_own_case,
        };
        findings.cell(cell.way, &cell.who());
        Self {
            cell,
            socket,
            packets,
            shared,
            heard: String::new(),
        }
    }

    /// Takes in what has come.
    fn hear(&mut self) {
        while let Some(message) = self.socket.hear(Duration::from_millis(5)) {
            let said = serde_json::to_string(&message).expect("a message is JSON");
            // A subscription repeats the names of the channels that were asked for.
            let asked = match &message {
                ServerMessage::Snapshot(frame) => frame.channel.to_string(),
                ServerMessage::Delta(frame) => frame.channel.to_string(),
                _ => String::new(),
            };
            self.cell.search(&asked, &said);
            self.heard += &said;
        }
        for packets in [&mut self.packets, &mut self.shared] {
            while let Some(packet) = packets.hear(Duration::from_millis(5)) {
                if let Some((topic, payload)) = published(&packet) {
                    let said = format!("{topic} {}", String::from_utf8_lossy(&payload));
                    self.cell.search("", &said);
                    if !topic.starts_with("egret/v1/out/") {
                        is_own_raw(self.cell, &topic);
                    }
                }
                if let Some(id) = packet_id(&packet) {
                    packets.say(packets::packet(0x40, &id));
                }
            }
        }
    }

    /// Hears on until everything of theirs has come, and a little more.
    fn hear_all(&mut self) {
        let own = new_assets().filter(|(label, _)| self.cell.reader().sees(label));
        let own: BTreeSet<_> = own.map(|(label, _)| id(&label)).collect();
        let deadline = Instant::now() + PATIENCE;
        while own.iter().any(|id| !self.heard.contains(id.as_str())) && Instant::now() < deadline {
            self.hear();
        }
        let until = Instant::now() + AFTERWARDS;
        while Instant::now() < until {
            self.hear();
        }
        self.cell.findings.rows(own.len());
        for id in own.iter().filter(|id| !self.heard.contains(id.as_str())) {
            self.cell.missing(id);
        }
    }
}

/// A message as a client published it is raw: for those who may read messages of what it tells of.
fn is_own_raw(cell: Cell<'_>, topic: &str) {
    cell.findings.rows(1);
    if !cell.reader().may(Right::Raw, &label_in(topic)) {
        cell.leak(format_args!("what a client has published to {topic}"));
    }
}

/// A new asset's id, which is its marker.
fn id(label: &Label) -> String {
    format!("{}new", label.marker("fix"))
}

/// New assets in every cell, and their feeds.
fn new_assets() -> impl Iterator<Item = (Label, String)> {
    let cells = city::cells().into_iter();
    cells.flat_map(|cell| {
        let label = Label::of(cell.0, cell.1);
        Place::OF_ASSETS.map(|place| (label.at(place), city::feed(cell, "fix")))
    })
}

#[test]
fn what_comes_in_while_all_look_on_is_told_to_those_who_may_know() {
    let stage = Stage::filled();
    let people = people::all();
    let people = people.iter().step_by(2);
    let holders: Vec<_> = people.map(|grants| stage.holder(grants)).collect();
    let findings = Findings::default();
    let mut all: Vec<_> = holders
        .iter()
        .zip(0..)
        .map(|(holder, n)| OnLooker::new(&stage, holder, &findings, n))
        .collect();
    all.iter_mut().for_each(OnLooker::hear);
    let events = new_assets().map(|(label, feed)| {
        let place = label.place.expect("an asset is somewhere or not");
        let mut event = json!({
            "feed": feed, "asset": id(&label), "at": clock::now(),
            "values": { "level": { "v": 3.0, "u": "m" } },
        });
        if let Some(position) = place.position() {
            event["position"] = json!(position);
        }
        event
    });
    stage.admin.send(&events.collect());
    call(&stage);
    all.iter_mut().for_each(OnLooker::hear_all);
    println!("{} looked on", all.len());
    findings.conclude();
}

/// Reports with callers, by gateways: whoever listens to everything must not hear a caller's name.
#[track_caller]
fn call(stage: &Stage) {
    for cell in city::cells() {
        let label = Label::of(cell.0, cell.1);
        let (feed, gateway) = (label.marker("rep"), label.marker("calls"));
        let moving = label.marker("mov");
        let new = json!({ "id": gateway, "feeds": [feed, moving] }).to_string();
        let answer = stage.admin.post("/api/v1/admin/gateways", &new);
        assert_eq!(answer.status / 100, 2, "a gateway: {}", answer.body);
        let secret = answer.json();
        let secret = secret["secret"].as_str().expect("a secret");
        let connect = Connect::by(&gateway, &gateway, secret);
        let (mut packets, code) = Packets::connect(stage.server.mqtt, None, &connect);
        assert_eq!(code, Some(0), "the gateway is let in");
        for (place, number) in [(Place::W1, 1), (Place::E1, 2), (Place::N, 3)] {
            let here = label.at(place);
            let person = here.marker("caller").replace("mk_", "mp_");
            let mut report = json!({
                "at": clock::now(), "state": "opened", "category": label.marker("more"),
                "text": here.marker("text"), "caller": { "phone": person, "name": person },
            });
            if let Some(position) = place.position() {
                report["position"] = json!(position);
            }
            let topic = format!("egret/v1/{feed}/report/{}new", here.marker("rep"));
            let told = packets.publish(&topic, number, report.to_string().as_bytes());
            told.expect("the report is acknowledged");
            let mut reading = json!({
                "at": clock::now(), "values": { "pace": { "v": 7.0, "u": "km/h" } },
            });
            if let Some(position) = place.position() {
                reading["position"] = json!(position);
            }
            let topic = format!("egret/v1/{moving}/{}new", here.marker("mov"));
            let told = packets.publish(&topic, number + 9, reading.to_string().as_bytes());
            told.expect("the reading is acknowledged");
        }
    }
}
