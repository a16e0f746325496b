//! Channels and filters that make little sense.

use std::time::{Duration, Instant};

use egret_shared::channel::Channel;
use egret_shared::codec::Encoding;
use egret_shared::message::{ClientMessage, Resume};
use egret_tests::browser::{Said, Screen};
use egret_tests::dice::Dice;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Place, markers};
use egret_tests::matrix::truth::Truth;
use egret_tests::packets::{self, Connect, Packets};
use egret_tests::socket::Socket;
use serde_json::{Value, json};

use crate::requests::value;
use crate::{Count, chance, one};

/// For so long a connection is listened to.
const LISTENED: Duration = Duration::from_millis(150);

pub(crate) fn listen(cell: Cell<'_>, truth: &Truth, dice: &mut Dice, count: &mut Count) {
    let authorization = format!("Bearer {}", cell.holder.lasting);
    let headers = [("Authorization", authorization.as_str())];
    let screen = Screen::open(cell.stage.server.http, None, &headers);
    let mut screen = screen.expect("a token may open a socket");
    let mut asked = String::new();
    for _ in 0..=dice.below(4) {
        let message = message(dice, truth);
        asked += &message.to_string();
        screen.say(&message);
    }
    cell.stage.stir(dice);
    let until = Instant::now() + LISTENED;
    while let Said::Message(message) = screen.hear(until.saturating_duration_since(Instant::now()))
    {
        search(cell, count, &asked, &message.to_string());
    }
    let mut socket = Socket::connect_as(
        cell.stage.server.http,
        Encoding::Binary,
        &cell.holder.lasting,
    );
    let channels: Vec<_> = (0..=dice.below(12))
        .filter_map(|_| channel(dice, truth).parse::<Channel>().ok())
        .collect();
    let resume = channels.iter().map(|channel| Resume {
        channel: channel.clone(),
        generation: socket.welcome.generation,
        seq: dice.below(1_000),
    });
    let subscribe = ClientMessage::Subscribe {
        resume: resume.collect(),
        channels,
    };
    let asked = serde_json::to_string(&subscribe).expect("a message is JSON");
    socket.say(&subscribe);
    while let Some(message) = socket.hear(LISTENED) {
        let said = serde_json::to_string(&message).expect("a message is JSON");
        search(cell, count, &asked, &said);
        if said.contains("Heartbeat") {
            break;
        }
    }
}

fn search(cell: Cell<'_>, count: &mut Count, asked: &str, said: &str) {
    count.messages += 1;
    count.markers += markers(said).len();
    cell.search(asked, said);
}

/// A channel's name, or something like one.
fn channel(dice: &mut Dice, truth: &Truth) -> String {
    let asset = one(dice, &city::assets()).clone();
    match dice.below(8) {
        0 | 1 => "city".to_owned(),
        2 => format!("tile/0/0/{}", dice.below(2)),
        3 => format!(
            "tile/{}/{}/{}",
            dice.below(20),
            dice.below(900),
            dice.below(900)
        ),
        4 => format!("asset/{}/{}", asset.feed, asset.id),
        5 => format!("metric/{}", one(dice, &truth.metrics).id),
        6 => format!("incident/{}", one(dice, &truth.incidents).id),
        _ => format!(
            "{}/{}",
            one(dice, &["asset", "metric", "x", "city"]),
            value(dice, truth)
        ),
    }
}

fn message(dice: &mut Dice, truth: &Truth) -> Value {
    let channels: Vec<_> = (0..=dice.below(9)).map(|_| channel(dice, truth)).collect();
    let kind = *one(
        dice,
        &[
            "subscribe",
            "subscribe",
            "resync",
            "unsubscribe",
            "pace",
            "x",
        ],
    );
    match dice.below(10) {
        0 => json!({ "type": kind, "channels": channels, "more": value(dice, truth) }),
        1 => json!({ "type": "pace", "every_ms": dice.below(5_000) }),
        2 => json!([value(dice, truth)]),
        3 => {
            let resume = json!([{
                "channel": channels[0], "generation": dice.below(9), "seq": dice.below(900),
            }]);
            json!({ "type": "subscribe", "channels": channels, "resume": resume })
        }
        _ => json!({ "type": kind, "channels": channels }),
    }
}

pub(crate) fn subscribe(cell: Cell<'_>, truth: &Truth, dice: &mut Dice, count: &mut Count) {
    let connect = Connect::by("fuzz", "token", &cell.holder.lasting);
    let (mut packets, code) = Packets::connect(cell.stage.server.mqtt, None, &connect);
    assert_eq!(code, Some(0), "a token is let in");
    let filters: Vec<_> = (0..=dice.below(4)).map(|_| filter(dice, truth)).collect();
    let filters: Vec<_> = filters.iter().map(String::as_str).collect();
    packets.say(packets::subscribe(1, &filters));
    let asked = filters.join(" ");
    cell.stage.stir(dice);
    let until = Instant::now() + LISTENED;
    while Instant::now() < until {
        let Some(packet) = packets.hear(LISTENED) else {
            break;
        };
        // Topic and payload stand in it as they are.
        let said = String::from_utf8_lossy(&packet).into_owned();
        search(cell, count, &asked, &said);
    }
}

/// A topic filter, or something like one.
fn filter(dice: &mut Dice, truth: &Truth) -> String {
    if chance(dice, 4) {
        let whole = [
            "#",
            "+/#",
            "egret/#",
            "egret/v1/out/#",
            "$SYS/#",
            "$share/g/#",
            "/#",
            "+",
        ];
        return (*one(dice, &whole)).to_owned();
    }
    let levels = (0..=dice.below(5)).map(|_| match dice.below(8) {
        0 => "+".to_owned(),
        1 => "egret".to_owned(),
        2 => "v1".to_owned(),
        3 => "out".to_owned(),
        4 => (*one(dice, &["alerts", "incidents", "$share", "$SYS", "g", ""])).to_owned(),
        5 => one(dice, &Place::AREAS).code(),
        6 => "#".to_owned(),
        _ => value(dice, truth),
    });
    levels.collect::<Vec<_>>().join("/")
}
