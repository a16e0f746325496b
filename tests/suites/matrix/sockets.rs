//! Every channel over the WebSocket, in both encodings: snapshots, resumed and asked for anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use egret_shared::channel::{Channel, Tile};
use egret_shared::codec::Encoding;
use egret_shared::message::{ClientMessage, Resume, ServerMessage};
use egret_shared::position::Position;
use egret_shared::snapshot::Snapshot;
use egret_tests::matrix::beyond::is_of_own_case;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::Place;
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{self, Truth, keys, rows, text};
use egret_tests::socket::Socket;
use egret_tests::wait;
use serde_json::Value;

use crate::cases::has_own_words;
use crate::lists::{has_own_evidence, of_feed};
use crate::numbers::is_withheld;
use crate::walls;

/// Channels of one connection; 128 are allowed.
const CHANNELS: usize = 120;

/// Channels of a connection that are asked for once more.
const ASKED_AGAIN: usize = 5;

pub(crate) fn binary(cell: Cell<'_>, truth: &Truth) {
    all(cell, truth, Encoding::Binary);
}

pub(crate) fn text_frames(cell: Cell<'_>, truth: &Truth) {
    all(cell, truth, Encoding::Json);
}

fn all(cell: Cell<'_>, truth: &Truth, encoding: Encoding) {
    let cell = cell.allowing(is_of_own_case);
    for channels in channels(cell, truth).chunks(CHANNELS) {
        let mut listener = Listener::new(cell, encoding);
        listener.say(&ClientMessage::Subscribe {
            channels: channels.to_vec(),
            resume: Vec::new(),
        });
        let held = listener.snapshots(channels);
        for (channel, frame) in &held {
            is_own(cell, truth, channel, &frame.state);
        }
        walls_are_told(cell, channels, &held);
        listener.say(&ClientMessage::Resync {
            channels: channels.iter().take(ASKED_AGAIN).cloned().collect(),
        });
        let again = listener.snapshots(channels.iter().take(ASKED_AGAIN));
        for (channel, frame) in &again {
            is_own(cell, truth, channel, &frame.state);
        }
        resumed(cell, truth, encoding, &held);
    }
}

/// What a channel held.
struct Frame {
    generation: u64,
    seq: u64,
    state: Snapshot,
}

/// Somebody who comes back with what another connection of theirs held, or with seqs made up.
fn resumed(cell: Cell<'_>, truth: &Truth, encoding: Encoding, held: &BTreeMap<Channel, Frame>) {
    let some: Vec<_> = held.iter().take(12).collect();
    for back in [0, 1, 1_000_000] {
        let resume = some.iter().map(|(channel, frame)| Resume {
            channel: (*channel).clone(),
            generation: frame.generation,
            seq: frame.seq.saturating_sub(back),
        });
        let mut listener = Listener::new(cell, encoding);
        listener.say(&ClientMessage::Subscribe {
            channels: some.iter().map(|(channel, _)| (*channel).clone()).collect(),
            resume: resume.collect(),
        });
        let channels: Vec<_> = some.iter().map(|(channel, _)| (*channel).clone()).collect();
        listener.say(&ClientMessage::Resync {
            channels: channels.clone(),
        });
        let again = listener.snapshots(&channels);
        for (channel, frame) in &again {
            is_own(cell, truth, channel, &frame.state);
        }
    }
}

/// Of the walls among these channels, those that they may drive are told, and no others.
fn walls_are_told(cell: Cell<'_>, channels: &[Channel], held: &BTreeMap<Channel, Frame>) {
    for channel in channels {
        let Channel::Wall(id) = channel else { continue };
        let label = cell.stage.walls.get(id.as_str());
        let may = label.is_some_and(|label| walls::may_drive(cell, label));
        cell.findings.rows(1);
        match (may, held.contains_key(channel)) {
            (true, false) => cell.missing(channel),
            (false, true) => cell.leak(channel),
            _ => {}
        }
    }
}

