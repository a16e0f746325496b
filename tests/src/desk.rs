//! People who work incidents: accounts of every role at a real server, and what they order.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::city::CityCopy;
use crate::http::{Answer, Http};
use crate::server::{Server, Setup};
use crate::wait;

const PASSWORD: &str = "Reeds-In-The-Wind-7";

/// The district where incidents are.
pub const WEST: &str = "900001";

/// A server with people who work.
#[derive(Debug)]
pub struct Desk {
    /// The server.
    pub server: Server,
    /// Who manages accounts.
    pub admin: Browser,
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Their name.
    pub name: &'static str,
    /// Their browser.
    pub browser: Browser,
}

impl Desk {
    /// The tiny city, where ponding counts at once and ends at once.
    pub fn city() -> CityCopy {
        CityCopy::new().with(
            "rules.toml",
            "for      = \"1m\"\nkeep_for = \"5m\"",
            "for = \"0s\"\nkeep_for = \"0s\"",
        )
    }

    /// Opens for work in the tiny city.
    #[track_caller]
    pub fn opened() -> Self {
        Self::of(Setup::with_city(Self::city()))
    }

    /// Opens for work with this setup, at ports that stay.
    #[track_caller]
    pub fn of(setup: Setup) -> Self {
        let server = setup.guarded().with_lasting_ports().start();
        let admin = Browser::first_admin(&server, PASSWORD);
        Self { server, admin }
    }

    /// Somebody new, with these grants as `role` or `role:department` or `role@area`.
    #[track_caller]
    pub fn worker(&mut self, name: &'static str, grants: &[&str]) -> Worker {
        let grants: Vec<_> = grants.iter().map(|grant| grant_of(grant)).collect();
        let browser = self.admin.make_person(name, PASSWORD, &json!(grants));
        Worker { name, browser }
    }

    /// Signs somebody in once more, at another browser.
    #[track_caller]
    pub fn again(&self, worker: &Worker) -> Worker {
        let mut browser = Browser::new(self.server.http);
        let answer = browser.sign_in(worker.name, PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        Worker {
            name: worker.name,
            browser,
        }
    }

    /// A program with these grants.
    #[track_caller]
    pub fn program(&mut self, name: &str, grants: &[&str]) -> Http {
        let grants: Vec<_> = grants.iter().map(|grant| grant_of(grant)).collect();
        let new = json!({ "name": name, "grants": grants });
        let answer = self.admin.tell("POST", "/api/v1/admin/tokens", &new);
        assert_eq!(answer.status, 200, "{answer:?}");
        let secret = answer.json();
        let secret = secret["secret"].as_str().expect("a secret");
        self.server.api().with_token(secret)
    }

    /// Ends the server as a power cut does, and starts it again.
    #[must_use]
    #[track_caller]
    pub fn cut(self) -> Self {
        Self {
            server: self.server.kill().start(),
            admin: self.admin,
        }
    }
}

fn grant_of(text: &str) -> Value {
    let (role, departments) = match text.split_once(':') {
        Some((role, department)) => (role, json!({ "only": [department] })),
        None => (text, json!("all")),
    };
    let (role, areas) = match role.split_once('@') {
        Some((role, area)) => (role, json!({ "only": [area] })),
        None => (role, json!("all")),
    };
    json!({ "role": role, "areas": areas, "departments": departments, "up_to": "sensitive" })
}

/// An id that no other command of this run has.
pub fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{n}", std::process::id())
}

/// A report of something in the western district.
pub fn report(id: &str) -> Value {
    json!({
        "id": id, "title": "路口积水", "text": "zz_told by a passer-by", "level": "yellow",
        "area": WEST,
    })
}

impl Worker {
    /// Reports an incident; its id.
    #[track_caller]
    pub fn reports(&mut self) -> String {
        let answer = self
            .browser
            .tell("POST", "/api/v1/incidents", &report(&fresh()));
        assert_eq!(answer.status, 200, "{}: {answer:?}", self.name);
        let answer = answer.json();
        answer["incident"].as_str().expect("an id").to_owned()
    }

