//! Deeds about what programs, gateways and walls come in with, and all that the command line does.

use egret_tests::packets::{Connect, Packets};
use egret_tests::wall::Wall;
use egret_tests::wire::somewhere;
use serde_json::{Value, json};

use super::{ADMIN, CONSOLE, Deed, deed, done, refused, text, viewer};

/// A gateway's own path.
const GATEWAY: &str = "/api/v1/admin/gateways/gw-1";

pub(super) const MANAGING_KEYS: &[Deed] = &[
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

pub(super) const BY_THE_COMMAND_LINE: &[Deed] = &[
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
