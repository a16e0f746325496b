//! Deeds of people: they come in and go, and an admin says who there is.

use serde_json::{Value, json};

use super::{ADMIN, DUTY, Deed, deed, done, refused, text, viewer};
use crate::{OTHERS, PASSWORD};

pub(super) const SIGNING_IN: &[Deed] = &[
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

pub(super) const MANAGING_PEOPLE: &[Deed] = &[
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
