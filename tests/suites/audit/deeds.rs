//! Everything that is to be a line of the trail: what to do, and what the line says.

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::packets::{Connect, Packets};
use egret_tests::server::Server;
use egret_tests::wall::Wall;
use egret_tests::wire::somewhere;
use egret_tests::{clock, message};
use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, PHONE, guarded_with_persons};

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

const SIGNING_IN: &[Deed] = &[
    deed("a sign-in", DUTY, "sign_in", "done", |scene| {
        done(&scene.stranger().sign_in("duty", OTHERS));
    }),
    deed(
        "a wrong password",
        ("anonymous", "duty"),
        "sign_in",
        "denied",
        |scene| {
            refused(&scene.stranger().sign_in("duty", "wrong"));
        },
    ),
    deed(
        "a name that is nobody",
        ("anonymous", "nobody"),
        "sign_in",
        "denied",
        |scene| {
            refused(&scene.stranger().sign_in("nobody", "wrong"));
        },
    ),
    deed(
        "a sixth wrong password",
        ("anonymous", "duty"),
        "sign_in",
        "denied",
        |scene| {
            let mut stranger = scene.stranger();
            (0..6).for_each(|_| refused(&stranger.sign_in("duty", "wrong")));
        },
    ),
    deed(
        "a second first start",
        ("anonymous", "second"),
        "first_start",
        "denied",
        |scene| {
            let form = json!({ "code": "x", "name": "second", "password": PASSWORD });
            refused(&scene.stranger().tell("POST", "/api/v1/first-start", &form));
        },
    ),
    deed("a sign-out", DUTY, "sign_out", "done", |scene| {
        done(&scene.duty.tell("POST", "/api/v1/sign-out", &Value::Null));
        done(&scene.duty.sign_in("duty", OTHERS));
    }),
    deed(
        "a wrong old password",
        DUTY,
        "password.change",
        "denied",
        |scene| {
            let change = json!({ "old": "wrong", "new": PASSWORD });
            refused(&scene.duty.tell("POST", "/api/v1/me/password", &change));
        },
    ),
    deed("a new password", DUTY, "password.change", "done", |scene| {
        for (old, new) in [(OTHERS, PASSWORD), (PASSWORD, OTHERS)] {
            let change = json!({ "old": old, "new": new });
            done(&scene.duty.tell("POST", "/api/v1/me/password", &change));
        }
    }),
    deed(
        "another session's end",
        DUTY,
        "session.end",
        "done",
        |scene| {
            done(&scene.stranger().sign_in("duty", OTHERS));
            let rows = scene.duty.get("/api/v1/me/sessions").json();
            let rows = rows["items"].as_array().unwrap();
            let other = rows.iter().find(|row| row["current"] == false).unwrap();
            scene.session = text(&other["id"]);
            let path = format!("/api/v1/me/sessions/{}", scene.session);
            done(&scene.duty.tell("DELETE", &path, &Value::Null));
        },
    ),
];

const MANAGING_PEOPLE: &[Deed] = &[
    deed("a new account", ADMIN, "user.add", "done", |scene| {
        let form = json!({ "name": "other", "password": "first-of-other", "grants": [] });
        scene.by_admin("POST", "/api/v1/admin/users", &form);
    }),
    deed("other grants", ADMIN, "user.change", "done", |scene| {
        let path = scene.user();
        scene.by_admin("PATCH", &path, &json!({ "grants": [] }));
    }),
    deed(
        "a disabled account",
        ADMIN,
        "user.change",
        "done",
        |scene| {
            let path = scene.user();
            scene.by_admin("PATCH", &path, &json!({ "disabled": true }));
        },
    ),
    deed(
        "a sign-in of a disabled account",
        ("anonymous", "duty"),
        "sign_in",
        "denied",
        |scene| {
            refused(&scene.stranger().sign_in("duty", OTHERS));
            let path = scene.user();
            scene.by_admin(
                "PATCH",
                &path,
                &json!({ "disabled": false, "grants": viewer() }),
            );
            done(&scene.duty.sign_in("duty", OTHERS));
        },
    ),
    deed(
        "somebody signed out",
        ADMIN,
        "user.sign_out",
        "done",
        |scene| {
            let path = format!("{}/sign-out", scene.user());
            scene.by_admin("POST", &path, &Value::Null);
            done(&scene.duty.sign_in("duty", OTHERS));
        },
    ),
    deed(
        "the last admin's removal",
        ADMIN,
        "user.remove",
        "denied",
        |scene| {
            let me = scene.admin.me();
            let path = format!("/api/v1/admin/users/{}", text(&me["who"]["id"]));
            refused(&scene.admin.tell("DELETE", &path, &Value::Null));
        },
    ),
    deed("a removed account", ADMIN, "user.remove", "done", |scene| {
        let users = scene.admin.get("/api/v1/admin/users").json();
        let rows = users["items"].as_array().unwrap();
        let other = rows.iter().find(|row| row["name"] == "other").unwrap();
        let path = format!("/api/v1/admin/users/{}", text(&other["id"]));
        scene.by_admin("DELETE", &path, &Value::Null);
    }),
];

