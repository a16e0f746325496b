//! Nobody, and somebody no more: a door that is closed is closed on every way.

use std::time::Duration;

use egret_shared::time::{Span, TimeMs};
use egret_tests::browser::Screen;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::matrix::label::markers;
use egret_tests::matrix::stage::Stage;
use egret_tests::packets::{Connect, Packets};
use egret_tests::routes;
use egret_tests::wait;
use serde_json::json;

use egret_tests::matrix::reader::Grant;

/// What everybody may ask, whoever it is.
const FREE: [&str; 12] = [
    "GET /api/v1/me",
    "POST /api/v1/first-start",
    "POST /api/v1/sign-in",
    "POST /api/v1/pair",
    "GET /api/v1/pair/{id}",
    "GET /api/v1/pair/{id}/qr.svg",
    "POST /api/v1/device/challenge",
    "POST /api/v1/device/sign-in",
    "GET /api/v1/oidc/start",
    "GET /api/v1/oidc/callback",
    "GET /healthz",
    "GET /mqtt",
];

/// The same, but named apart: a balancer asks it.
const READY: &str = "GET /readyz";

/// What a stranger with this secret is answered at `/ws`, once the server has time.
fn socket_as(stage: &Stage, secret: &str) -> Option<u16> {
    let authorization = format!("Bearer {secret}");
    let headers: &[_] = if secret.is_empty() {
        &[]
    } else {
        &[("Authorization", authorization.as_str())]
    };
    wait::until("the server has time for us", || {
        match Screen::open(stage.server.http, None, headers).err() {
            Some(429) => Err("429 at /ws".to_owned()),
            refused => Ok(refused),
        }
    })
}

#[test]
fn nobody_and_who_is_somebody_no_more_stand_before_closed_doors() {
    let stage = Stage::filled();
    let removed = stage.holder(&[Grant::whole("admin")]);
    let answer = stage.admin.ask(
        "DELETE",
        &format!("/api/v1/admin/tokens/{}", removed.id),
        &[],
        "",
    );
    assert_eq!(answer.status, 204, "{}", answer.body);
    let expired = expired(&stage);
    let api = stage.server.api();
    let strangers: [(&str, Http, &str); 5] = [
        ("nobody", api.clone(), ""),
        ("a removed token", removed.api.clone(), &removed.secret),
        ("a token that has ended", api.with_token(&expired), &expired),
        (
            "a made-up token",
            api.with_token("egt_bWFkZSB1cA"),
            "egt_bWFkZSB1cA",
        ),
        ("an empty token", api.with_token(""), ""),
    ];
    let mut n_cells = 0;
    for (who, api, secret) in &strangers {
        for route in routes::all() {
            let name = route.name();
            let path = route.with("mk_water_pub_fix");
            let body = if route.is_safe() { "" } else { "{}" };
            let json = [("content-type", "application/json")];
            let answer = wait::until("the server has time for us", || {
                let answer = api.ask_again(route.method, &path, &json, body);
                if answer.status == 429 {
                    Err(answer.body)
                } else {
                    Ok(answer)
                }
            });
            n_cells += 1;
            let said = answer.body.replace("mk_water_pub_fix", "");
            assert_eq!(markers(&said), [], "{who} at {name}: {}", answer.body);
            if FREE.contains(&name.as_str()) || name == READY {
                continue;
            }
            assert_eq!(answer.status, 401, "{who} at {name}: {}", answer.body);
        }
        let refused = socket_as(&stage, secret);
        assert_eq!(refused, Some(401), "{who} at /ws");
        let connect = Connect::by("look", "token", secret);
        let (_, code) = Packets::connect(stage.server.mqtt, None, &connect);
        assert!(
            code.is_some_and(|code| code != 0),
            "{who} by MQTT: {code:?}"
        );
    }
    let anonymous = Connect {
        user: None,
        ..Connect::by("look", "", "")
    };
    let (_, code) = Packets::connect(stage.server.mqtt, None, &anonymous);
    assert!(
        code.is_some_and(|code| code != 0),
        "nobody by MQTT: {code:?}"
    );
    println!("{n_cells} cells (way x stranger)");
}

/// A token whose time is over.
#[track_caller]
fn expired(stage: &Stage) -> String {
    let ends_at: TimeMs = clock::now().plus(Span(1_500));
    let grants =
        [json!({"role": "admin", "areas": "all", "departments": "all", "up_to": "sensitive"})];
    let new = json!({ "name": "short", "grants": grants, "ends_at": ends_at });
    let answer = stage.admin.post("/api/v1/admin/tokens", &new.to_string());
    assert_eq!(answer.status / 100, 2, "{}", answer.body);
    let secret = answer.json()["secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    let api = stage.server.api().with_token(&secret);
    wait::within(Duration::from_secs(5), "the token ends", || {
        let answer = api.get("/api/v1/areas");
        wait::check(answer.status == 401, answer.status)
    });
    secret
}