    /// The incident with its file, as they see it.
    #[track_caller]
    pub fn file(&mut self, incident: &str) -> Value {
        let answer = self.browser.get(&format!("/api/v1/incidents/{incident}"));
        assert_eq!(answer.status, 200, "{}: {answer:?}", self.name);
        answer.json()
    }

    /// What this act is answered with, ordered with this command's id and version.
    #[track_caller]
    pub fn orders(&mut self, incident: &str, id: &str, version: u64, act: &Value) -> Answer {
        let body = json!({ "id": id, "version": version, "act": act });
        let path = format!("/api/v1/incidents/{incident}/commands");
        self.browser.tell("POST", &path, &body)
    }

    /// What this act is answered with, ordered by one who has seen `version`.
    #[track_caller]
    pub fn tries(&mut self, incident: &str, version: u64, act: &Value) -> Answer {
        self.orders(incident, &fresh(), version, act)
    }

    /// Does this; the version that comes of it. Fails the test if it is refused.
    #[track_caller]
    pub fn does(&mut self, incident: &str, act: &Value) -> u64 {
        let version = self.file(incident)["version"].as_u64().expect("a version");
        let answer = self.tries(incident, version, act);
        assert_eq!(answer.status, 200, "{} {act}: {answer:?}", self.name);
        let told = answer.json();
        assert_eq!(told["incident"], *incident, "{told}");
        let now = told["version"].as_u64().expect("a version");
        assert_eq!(now, version + 1, "{} {act}: {told}", self.name);
        now
    }

    /// Tries this, and fails the test unless it is refused with this status and code, in both
    /// languages, and nothing has changed.
    #[track_caller]
    pub fn may_not(&mut self, incident: &str, act: &Value, status: u16, code: &str) {
        let before = self.file(incident);
        let version = before["version"].as_u64().expect("a version");
        let answer = self.tries(incident, version, act);
        is_refusal(&answer, status, code, &format!("{} {act}", self.name));
        assert_eq!(self.file(incident), before, "{} {act}", self.name);
    }
}

/// Fails unless this is a refusal with this status and code, and a reason in both languages.
#[track_caller]
pub fn is_refusal(answer: &Answer, status: u16, code: &str, what: &str) {
    let told = answer.json();
    assert_eq!(
        (answer.status, told["code"].as_str()),
        (status, Some(code)),
        "{what}: {answer:?}"
    );
    let [zh, en] = ["zh", "en"].map(|language| told["words"][language].as_str().unwrap_or(""));
    let is_chinese = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let is_english = en.is_ascii() && en.contains(' ');
    assert!(is_chinese && is_english, "{what}: no words: {answer:?}");
}

/// Waits until a list has an incident that `fits`; the incident.
#[track_caller]
pub fn incident(worker: &mut Worker, fits: impl Fn(&Value) -> bool) -> Value {
    wait::until("an incident as expected", || {
        let answer = worker.browser.get("/api/v1/incidents?limit=1000");
        let page = answer.json();
        let rows = page["items"].as_array().cloned().unwrap_or_default();
        let found = rows.into_iter().find(&fits);
        found.ok_or(answer.body)
    })
}

/// What the acts are called that somebody did to an incident, in order, with who did each.
pub fn deeds(file: &Value) -> Vec<(String, String)> {
    let deeds = file["timeline"].as_array().cloned().unwrap_or_default();
    let told = deeds.iter().map(|deed| {
        let what = &deed["what"];
        let act = &what["act"];
        let name = |value: &Value| match value {
            Value::String(word) => word.clone(),
            Value::Object(members) => members.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let what = if act.is_null() { name(what) } else { name(act) };
        let by = deed["by"]["name"].as_str().unwrap_or_default();
        (what, by.to_owned())
    });
    told.collect()
}
