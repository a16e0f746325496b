//! Deeds of those who look: at what few may see, and at what they may not.

use serde_json::{Value, json};

use super::{ADMIN, BOSS, DUTY, Deed, deed, done, refused, viewer};
use crate::PHONE;

pub(super) const LOOKING: &[Deed] = &[
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

pub(super) const BEING_REFUSED: &[Deed] = &[
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
