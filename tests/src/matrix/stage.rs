//! The city of the matrix, running and filled: something in every cell, on every way in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::city::{self, Asset, Cell};
use super::label::{Class, Label, Place};
use super::package;
use super::reader::{Grant, Reader};
use super::worked::Worked;
use crate::browser::Browser;
use crate::clock;
use crate::dice::Dice;
use crate::http::Http;
use crate::packets::{Connect, Packets};
use crate::server::{Server, Setup, State};
use crate::wait;
use crate::wall::Wall;
use egret_shared::time::TimeMs;

/// The admin's password; nobody signs in with it.
const PASSWORD: &str = "Heron-At-High-Tide-3";

/// Steps in time at which assets tell their values, seconds ago; the last is not so late that it
/// would tell nothing of its gateway's clock.
const STEPS_S: [i64; 4] = [900, 600, 300, 30];

/// Reports of a department's sensitive feed that are counted by the metric of people: fewer than
/// [`K`] in the western district, enough in the eastern.
pub const FEW: [(Place, usize); 3] = [(Place::W1, 2), (Place::E1, 6), (Place::E2, 3)];

/// Reports of the other category, enough for a cluster.
pub const MORE: [(Place, usize); 6] = [
    (Place::W1, 3),
    (Place::W2, 3),
    (Place::E1, 3),
    (Place::E2, 3),
    (Place::C, 3),
    (Place::N, 1),
];

/// Where every warning feed has issued one.
pub const WARNED: [Place; 2] = [Place::W1, Place::E1];

/// How long it may take until a window of every metric has closed: they are kept by the minute.
const CLOSING: Duration = Duration::from_secs(100);

/// `[classification] k` of the city.
pub const K: usize = 5;

/// A running city with data in every cell.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub server: Server,
    /// The API as an admin.
    pub admin: Http,
    /// The admin's token.
    pub secret: String,
    /// Every asset that tells values.
    pub assets: Vec<Asset>,
    /// Whose what is that was sent over HTTP, by journal entry.
    pub sent: BTreeMap<u64, Label>,
    /// What somebody has done to incidents by hand.
    pub worked: Worked,
    /// Paired walls by id, and what each of them shows all of.
    pub walls: BTreeMap<String, Label>,
}

/// What somebody's token and grants are.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The token's id.
    pub id: String,
    /// The token.
    pub secret: String,
    /// Another one for what stays open, so that many requests do not slow it down.
    pub lasting: String,
    /// The id of that one.
    pub lasting_id: String,
    /// Whose grants it has.
    pub reader: Reader,
    /// The API with the token.
    pub api: Http,
}

impl Stage {
    /// Starts a server and fills it.
    #[track_caller]
    pub fn filled() -> Self {
        let server = Setup::with_city(package::package()).guarded().start();
        server.make_admin(PASSWORD);
        let secret = server.token("stage", &["admin"]);
        let mut stage = Self {
            admin: server.api().with_token(&secret),
            server,
            secret,
            assets: city::assets(),
            sent: BTreeMap::new(),
            worked: Worked::default(),
            walls: BTreeMap::new(),
        };
        stage.fill();
        stage.hang();
        stage.worked = Worked::by_hand(&stage.server, &stage.admin);
        stage
    }

    /// Whose the value with this number is.
    pub fn of_value(&self, number: usize) -> Label {
        let asset = self.assets.get(number);
        let asset = asset.unwrap_or_else(|| panic!("value {number} is no asset's"));
        asset.label.clone()
    }

    /// A token for somebody with these grants.
    #[track_caller]
    pub fn holder(&self, grants: &[Grant]) -> Holder {
        let reader = Reader::new(grants);
        let (id, secret) = self.token(&reader);
        let (lasting_id, lasting) = self.token(&reader);
        Holder {
            id,
            api: self.server.api().with_token(&secret),
            secret,
            lasting,
            lasting_id,
            reader,
        }
    }

