//! What somebody has done to incidents by hand: given them to departments that no rule names, written
//! to them, put a file to them; and what was kept quiet.

use serde_json::{Value, json};

use super::city::{self, Rule};
use super::label::{Class, Label, Place};
use crate::clock;
use crate::http::Http;
use crate::server::Server;
use crate::wait;
use egret_shared::time::TimeMs;

/// What is written to an incident begins with this.
pub const WROTE: &str = "zz_wrote";

/// What the file says that is put to incidents.
pub const FILE: &str = "zz_file: seen at the gauge, and left as it is\n";

/// Who keeps something quiet, and why, begins with this.
pub const HUSHED: &str = "zz_hushed";

/// Why something is ordered begins with this.
pub const ORDERED: &str = "zz_ordered";

/// What is kept quiet, and where.
pub const HUSHES: [(&str, Class, Place); 4] = [
    ("water", Class::Internal, Place::W1),
    ("water", Class::Public, Place::E),
    ("police", Class::Sensitive, Place::C),
    ("west", Class::Public, Place::W),
];

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Worked {
    /// The incidents that were given to departments, each with the file's name there.
    pub incidents: Vec<(String, String)>,
    /// What is kept quiet, and whose that is.
    pub hushes: Vec<(String, Label)>,
    /// Orders to actuators, which nobody takes.
    pub orders: Vec<Given>,
}

/// An order to an actuator.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its id.
    pub id: String,
    /// Whose the actuator is.
    pub label: Label,
    /// The rule that gave it, if no person did.
    pub rule: Option<Rule>,
}

impl Worked {
    /// Does it, as a lead with a token.
    #[track_caller]
    pub(super) fn by_hand(server: &Server, admin: &Http) -> Self {
        let lead = server.api().with_token(&server.token("lead", &["lead"]));
        let mut worked = Self::default();
        for rule in city::rules() {
            let Some((first, support)) = rule.dispatched.split_first() else {
                continue;
            };
            let all = admin.list("/api/v1/incidents");
            let of_rule = all.iter().filter(|row| row["rule"] == *rule.id);
            for row in of_rule {
                let id = row["id"].as_str().expect("an id");
                let wrote = |what: &str| format!("{WROTE} {what} {id}");
                let mut case = Case::new(&lead, row);
                case.act(&json!({ "file": { "class": "normal", "note": wrote("file") } }));
                case.act(&json!({ "dispatch": {
                    "lead": first, "support": support, "note": wrote("dispatch"),
                } }));
                case.act(&json!({ "comment": { "text": wrote("comment") } }));
                case.act(&json!({ "wait": { "reason": wrote("wait") } }));
                case.act(&json!({ "link": { "to": "https://zz.example", "note": wrote("link") } }));
                let file = case.attach(FILE);
                worked.incidents.push((id.to_owned(), file));
            }
        }
        assert!(
            worked.incidents.len() >= 2,
            "few incidents were given to anybody: {worked:?}"
        );
        worked.hush(&lead);
        worked.order(&lead);
        worked.await_rule(admin);
        worked
    }

    #[track_caller]
    fn hush(&mut self, lead: &Http) {
        let now = clock::now();
        for (n, (department, class, place)) in HUSHES.into_iter().enumerate() {
            let label = Label::of(department, class).at(place);
            let feed = Label::of(department, class).marker("mov");
            let order = json!({ "id": format!("hush-{n}"), "order": { "put": { "id": null, "hush": {
                "kind": { "silence": { "feed": feed, "area": place.code() } },
                "up_to": "blue", "owner": label.marker("note"), "reason": label.marker("note"),
                "from": now, "until": TimeMs(now.0 + 3_600_000),
            } } } });
            let answer = lead.post("/api/v1/hushes", &order.to_string());
            assert_eq!(answer.status, 200, "{order}: {}", answer.body);
            let id = answer.json()["hush"].as_str().expect("an id").to_owned();
            self.hushes.push((id, label));
        }
    }

    /// One order to each actuator there is.
    #[track_caller]
    fn order(&mut self, lead: &Http) {
        let actuators = city::assets().into_iter();
        for actuator in actuators.filter(|asset| !asset.is_moving) {
            let order = json!({
                "feed": actuator.feed, "asset": actuator.id, "command": "act",
                "reason": format!("{ORDERED} {}", actuator.label.marker("note")),
            });
            let key = ("idempotency-key", actuator.id.as_str());
            let headers = [("content-type", "application/json"), key];
            let answer = lead.ask("POST", "/api/v1/commands", &headers, &order.to_string());
            assert_eq!(answer.status, 202, "{order}: {}", answer.body);
            let id = answer.json()["id"].as_str().expect("an id").to_owned();
            self.orders.push(Given {
                id,
                label: actuator.label,
                rule: None,
            });
        }
    }

    /// And one that a rule has given by itself.
    #[track_caller]
    fn await_rule(&mut self, admin: &Http) {
        let (rule, label) = city::ordering();
        let by = format!("rule/{}", rule.id);
        let given = wait::until("the rule has ordered", || {
            let rows = admin.list("/api/v1/commands");
            let given = rows.iter().find(|row| row["by"]["id"] == *by);
            given.cloned().ok_or_else(|| format!("{rows:?}"))
        });
        self.orders.push(Given {
            id: given["id"].as_str().expect("an id").to_owned(),
            label,
            rule: Some(rule),
        });
    }

    /// What the file is called that was put to this incident.
    pub fn file_of(&self, incident: &str) -> Option<&str> {
        let mut all = self.incidents.iter();
        let found = all.find(|(id, _)| id == incident);
        found.map(|(_, file)| file.as_str())
    }
}

/// An incident as somebody works it.
struct Case<'a> {
    api: &'a Http,
    id: &'a str,
    version: u64,
    n: usize,
}

impl<'a> Case<'a> {
    fn new(api: &'a Http, row: &'a Value) -> Self {
        Self {
            api,
            id: row["id"].as_str().expect("an id"),
            version: row["version"].as_u64().expect("a version"),
            n: 0,
        }
    }

    #[track_caller]
    fn act(&mut self, act: &Value) {
        self.n += 1;
        let body = json!({
            "id": format!("{}-{}", self.id, self.n), "version": self.version, "act": act,
        });
        let path = format!("/api/v1/incidents/{}/commands", self.id);
        let answer = self.api.post(&path, &body.to_string());
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        self.version = answer.json()["version"].as_u64().expect("a version");
    }

    /// Puts a file to it; what the server calls it.
    #[track_caller]
    fn attach(&mut self, text: &str) -> String {
        let path = format!(
            "/api/v1/incidents/{}/attachments?id={}-file&version={}&name=zz_name.txt",
            self.id, self.id, self.version
        );
        let answer = self.api.ask("POST", &path, &[], text);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let path = format!("/api/v1/incidents/{}", self.id);
        let whole = self.api.get(&path).json();
        let deeds = whole["timeline"].as_array().cloned().unwrap_or_default();
        let mut files = deeds
            .iter()
            .filter_map(|deed| deed["what"]["act"]["attach"]["file"].as_str());
        files
            .next_back()
            .expect("the file is in the timeline")
            .to_owned()
    }
}
