//! What a page of others could try to change with somebody's cookie: what there is to be changed,
//! and one request for every route that changes something.

use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::server::{Server, Setup};
use egret_tests::wall::Wall;
use egret_tests::{clock, message};
use serde_json::{Value, json};

use super::foreign_orders::{of_cases, of_ways_in};
use super::{PASSWORD, gateway};

/// A request that changes something, and what its answer is when a page of ours sends it.
pub(crate) struct Change {
    /// As the server registers it.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) status: u16,
}

pub(crate) fn change(route: &'static str, id: &str, body: Value, status: u16) -> Change {
    let (_, path) = route.split_once(' ').unwrap();
    let mut path = path.to_owned();
    for part in id.split('/').filter(|part| !part.is_empty()) {
        let (before, rest) = path.split_once('{').unwrap();
        path = format!("{before}{part}{}", rest.split_once('}').unwrap().1);
    }
    Change {
        route,
        path,
        body,
        status,
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn viewer() -> Value {
    json!([{ "role": "viewer", "areas": "all", "departments": "all", "up_to": "public" }])
}

/// What there is to be changed, by its ids.
struct Victims {
    user: String,
    token: String,
    device: String,
    session: String,
    /// Of two walls that wait.
    codes: [String; 2],
    /// Of an entry of the journal.
    seq: String,
    /// Of an incident that somebody reported.
    incident: String,
}

/// The gateway among them, and the report with somebody's number.
const GATEWAY: &str = "victim-gateway";
pub(crate) const REPORT: &str = "hotline/R-1";
const PHONE: &str = "13800005678";

/// A server whose feed of reports tells of persons, and somebody with every right there is.
pub(crate) fn with_everybody() -> (Server, Browser) {
    let class = "classification = \"sensitive\"";
    let personal = format!("{class}\npersonal = [\"/caller/phone\"]");
    let city = CityCopy::new().with("feeds.toml", class, &personal);
    let server = Setup::with_city(city).guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let grant =
        |role| json!({ "role": role, "areas": "all", "departments": "all", "up_to": "sensitive" });
    let all = ["admin", "steward", "dispatcher"].map(grant);
    let everybody = admin.make_person("everybody", PASSWORD, &json!(all));
    (server, everybody)
}

impl Victims {
    fn make(server: &Server, admin: &mut Browser) -> Self {
        let user = json!({ "name": "victim", "password": "first-of-victim", "grants": viewer() });
        let user = admin.tell("POST", "/api/v1/admin/users", &user).json();
        let token = json!({ "name": "victim", "grants": viewer() });
        let token = admin.tell("POST", "/api/v1/admin/tokens", &token).json();
        gateway(server, GATEWAY, "manhole");
        let mut walls = [(); 3].map(|()| Wall::new(Browser::new(server.http)));
        let device = walls[0].pair(admin, "victim", &viewer());
        let codes = [1, 2].map(|n| text(&walls[n].ask()["code"]));
        Browser::new(server.http).sign_in("everybody", PASSWORD);
        let mut report = message::request("R-1", "opened", clock::now());
        report["caller"] = json!({ "phone": PHONE });
        let taken = admin.tell("POST", "/api/v1/events", &report).json();
        let refused = json!({ "feed": "nobody", "asset": "x", "values": {} });
        admin.tell("POST", "/api/v1/events", &refused);
        let sessions = admin.get("/api/v1/me/sessions").json();
        let mut sessions = sessions["items"].as_array().unwrap().iter();
        let other = sessions.find(|row| row["current"] == false).unwrap();
        let reported = json!({
            "id": "victim", "title": "water", "text": "", "level": "yellow", "area": "900001",
        });
        let reported = admin.tell("POST", "/api/v1/incidents", &reported).json();
        Self {
            user: text(&user["id"]),
            token: text(&token["id"]),
            device: text(&device["id"]),
            session: text(&other["id"]),
            codes,
            seq: taken["seq"].to_string(),
            incident: text(&reported["incident"]),
        }
    }
}

/// Everything that somebody who is signed in can change, in an order in which all of it succeeds.
pub(crate) fn changes(server: &Server, admin: &mut Browser) -> Vec<Change> {
    const NONE: Value = Value::Null;
    let victims = Victims::make(server, admin);
    let Victims {
        user,
        token,
        device,
        session,
        codes: [code, other_code],
        seq,
        incident,
    } = &victims;
    let approve = json!({ "name": "forged", "grants": viewer(), "scenes": "all" });
    let event = json!({ "feed": "manhole", "asset": "FORGED-1", "values": { "water_level": 1.0 } });
    let order = json!({ "feed": "road", "asset": "P-7", "command": "light", "reason": "forged" });
    let password = json!({ "old": PASSWORD, "new": "Egret-In-The-Reeds-8" });
    let new_user = json!({ "name": "forged", "password": "first-of-forged", "grants": viewer() });
    let new_token = json!({ "name": "forged", "grants": viewer() });
    let new_gateway = json!({ "id": "forged", "feeds": ["manhole"] });
    let reason = json!({ "reason": "a forged reason" });
    let erase = json!({ "value": PHONE, "reason": "a forged reason" });
    let display = json!({ "display": "forged" });
    let name = json!({ "name": "forged" });
    let scene = json!({ "scene": "overview" });
    let mut all = of_cases(incident);
    all.extend(of_ways_in());
    all.extend([
        change("POST /api/v1/events", "", event, 200),
        // Of our own pages they fail for what they are about: the order has no key, its feed no
        // columns, and none of the city takes requests.
        change("POST /api/v1/commands", "", order, 400),
        change("POST /api/v1/feeds/{feed}/csv", "manhole", json!(7), 422),
        change("POST /open311/v2/{file}", "requests.json", json!(7), 404),
        change("POST /api/v1/raw/{seq}", seq, reason.clone(), 200),
        change(
            "POST /api/v1/reports/{feed}/{report}/personal",
            REPORT,
            reason,
            200,
        ),
        change("POST /api/v1/persons/erase", "", erase, 200),
        change("POST /api/v1/admin/users", "", new_user, 200),
        change("PATCH /api/v1/admin/users/{id}", user, display.clone(), 200),
        change("POST /api/v1/admin/users/{id}/sign-out", user, NONE, 204),
        change("DELETE /api/v1/admin/users/{id}", user, NONE, 204),
        change("POST /api/v1/admin/tokens", "", new_token, 200),
        change("DELETE /api/v1/admin/tokens/{id}", token, NONE, 204),
        change("POST /api/v1/admin/pairings/{code}", code, approve, 200),
        change(
            "DELETE /api/v1/admin/pairings/{code}",
            other_code,
            NONE,
            204,
        ),
        change("PATCH /api/v1/admin/devices/{id}", device, name, 200),
        change("POST /api/v1/walls/{id}/drive", device, scene, 200),
        change("DELETE /api/v1/admin/devices/{id}", device, NONE, 204),
        change("POST /api/v1/admin/gateways", "", new_gateway, 200),
        change("PATCH /api/v1/admin/gateways/{id}", GATEWAY, display, 200),
        change(
            "POST /api/v1/admin/gateways/{id}/secret",
            GATEWAY,
            NONE,
            200,
        ),
        change("DELETE /api/v1/admin/gateways/{id}", GATEWAY, NONE, 204),
        change("DELETE /api/v1/me/sessions/{id}", session, NONE, 204),
        change("POST /api/v1/me/password", "", password, 204),
        change("POST /api/v1/sign-out", "", NONE, 204),
    ]);
    all
}
