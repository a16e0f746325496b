//! Who is told what: by level, by department, by the hour.

use std::collections::BTreeMap;

use egret_tests::receivers::{Kind, Receiver};
use egret_tests::wait;
use serde_json::{Value, json};

use crate::{Robot, Settings, channels, comment};

/// Two hours of the day, in the city's time, that are not now.
fn other_hours() -> String {
    let hour = egret_tests::clock::now().0 / 3_600_000 + 8;
    let from = (hour + 10) % 24;
    format!("{from:02}:00-{:02}:00", (from + 2) % 24)
}

/// Who is to be told what, some of them at these hours.
fn routes(hours: &str) -> String {
    format!(
        r#"
[[notify.route]]
to = [{{ channel = "all" }}]
[[notify.route]]
level = "orange"
to = [{{ channel = "grave" }}]
[[notify.route]]
departments = ["water"]
to = [{{ channel = "water" }}]
[[notify.route]]
kinds = ["commented"]
to = [{{ channel = "talk" }}]
[[notify.route]]
areas = ["900002"]
to = [{{ channel = "east" }}]
[[notify.route]]
hours = "{hours}"
quiet = "drop"
to = [{{ channel = "dropped" }}]
[[notify.route]]
hours = "{hours}"
quiet = "hold"
to = [{{ channel = "held" }}]
[[notify.route]]
level = "yellow"
to = [{{ channel = "grave" }}, {{ channel = "talk" }}]
kinds = ["commented"]
"#
    )
}

/// An incident that is low and one that is grave, as they are worked; their ids.
fn work(robot: &Robot, web: &Receiver) -> (String, String) {
    // One after the other: whom a notice is for is looked up when it is made.
    let heard = |n: usize| {
        web.until("it is told", |taken| {
            let all = taken.iter().filter(|taken| taken.recipient() == "/all");
            all.count() == n
        });
    };
    let low = robot.reports("yellow");
    heard(1);
    robot.does(&low, 1, &json!({ "file": { "class": "normal" } }));
    heard(2);
    let dispatch = json!({ "lead": "police", "support": ["water"] });
    robot.does(&low, 2, &json!({ "dispatch": dispatch }));
    heard(3);
    robot.does(&low, 3, &comment("so"));
    let high = robot.reports("red");
    robot.does(&high, 1, &comment("grave"));
    (low, high)
}

/// Each route has let through what it should, in order.
#[track_caller]
fn are_told(web: &Receiver, low: &str, high: &str) {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for taken in web.taken() {
        let key = taken.key().replace(low, "low").replace(high, "high");
        told.entry(taken.recipient()).or_default().push(key);
    }
    let all = [
        "low/1/opened",
        "low/2/filed",
        "low/3/dispatched",
        "low/4/commented",
        "high/1/opened",
        "high/2/commented",
    ];
    let expected = [
        ("/all", all.to_vec()),
        ("/grave", vec![all[3], all[4], all[5]]),
        ("/water", vec![all[2], all[3]]),
        ("/talk", vec![all[3], all[5]]),
        // Red goes out at any hour.
        ("/dropped", vec![all[4], all[5]]),
        ("/held", vec![all[4], all[5]]),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(who, keys)| {
            (
                who.to_owned(),
                keys.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn everybody_is_told_what_their_route_lets_pass_at_their_hours() {
    let web = Receiver::start(Kind::Web);
    let routes = routes(&other_hours());
    let ids = ["all", "grave", "water", "talk", "east", "dropped", "held"];
    let settings = Settings::write(&web, &ids, None, &routes);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    let (low, high) = work(&robot, &web);
    wait::within(
        wait::PATIENCE * 3,
        "all of it has gone out but what is held",
        || {
            let channels = channels(&mut desk);
            let is_over = channels.iter().all(|channel| channel["waiting"] == 0);
            wait::check(is_over && web.taken().len() >= 17, channels)
        },
    );
    are_told(&web, &low, &high);
    let channels = channels(&mut desk);
    let held = channels
        .iter()
        .find(|channel| channel["id"] == "held")
        .unwrap();
    assert_eq!(held["held"], 4, "{held}");
    let deliveries = desk
        .admin
        .get("/api/v1/admin/notifications/deliveries?limit=200")
        .json();
    let n_listed = deliveries["items"].as_array().map_or(0, Vec::len);
    assert_eq!(n_listed, 17 + 4, "{deliveries}");
    let mut vera = desk.worker("vera", &["lead"]);
    for path in ["", "/deliveries"] {
        let path = format!("/api/v1/admin/notifications{path}");
        assert_eq!(vera.browser.get(&path).status, 403, "{path}");
    }
    assert_ne!(deliveries["items"][0], Value::Null);
}
