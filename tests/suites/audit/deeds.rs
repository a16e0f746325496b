//! Everything that is to be a line of the trail: what to do, and what the line says.

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::server::Server;
use egret_tests::wall::Wall;
use egret_tests::wire::somewhere;
use egret_tests::{clock, message};
use serde_json::{Value, json};

use super::{OTHERS, PHONE, guarded_with_persons};

#[path = "deeds/keys.rs"]
mod keys;
#[path = "deeds/looks.rs"]
mod looks;
#[path = "deeds/people.rs"]
mod people;

use keys::{BY_THE_COMMAND_LINE, MANAGING_KEYS};
use looks::{BEING_REFUSED, LOOKING};
use people::{MANAGING_PEOPLE, SIGNING_IN};

/// Everything that does something in these tests.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) admin: Browser,
    duty: Browser,
    /// Somebody with every right there is.
    boss: Browser,
    wall: Wall,
    /// Ids, by what they are of.
    pub(crate) duty_id: String,
    session: String,
    token: String,
    device: String,
    seq: u64,
    /// Addresses that have not been used: of refusals from one address few are written down.
    n_places: u16,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn viewer() -> Value {
    json!([{ "role": "viewer", "areas": "all", "departments": "all", "up_to": "public" }])
}

impl Scene {
    pub(crate) fn new() -> Self {
        let (server, mut admin) = guarded_with_persons();
        let grant = |role| json!({ "role": role, "areas": "all", "departments": "all", "up_to": "sensitive" });
        let all = ["steward", "dispatcher"].map(grant);
        let boss = admin.make_person("boss", OTHERS, &json!(all));
        let mut report = message::request("R-1", "opened", clock::now());
        report["caller"] = json!({ "phone": PHONE });
        done(&admin.tell("POST", "/api/v1/events", &report));
        let duty = admin.make_person("duty", OTHERS, &viewer());
        let users = admin.get("/api/v1/admin/users").json();
        let rows = users["items"].as_array().unwrap();
        let duty_id = text(&rows.iter().find(|row| row["name"] == "duty").unwrap()["id"]);
        let level = message::of("manhole", "M-1", &message::level(clock::now(), 1.0));
        let answer = admin.tell("POST", "/api/v1/events", &level);
        assert_eq!(answer.status, 200, "{answer:?}");
        Self {
            wall: Wall::new(Browser::new(server.http)),
            seq: answer.json()["seq"].as_u64().unwrap(),
            server,
            admin,
            duty,
            boss,
            duty_id,
            session: String::new(),
            token: String::new(),
            device: String::new(),
            n_places: 0,
        }
    }

    /// Nobody's browser, at an address of its own.
    fn stranger(&mut self) -> Browser {
        self.n_places += 1;
        Browser::new(self.server.http).at(somewhere(self.n_places))
    }

    /// Somebody's browser, moved to an address of its own.
    fn moved(&mut self, browser: &Browser) -> Browser {
        self.n_places += 1;
        browser.clone().at(somewhere(self.n_places))
    }

    #[track_caller]
    fn by_admin(&mut self, method: &str, path: &str, body: &Value) -> Value {
        done(&self.admin.tell(method, path, body))
    }

    fn user(&self) -> String {
        format!("/api/v1/admin/users/{}", self.duty_id)
    }

    fn console(&self, arguments: &[&str], input: &str) {
        self.server.command(arguments, input);
    }
}

#[track_caller]
pub(crate) fn done(answer: &Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{answer:?}");
    if answer.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&answer.body).unwrap_or_default()
    }
}

#[track_caller]
pub(crate) fn refused(answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{answer:?}");
}

/// One thing that is to be a line.
pub(crate) struct Deed {
    pub(crate) what: &'static str,
    pub(crate) deed: fn(&mut Scene),
    /// Who did it: a kind and a name.
    pub(crate) by: (&'static str, &'static str),
    pub(crate) action: &'static str,
    pub(crate) outcome: &'static str,
}

const fn deed(
    what: &'static str,
    by: (&'static str, &'static str),
    action: &'static str,
    outcome: &'static str,
    deed: fn(&mut Scene),
) -> Deed {
    Deed {
        what,
        deed,
        by,
        action,
        outcome,
    }
}

const BOSS: (&str, &str) = ("user", "boss");
const ADMIN: (&str, &str) = ("user", "admin");
const DUTY: (&str, &str) = ("user", "duty");
const CONSOLE: (&str, &str) = ("console", "console");

/// Every sort of line of `docs/access.md`, in an order in which all of it can be done.
pub(crate) const DEEDS: [&[Deed]; 6] = [
    SIGNING_IN,
    MANAGING_PEOPLE,
    MANAGING_KEYS,
    BY_THE_COMMAND_LINE,
    LOOKING,
    BEING_REFUSED,
];