    /// A new token's id and secret.
    #[track_caller]
    fn token(&self, reader: &Reader) -> (String, String) {
        let new = json!({ "name": "somebody", "grants": reader.json() });
        let json = [("content-type", "application/json")];
        let path = "/api/v1/admin/tokens";
        let answer = self.admin.ask_again("POST", path, &json, &new.to_string());
        let is_made = answer.status / 100 == 2;
        assert!(is_made, "a token for {reader}: {}", answer.body);
        let told = answer.json();
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        (text("id"), text("secret"))
    }

    /// Pairs walls that show different parts of the city; each wears a marker for its name.
    #[track_caller]
    fn hang(&mut self) {
        for (department, class, place) in [
            ("water", Class::Internal, Place::W),
            ("water", Class::Sensitive, Place::W1),
            ("police", Class::Public, Place::E1),
        ] {
            let label = Label::of(department, class).at(place);
            let pairing = Wall::new(Browser::new(self.server.http)).ask();
            let grant = Grant::of("viewer", &[place], &[department], class);
            let approve = json!({
                "name": label.marker("wall"),
                "grants": Reader::new(&[grant]).json(),
                "scenes": "all",
            });
            let code = pairing["code"].as_str().expect("a code");
            let path = format!("/api/v1/admin/pairings/{code}");
            let answer = self.admin.post(&path, &approve.to_string());
            assert_eq!(answer.status, 200, "a wall: {}", answer.body);
            let id = answer.json()["id"].as_str().expect("an id").to_owned();
            self.walls.insert(id, label);
        }
    }

    #[track_caller]
    fn fill(&mut self) {
        wait::until("time passes in the journal", || {
            let state: State = self.admin.get("/api/v1/state").parsed();
            wait::check(state.seq >= 2, state)
        });
        let now = clock::now();
        for ago in STEPS_S {
            let at = TimeMs(now.0 - ago * 1_000);
            let standing = self.assets.iter().filter(|asset| !asset.is_moving);
            let events: Vec<_> = standing
                .map(|asset| (reading(asset, at), asset.label.clone()))
                .collect();
            self.send(events);
        }
        self.drive(now);
        for cell in city::cells() {
            self.report(cell, now);
            self.warn(cell);
            self.refuse(cell, now);
        }
        self.settle();
    }

