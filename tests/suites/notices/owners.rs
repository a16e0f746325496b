//! Whoever owns a feed is told that it delivers badly, or nothing, and that it is well again; nobody
//! else is.

use egret_tests::clock;
use egret_tests::desk::Desk;
use egret_tests::mosquitto::Version;
use egret_tests::paho::Session;
use egret_tests::receivers::{Kind, Receiver, Taken};
use serde_json::{Value, json};

use crate::{Settings, settled};

/// Each department's own receiver.
const ROUTES: &str = r#"
[[notify.route]]
departments = ["police"]
to = [{ channel = "police" }]
[[notify.route]]
departments = ["water", "west"]
to = [{ channel = "others" }]
"#;

/// The cars' gateway, which belongs to the police.
struct Gateway {
    session: Session,
    n_sent: i64,
}

impl Gateway {
    /// Makes it known; its secret.
    #[track_caller]
    fn secret(desk: &mut Desk) -> String {
        let form = json!({ "id": "cars-1", "feeds": ["probe-car"] });
        let made = desk.admin.tell("POST", "/api/v1/admin/gateways", &form);
        let secret = made.json()["secret"].as_str().map(str::to_owned);
        secret.unwrap()
    }

    #[track_caller]
    fn connect(desk: &Desk, version: Version, secret: &str) -> Self {
        Self {
            session: Session::connect_as(desk.server.mqtt, version, "cars-1", secret),
            n_sent: 0,
        }
    }

    /// A car's speed, as it should be.
    #[track_caller]
    fn sends(&mut self) {
        self.n_sent += 1;
        // Each of another moment, or it would be the same message once more.
        let at = egret_shared::time::TimeMs(clock::now().0 - 60_000 + self.n_sent);
        let speed = json!({ "v": 30.0, "u": "km/h" });
        let reading =
            json!({ "at": at, "position": [118.05, 24.45], "values": { "speed": speed } });
        let code = self
            .session
            .publish("egret/v1/probe-car/C-1", &reading.to_string());
        assert_eq!(code, 0);
    }

    /// Half a message.
    #[track_caller]
    fn sends_rubbish(&mut self) -> u64 {
        self.session
            .publish("egret/v1/probe-car/C-1", "{\"values\":")
    }
}

/// Waits until the police have been told of this many; what `data` says in each.
#[track_caller]
fn told(web: &Receiver, n: usize) -> Vec<Value> {
    let taken = web.until("the owner is told", |taken| taken.len() >= n);
    let to_owner = |one: &Taken| {
        assert_eq!(one.recipient(), "/police", "{one:?}");
        one.json()["data"].clone()
    };
    taken.iter().map(to_owner).collect()
}

fn kinds(told: &[Value]) -> Vec<&str> {
    let kinds = told.iter().map(|notice| notice["kind"].as_str());
    kinds.map(Option::unwrap_or_default).collect()
}

#[test]
fn refused_messages_are_told_to_the_feeds_owner_until_they_are_well_again() {
    let web = Receiver::start(Kind::Web);
    let settings = Settings::write(&web, &["police", "others"], None, ROUTES);
    let city = Desk::city().with("rules.toml", "count    = 20", "count    = 4");
    let mut desk = settings.desk_of(city);
    let secret = Gateway::secret(&mut desk);
    let mut gateway = Gateway::connect(&desk, Version::V5, &secret);
    gateway.sends();
    for _ in 0..4 {
        assert_eq!(gateway.sends_rubbish(), 0x99);
    }
    let opened = told(&web, 1);
    let notice = &opened[0];
    assert_eq!(
        (&notice["kind"], &notice["lead"], &notice["level"]),
        (&json!("opened"), &json!("police"), &json!("yellow")),
        "{notice}"
    );
    assert_eq!(notice["title"]["en"], "Messages refused · Probe cars");
    // An officer of the department finds it; one of another department does not.
    let incident = notice["incident"].as_str().expect("an incident").to_owned();
    let path = format!("/api/v1/incidents/{incident}");
    let mut own = desk.worker("own", &["officer:police"]);
    let file = own.browser.get(&path);
    assert_eq!(file.status, 200, "{}", file.body);
    let text = &file.json()["evidence"][0]["because"]["en"];
    assert_eq!(
        text,
        "Messages refused: 4 of 5 messages of Probe cars refused within 10 min (80 %)"
    );
    let mut other = desk.worker("other", &["officer:water"]);
    assert_eq!(other.browser.get(&path).status, 404);

    // A restart tells nothing again, and the window is as it was.
    desk = desk.cut();
    let mut gateway = Gateway::connect(&desk, Version::V3, &secret);
    for _ in 0..30 {
        gateway.sends();
    }
    let all = told(&web, 2);
    let last = all.last().expect("two at least");
    assert_eq!(last["kind"], "cleared", "{last}");
    assert_eq!(last["incident"], incident.as_str());
    settled(&mut desk);
    let all = told(&web, 2);
    assert_eq!(kinds(&all).first(), Some(&"opened"));
    let n_opened = kinds(&all).iter().filter(|kind| **kind == "opened").count();
    assert_eq!(n_opened, 1, "{all:?}");
}

#[test]
fn a_feed_that_falls_silent_is_told_to_its_owner_and_that_it_speaks_again() {
    let web = Receiver::start(Kind::Web);
    let settings = Settings::write(&web, &["police", "others"], None, ROUTES);
    let silent = r#"
[[rule]]
id    = "feed-silent"
name  = { zh = "数据中断", en = "Feed silent" }
kind  = "delivery"
fault = "silent"
after = "10s"
level = "yellow"
"#;
    let mut desk = settings.desk_of(Desk::city().with_more("rules.toml", silent));
    let secret = Gateway::secret(&mut desk);
    let mut gateway = Gateway::connect(&desk, Version::V3, &secret);
    gateway.sends();
    let opened = told(&web, 1);
    assert_eq!(
        kinds(&opened),
        ["opened"],
        "of no feed that never spoke: {opened:?}"
    );
    assert_eq!(opened[0]["title"]["en"], "Feed silent · Probe cars");
    assert_eq!(opened[0]["lead"], "police");
    gateway.sends();
    let all = told(&web, 2);
    assert_eq!(kinds(&all)[..2], ["opened", "cleared"], "{all:?}");
}