/// One channel of each kind for each thing that there is, and some for what there is not.
fn channels(cell: Cell<'_>, truth: &Truth) -> Vec<Channel> {
    let mut channels = vec![Channel::City];
    for place in Place::OF_ASSETS {
        let Some([lon, lat]) = place.position() else {
            continue;
        };
        for z in [0, 9, 12, 16] {
            channels.push(Channel::Tile(Tile::of(z, Position { lon, lat })));
        }
    }
    channels.dedup();
    let metrics = truth.metrics.iter().map(|metric| metric.id.as_str());
    channels.extend(metrics.map(|id| Channel::Metric(id.into())));
    for asset in city::assets() {
        channels.push(Channel::Asset(
            asset.feed.as_str().into(),
            asset.id.as_str().into(),
        ));
    }
    for (feed, label) in city::registered() {
        let asset = label.marker("reg");
        channels.push(Channel::Asset(feed.as_str().into(), asset.as_str().into()));
    }
    let cases = truth.incidents.iter().map(|case| case.id.as_str());
    channels.extend(cases.map(|id| Channel::Incident(id.into())));
    channels.push(Channel::Incident("19990101-0001".into()));
    channels.push(Channel::Asset("nobody".into(), "nothing".into()));
    channels.push(Channel::Metric("nothing".into()));
    let mut once = BTreeSet::new();
    channels.retain(|channel| once.insert(channel.clone()));
    // Behind those that are asked for once more: of walls that somebody does not follow nothing
    // would come.
    let walls = cell.stage.walls.keys();
    let walls = walls.map(|id| Channel::Wall(id.as_str().into()));
    let walls = walls.chain([Channel::Wall("nobody".into())]);
    let behind = ASKED_AGAIN.min(channels.len());
    channels.splice(behind..behind, walls);
    channels
}

/// A connection that searches all that it hears.
struct Listener<'a> {
    cell: Cell<'a>,
    socket: Socket,
    asked: String,
}

impl<'a> Listener<'a> {
    fn new(cell: Cell<'a>, encoding: Encoding) -> Self {
        let server = cell.stage.server.http;
        let socket = Socket::connect_as(server, encoding, &cell.holder.lasting);
        Self {
            cell,
            socket,
            asked: String::new(),
        }
    }

    fn say(&mut self, message: &ClientMessage) {
        self.asked += &serde_json::to_string(message).expect("a message is JSON");
        self.socket.say(message);
    }

    /// The next snapshot of each of these, or an error about it.
    fn snapshots<'c>(
        &mut self,
        channels: impl IntoIterator<Item = &'c Channel>,
    ) -> BTreeMap<Channel, Frame> {
        let mut wanted: BTreeSet<Channel> = channels.into_iter().cloned().collect();
        let mut held = BTreeMap::new();
        let deadline = Instant::now() + wait::PATIENCE;
        while !wanted.is_empty() {
            if Instant::now() >= deadline {
                let some: Vec<_> = wanted.iter().take(3).map(ToString::to_string).collect();
                self.cell.missing(format_args!(
                    "no snapshot of {} such as {some:?}",
                    wanted.len()
                ));
                break;
            }
            let Some(message) = self.socket.hear(Duration::from_millis(200)) else {
                continue;
            };
            self.hear(&message);
            match message {
                ServerMessage::Snapshot(frame) => {
                    wanted.remove(&frame.channel);
                    let state = Frame {
                        generation: frame.generation,
                        seq: frame.seq,
                        state: frame.state,
                    };
                    held.insert(frame.channel, state);
                }
                ServerMessage::Error(error) => {
                    wanted.retain(|channel| !error.message.contains(&channel.to_string()));
                }
                _ => {}
            }
        }
        held
    }

    fn hear(&mut self, message: &ServerMessage) {
        // Their own channel's name is in the frame; an error repeats what they asked for.
        let said = serde_json::to_string(message).expect("a message is JSON");
        self.cell.search(&self.asked, &said);
    }
}

/// A channel's state is what they see, and all of it.
fn is_own(cell: Cell<'_>, truth: &Truth, channel: &Channel, state: &Snapshot) {
    let state = serde_json::to_value(state).expect("a snapshot is JSON");
    match channel {
        Channel::City => city_is_own(cell, truth, &state["city"]),
        Channel::Tile(tile) => {
            let told = rows(&state["tile"]["assets"]).map(|mark| text(&mark["asset"]));
            cell.same(&in_tile(cell, *tile), &told.collect());
        }
        Channel::Asset(feed, asset) => {
            let known = city::assets()
                .into_iter()
                .map(|asset| (asset.id, asset.label));
            let silent = city::registered().into_iter();
            let silent = silent.map(|(_, label)| (label.marker("reg"), label));
            let mut all = known.chain(silent);
            let label = all
                .find(|(id, _)| *id == asset.as_str())
                .map(|(_, label)| label);
            let is_own = label.is_some_and(|label| cell.reader().sees(&label));
            is_there(cell, is_own, &state["asset"], &format!("{feed}/{asset}"));
        }
        Channel::Incident(id) => {
            let case = truth.incidents.iter().find(|case| case.id == id.as_str());
            let is_own = case.is_some_and(|case| case.is_for(cell.reader()));
            is_there(cell, is_own, &state["incident"], id.as_str());
            has_own_evidence(cell, truth, &state["incident"]["incident"]);
            if let Some(case) = case {
                has_own_words(cell, case, &state.to_string());
            }
        }
        Channel::Metric(id) => points_are_own(cell, truth, Some(id.as_str()), &state["metric"]),
        // Whether it is told at all is looked at apart.
        Channel::Wall(_) => {}
    }
}