    /// Sends events in, and writes down whose which journal entry is.
    #[track_caller]
    fn send(&mut self, events: Vec<(Value, Label)>) {
        let (events, labels): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        let body = Value::Array(events).to_string();
        let answer = self.admin.post("/api/v1/events", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.json();
        assert_eq!(told["rejected"], json!([]), "{told}");
        let last = told["seq"].as_u64().expect("a position");
        let first = last + 1 - labels.len() as u64;
        self.sent.extend((first..).zip(labels));
    }

    /// What moves comes by MQTT, each feed by a gateway of its own.
    #[track_caller]
    fn drive(&self, now: TimeMs) {
        for cell in city::cells() {
            let label = Label::of(cell.0, cell.1);
            let (feed, id) = (label.marker("mov"), label.marker("gw"));
            let new = json!({ "id": id, "feeds": [feed] });
            let answer = self.admin.post("/api/v1/admin/gateways", &new.to_string());
            assert_eq!(answer.status / 100, 2, "a gateway: {}", answer.body);
            let secret = answer.json()["secret"]
                .as_str()
                .expect("a secret")
                .to_owned();
            let connect = Connect::by(&id, &id, &secret);
            let (mut packets, code) = Packets::connect(self.server.mqtt, None, &connect);
            assert_eq!(code, Some(0), "the gateway {id} is let in");
            let mut n = 0;
            for ago in STEPS_S {
                let at = TimeMs(now.0 - ago * 1_000);
                let moving = self.assets.iter().filter(|asset| asset.feed == feed);
                for asset in moving {
                    n += 1;
                    let topic = format!("egret/v1/{feed}/{}", asset.id);
                    let payload = reading(asset, at).to_string();
                    let told = packets.publish(&topic, n, payload.as_bytes());
                    told.expect("the reading is acknowledged");
                }
            }
        }
    }

    /// Has some assets tell their values again, so that there is something new to be told.
    #[track_caller]
    pub fn stir(&self, dice: &mut Dice) {
        let n_assets = self.assets.len() as u64;
        let some = (0..8).filter_map(|_| {
            let n = usize::try_from(dice.below(n_assets)).ok()?;
            Some(reading(self.assets.get(n)?, clock::now()))
        });
        self.admin.send(&some.collect());
    }

    /// Waits until it is known how far every gateway's clock is off: a minute after it spoke.
    #[track_caller]
    pub fn await_clocks(&self) {
        wait::within(CLOSING, "every gateway's clock", || {
            let answer = self.admin.get("/api/v1/gateways?limit=1000").body;
            let mut cells = city::cells().into_iter();
            let silent = cells.find(|cell| {
                let id = Label::of(cell.0, cell.1).marker("gw");
                !answer.contains(&id)
            });
            wait::check(silent.is_none(), silent)
        });
    }

    /// Reports with callers: a few of one category, more of another.
    #[track_caller]
    fn report(&mut self, cell: Cell, now: TimeMs) {
        let label = Label::of(cell.0, cell.1);
        let few = (cell.1 == Class::Sensitive).then_some(FEW);
        let few = few.iter().flatten().map(|&(place, n)| (place, n, "few", 0));
        let more = MORE.iter().map(|&(place, n)| (place, n, "more", 10));
        let mut events = Vec::new();
        for (place, n, category, first) in few.chain(more) {
            for number in first..first + n {
                let at = TimeMs(now.0 - 600_000 + i64::try_from(events.len()).unwrap_or(0) * 10);
                let category = label.marker(category);
                let step = step(&label, place, number, &category, "opened", at);
                events.push((step, label.at(place)));
            }
        }
        for (place, n) in few_places(cell.1) {
            for number in 0..n {
                let at = TimeMs(now.0 - 500_000 + i64::try_from(number).unwrap_or(0) * 100);
                let category = label.marker("few");
                let step = step(&label, place, number, &category, "answered", at);
                events.push((step, label.at(place)));
            }
        }
        self.send(events);
    }

    /// Warnings by the Common Alerting Protocol.
    #[track_caller]
    fn warn(&mut self, cell: Cell) {
        let path = format!("/api/v1/events?feed={}", city::feed(cell, "cap"));
        let headers = [("content-type", "application/xml")];
        for place in WARNED {
            let here = Label::of(cell.0, cell.1).at(place);
            let body = warning(&here, "Actual");
            let answer = self.admin.ask("POST", &path, &headers, &body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            let told = answer.json();
            assert_eq!(told["rejected"], json!([]), "{told}");
            let seq = told["seq"].as_u64().expect("a position");
            self.sent.insert(seq, here);
        }
    }

    /// What is refused, of every feed and of none.
    #[track_caller]
    fn refuse(&self, cell: Cell, now: TimeMs) {
        let label = Label::of(cell.0, cell.1);
        let mut events = Vec::new();
        for place in [Place::W1, Place::E1] {
            let label = label.at(place);
            for (kind, property, unit) in [("fix", "level", "m"), ("mov", "pace", "km/h")] {
                let feed = city::feed(cell, kind);
                let mut values = BTreeMap::new();
                values.insert(property, json!({ "v": 99_999.0, "u": unit }));
                events.push(json!({
                    "feed": feed, "asset": label.marker(kind), "at": now,
                    "position": place.position(), "values": values,
                    "note": label.marker("note"),
                }));
            }
            events.push(json!({
                "feed": city::feed(cell, "rep"), "report": format!("{}n99", label.marker("rep")),
                "at": "yesterday", "state": "opened", "category": label.marker("note"),
                "caller": caller(&label, 99),
            }));
        }
        let none = Label::shared(&["water", "police", "west"], Class::Sensitive).at(Place::C);
        events.push(json!({ "feed": "nobody", "note": none.marker("note") }));
        let answer = self
            .admin
            .post("/api/v1/events", &Value::Array(events).to_string());
        assert_eq!(answer.status, 422, "{}", answer.body);
    }

    /// Waits until what was sent has come to all that it comes to.
    #[track_caller]
    fn settle(&self) {
        let metrics = city::metrics();
        wait::within(CLOSING, "a closed window of every metric of areas", || {
            let of_areas = metrics.iter().filter(|metric| metric.is_of_areas);
            let mut series = of_areas.flat_map(|metric| {
                let path = |area: &str| format!("/api/v1/metrics/{}?area={area}", metric.id);
                let is_at_home = metric.id.ends_with("_responsible");
                let areas = ["ma_C", "ma_W", "ma_E1"].into_iter();
                areas.take(if is_at_home { 2 } else { 3 }).map(path)
            });
            let is_empty = |path: &String| {
                let answer = self.admin.ask_again("GET", path, &[], "").json();
                answer["points"].as_array().is_none_or(Vec::is_empty)
            };
            let open = series.find(is_empty);
            wait::check(open.is_none(), open)
        });
        wait::until("alerts of every rule", || {
            let alerts = self.admin.list("/api/v1/alerts");
            let rules = city::rules();
            let quiet = rules.iter().find(|rule| {
                let of =
                    |alert: &Value| alert["key"]["rule"] == *rule.id && alert["state"] == "firing";
                !alerts.iter().any(of)
            });
            wait::check(quiet.is_none(), quiet)
        });
        wait::until("an incident", || {
            let incidents = self.admin.list("/api/v1/incidents");
            wait::check(!incidents.is_empty(), ())
        });
    }
}

fn few_places(class: Class) -> impl Iterator<Item = (Place, usize)> {
    let is_sensitive = class == Class::Sensitive;
    FEW.into_iter().filter(move |_| is_sensitive)
}

fn reading(asset: &Asset, at: TimeMs) -> Value {
    let (property, unit) = if asset.is_moving {
        ("pace", "km/h")
    } else {
        ("level", "m")
    };
    let mut values = BTreeMap::new();
    values.insert(property, json!({ "v": asset.v, "u": unit }));
    let mut reading = json!({
        "feed": asset.feed, "asset": asset.id, "at": at, "values": values,
        "note": asset.label.marker("note"),
    });
    if let Some(position) = asset.label.place.and_then(Place::position) {
        reading["position"] = json!(position);
    }
    reading
}

fn step(
    label: &Label,
    place: Place,
    number: usize,
    category: &str,
    state: &str,
    at: TimeMs,
) -> Value {
    let here = label.at(place);
    let mut step = json!({
        "feed": label.marker("rep"), "report": format!("{}n{number}", here.marker("rep")),
        "state": state, "category": category, "at": at, "text": here.marker("text"),
        "caller": caller(&here, number),
    });
    if let Some(position) = place.position() {
        step["position"] = json!(position);
    }
    step
}

/// A warning for what lies around a place: who issued it and what it says wear markers.
pub fn warning(here: &Label, status: &str) -> String {
    let [lon, lat] = here
        .place
        .and_then(Place::position)
        .expect("a warning holds somewhere");
    let (west, south, east, north) = (lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01);
    let polygon = format!(
        "{south:.3},{west:.3} {south:.3},{east:.3} {north:.3},{east:.3} {north:.3},{west:.3} \
         {south:.3},{west:.3}"
    );
    // CAP writes no `Z`.
    let time = |ago_s| clock::ago(ago_s).to_string().replace('Z', "+00:00");
    let (sent, expires) = (time(60), time(-86_400));
    let [id, by, headline] = ["cap", "bureau", "headline"].map(|kind| here.marker(kind));
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{id}</identifier>\
         <sender>w@example.org</sender><sent>{sent}</sent><status>{status}</status>\
         <msgType>Alert</msgType><scope>Public</scope><info><language>en-US</language>\
         <event>storm</event><urgency>Expected</urgency><severity>Minor</severity>\
         <certainty>Likely</certainty><expires>{expires}</expires>\
         <senderName>{by}</senderName><headline>{headline}</headline>\
         <area><areaDesc>{headline}</areaDesc><polygon>{polygon}</polygon></area>\
         </info></alert>"
    )
}

/// Who called; made up.
fn caller(label: &Label, number: usize) -> Value {
    let person = label.marker("caller").replace("mk_", "mp_");
    json!({ "phone": format!("{person}n{number}"), "name": format!("{person}z{number}") })
}