/// A gateway's own path.
const GATEWAY: &str = "/api/v1/admin/gateways/gw-1";

const MANAGING_KEYS: &[Deed] = &[
    deed("a new token", ADMIN, "token.add", "done", |scene| {
        let form = json!({ "name": "program", "grants": viewer() });
        let made = scene.by_admin("POST", "/api/v1/admin/tokens", &form);
        scene.token = text(&made["id"]);
    }),
    deed("a removed token", ADMIN, "token.remove", "done", |scene| {
        let path = format!("/api/v1/admin/tokens/{}", scene.token);
        scene.by_admin("DELETE", &path, &Value::Null);
    }),
    deed("a new gateway", ADMIN, "gateway.add", "done", |scene| {
        let form = json!({ "id": "gw-1", "feeds": ["manhole"] });
        scene.by_admin("POST", "/api/v1/admin/gateways", &form);
    }),
    deed(
        "a changed gateway",
        ADMIN,
        "gateway.change",
        "done",
        |scene| {
            scene.by_admin("PATCH", GATEWAY, &json!({ "feeds": ["manhole", "air"] }));
        },
    ),
    deed(
        "a gateway's new secret",
        ADMIN,
        "gateway.renew",
        "done",
        |scene| {
            scene.by_admin("POST", &format!("{GATEWAY}/secret"), &Value::Null);
        },
    ),
    deed(
        "a gateway's wrong secret",
        ("anonymous", "gw-1"),
        "mqtt.connect",
        "denied",
        |scene| {
            scene.n_places += 1;
            let from = Some(somewhere(scene.n_places));
            let connect = Connect::by("thief", "gw-1", "wrong");
            let (_, code) = Packets::connect(scene.server.mqtt, from, &connect);
            assert_ne!(code, Some(0));
        },
    ),
    deed(
        "a removed gateway",
        ADMIN,
        "gateway.remove",
        "done",
        |scene| {
            scene.by_admin("DELETE", GATEWAY, &Value::Null);
        },
    ),
    deed("a refused wall", ADMIN, "pairing.refuse", "done", |scene| {
        let code = text(&scene.wall.ask()["code"]);
        let path = format!("/api/v1/admin/pairings/{code}");
        scene.by_admin("DELETE", &path, &Value::Null);
    }),
    deed(
        "an approved wall",
        ADMIN,
        "pairing.approve",
        "done",
        |scene| {
            scene.wall = Wall::new(scene.wall.browser.clone());
            let row = scene.wall.pair(&mut scene.admin, "hall", &viewer());
            scene.device = text(&row["id"]);
        },
    ),
    deed(
        "a wall's sign-in",
        ("device", "hall"),
        "sign_in",
        "done",
        |scene| {
            let device = scene.device.clone();
            done(&scene.wall.sign_in(&device));
        },
    ),
    deed(
        "a wall's wrong signature",
        ("anonymous", "hall"),
        "device.sign_in",
        "denied",
        |scene| {
            let mut thief = Wall::new(scene.stranger());
            refused(&thief.sign_in(&scene.device));
        },
    ),
    deed("a changed wall", ADMIN, "device.change", "done", |scene| {
        let path = format!("/api/v1/admin/devices/{}", scene.device);
        scene.by_admin("PATCH", &path, &json!({ "name": "lobby" }));
    }),
    deed("a revoked wall", ADMIN, "device.remove", "done", |scene| {
        let path = format!("/api/v1/admin/devices/{}", scene.device);
        scene.by_admin("DELETE", &path, &Value::Null);
    }),
];

const BY_THE_COMMAND_LINE: &[Deed] = &[
    deed("a new account", CONSOLE, "user.add", "done", |scene| {
        scene.console(
            &["user", "add", "cli", "--grant", "viewer"],
            "first-of-cli\n",
        );
    }),
    deed("other grants", CONSOLE, "user.change", "done", |scene| {
        scene.console(&["user", "grant", "cli", "officer:900001"], "");
    }),
    deed("a new password", CONSOLE, "user.change", "done", |scene| {
        scene.console(&["user", "password", "cli"], "second-of-cli\n");
    }),
    deed(
        "a removed account",
        CONSOLE,
        "user.remove",
        "done",
        |scene| {
            scene.console(&["user", "remove", "cli"], "");
        },
    ),
    deed("a new token", CONSOLE, "token.add", "done", |scene| {
        scene.token = scene.server.token("cli", &["viewer:*:*:public"]);
    }),
    deed("a new gateway", CONSOLE, "gateway.add", "done", |scene| {
        scene.console(&["gateway", "add", "gw-2", "--feed", "air"], "");
    }),
    deed(
        "a removed gateway",
        CONSOLE,
        "gateway.remove",
        "done",
        |scene| {
            scene.console(&["gateway", "remove", "gw-2"], "");
        },
    ),
];