fn is_there(cell: Cell<'_>, is_own: bool, told: &Value, what: &str) {
    cell.findings.rows(1);
    match (is_own, told.is_null()) {
        (true, true) => cell.missing(what),
        (false, false) => cell.leak(what),
        _ => {}
    }
}

fn in_tile(cell: Cell<'_>, tile: Tile) -> BTreeSet<String> {
    let telling = city::assets()
        .into_iter()
        .map(|asset| (asset.id, asset.label));
    let silent = city::registered()
        .into_iter()
        .map(|(_, label)| (label.marker("reg"), label));
    let here = telling.chain(silent).filter(|(_, label)| {
        let position = label.place.and_then(Place::position);
        position.is_some_and(|[lon, lat]| Tile::of(tile.z, Position { lon, lat }) == tile)
    });
    let own = here.filter(|(_, label)| cell.reader().sees(label));
    own.map(|(id, _)| id).collect()
}

pub(crate) fn city_is_own(cell: Cell<'_>, truth: &Truth, told: &Value) {
    points_are_own(cell, truth, None, &told["metrics"]);
    let alerts = truth.alerts.iter();
    let own = alerts.filter(|(_, label)| cell.reader().sees(label));
    let own = keys(own.map(|(row, _)| row["key"].clone()));
    cell.same(
        &own,
        &keys(rows(&told["alerts"]).map(|row| row["key"].clone())),
    );
    let own = truth
        .incidents
        .iter()
        .filter(|case| case.is_for(cell.reader()));
    let own: BTreeSet<_> = own.map(|case| case.id.clone()).collect();
    let listed: BTreeSet<_> = rows(&told["incidents"])
        .map(|row| text(&row["id"]))
        .collect();
    cell.same(&own, &listed);
    rows(&told["incidents"]).for_each(|row| has_own_evidence(cell, truth, &row));
    let feeds = city::feeds().into_iter();
    let mut own: BTreeSet<_> = feeds
        .filter(|feed| cell.reader().sees(&of_feed(feed)))
        .collect();
    if cell.reader().has_whole(Right::See) {
        own.insert("unknown".to_owned());
    }
    cell.same(
        &own,
        &rows(&told["feeds"]).map(|row| text(&row["feed"])).collect(),
    );
    events_are_own(cell, truth, &told["events"]);
    for foreign in
        rows(&told["alerts"]).filter_map(|row| row["incident"].as_str().map(String::from))
    {
        if !listed.contains(&foreign) {
            cell.leak(format_args!(
                "an alert names the incident {foreign}, which is not theirs"
            ));
        }
    }
}

fn points_are_own(cell: Cell<'_>, truth: &Truth, only: Option<&str>, told: &Value) {
    let all = truth.points.iter();
    let of = all.filter(|(metric, _)| only.is_none_or(|id| id == metric));
    let own = of.filter(|(metric, area)| cell.sees(&truth.metric(metric).label, *area));
    let own: BTreeSet<_> = own.cloned().collect();
    let points: Vec<_> = rows(told)
        .map(|row| ((text(&row["metric"]), truth::place(&row["area"])), row))
        .collect();
    let keys: BTreeSet<_> = points.iter().map(|(key, _)| key.clone()).collect();
    cell.same(&own, &keys);
    for ((metric, area), row) in &points {
        is_withheld(cell, truth.metric(metric), *area, row);
    }
}

/// Of the lines that were told, none is foreign; of those as new, none is missing. Older ones have
/// made room.
fn events_are_own(cell: Cell<'_>, truth: &Truth, told: &Value) {
    let serials: BTreeSet<_> = rows(told).filter_map(|row| row["id"].as_u64()).collect();
    cell.findings.rows(serials.len());
    let Some(&oldest) = serials.first() else {
        return;
    };
    for (row, labels) in &truth.events {
        let id = row["id"].as_u64().unwrap_or_default();
        let about = text(&row["about"]["incident"]);
        let case = truth.incidents.iter().find(|case| case.id == about);
        let is_own = match case {
            Some(case) => case.is_for(cell.reader()),
            None => labels.iter().all(|label| cell.reader().sees(label)),
        };
        if case.is_some() && !is_own && serials.contains(&id) {
            cell.leak(format_args!("a line of the ticker: {row}"));
        }
        if is_own && id >= oldest && !serials.contains(&id) {
            cell.missing(format_args!("a line of the ticker: {row}"));
        }
        // Who leads or supports an incident is told of it.
        let kind = text(&row["kind"]);
        if !is_own && serials.contains(&id) && !kind.starts_with("incident_") {
            cell.leak(format_args!("a line of the ticker: {row}"));
        }
    }
}