const LOOKING: &[Deed] = &[
    deed(
        "a look at a raw message",
        ADMIN,
        "raw.read",
        "done",
        |scene| {
            let path = format!("/api/v1/raw/{}", scene.seq);
            scene.by_admin("GET", &path, &Value::Null);
        },
    ),
    deed(
        "a look at the trail",
        ADMIN,
        "audit.read",
        "done",
        |scene| {
            scene.by_admin("GET", "/api/v1/audit?limit=1", &Value::Null);
        },
    ),
    deed(
        "a check of the trail",
        ADMIN,
        "audit.verify",
        "done",
        |scene| {
            scene.by_admin("GET", "/api/v1/audit/verify", &Value::Null);
        },
    ),
    deed(
        "an export of the trail",
        ADMIN,
        "audit.export",
        "done",
        |scene| {
            scene.by_admin("GET", "/api/v1/audit/export", &Value::Null);
        },
    ),
    deed(
        "a look into a sealed message",
        BOSS,
        "raw.open",
        "done",
        |scene| {
            let path = format!("/api/v1/raw/{}", scene.seq);
            done(
                &scene
                    .boss
                    .tell("POST", &path, &json!({ "reason": "for the test" })),
            );
        },
    ),
    deed(
        "a look at a person",
        BOSS,
        "personal.read",
        "done",
        |scene| {
            let path = "/api/v1/reports/hotline/R-1/personal";
            let shown = done(
                &scene
                    .boss
                    .tell("POST", path, &json!({ "reason": "to call back" })),
            );
            assert!(shown.to_string().contains(PHONE), "{shown}");
        },
    ),
    deed("an erased person", BOSS, "person.erase", "done", |scene| {
        let erase = json!({ "value": PHONE, "reason": "as asked" });
        let erased = done(&scene.boss.tell("POST", "/api/v1/persons/erase", &erase));
        assert_eq!(erased["reports"], 1, "{erased}");
    }),
];

const BEING_REFUSED: &[Deed] = &[
    deed(
        "somebody at an admin's list",
        DUTY,
        "GET",
        "denied",
        |scene| {
            let duty = scene.duty.clone();
            refused(&scene.moved(&duty).get("/api/v1/admin/users"));
        },
    ),
    deed(
        "somebody who makes an admin",
        DUTY,
        "POST",
        "denied",
        |scene| {
            let duty = scene.duty.clone();
            let form = json!({ "name": "x", "password": "first-of-x", "grants": viewer() });
            refused(
                &scene
                    .moved(&duty)
                    .tell("POST", "/api/v1/admin/users", &form),
            );
        },
    ),
    deed(
        "somebody who removes an account",
        DUTY,
        "DELETE",
        "denied",
        |scene| {
            let (duty, path) = (scene.duty.clone(), scene.user());
            refused(&scene.moved(&duty).tell("DELETE", &path, &Value::Null));
        },
    ),
    deed("somebody at the trail", DUTY, "GET", "denied", |scene| {
        let duty = scene.duty.clone();
        refused(&scene.moved(&duty).get("/api/v1/audit"));
    }),
    deed(
        "somebody who sends events",
        DUTY,
        "POST",
        "denied",
        |scene| {
            let duty = scene.duty.clone();
            refused(
                &scene
                    .moved(&duty)
                    .tell("POST", "/api/v1/events", &json!([])),
            );
        },
    ),
    deed(
        "a token at the measurements",
        ("token", "cli"),
        "GET",
        "denied",
        |scene| {
            let bearer = format!("Bearer {}", scene.token);
            let headers = [("Authorization", &*bearer)];
            refused(&scene.stranger().ask("GET", "/metrics", &headers, ""));
        },
    ),
    deed(
        "a foreign page",
        ("anonymous", ""),
        "POST",
        "denied",
        |scene| {
            let admin = scene.admin.clone();
            let headers = [("X-Egret", "1"), ("Origin", "http://evil.example")];
            refused(
                &scene
                    .moved(&admin)
                    .ask("POST", "/api/v1/sign-out", &headers, ""),
            );
        },
    ),
    deed(
        "a foreign page's socket",
        ("anonymous", ""),
        "GET",
        "denied",
        |scene| {
            let admin = scene.admin.clone();
            let headers = [("Origin", "http://evil.example")];
            refused(&scene.moved(&admin).ask("GET", "/ws", &headers, ""));
        },
    ),
];
