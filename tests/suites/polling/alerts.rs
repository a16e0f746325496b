//! Lists of alerts, as national weather services publish them.

use egret_tests::http::Http;
use egret_tests::site::Page;
use serde_json::Value;

use super::*;

/// An alert in CAP: its kind and identifier, what it refers to, its severity, when it expires.
struct Alert<'a> {
    kind: &'a str,
    id: &'a str,
    sent: TimeMs,
    of: Option<(&'a str, TimeMs)>,
    severity: &'a str,
    expires: TimeMs,
}

impl Alert<'_> {
    fn page(&self) -> Page {
        let Self {
            kind,
            id,
            sent,
            severity,
            expires,
            ..
        } = self;
        let of = self.of.map_or_else(String::new, |(id, sent)| {
            format!("<references>weather@example.org,{id},{sent}</references>")
        });
        let text = format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{id}</identifier>\
             <sender>weather@example.org</sender><sent>{sent}</sent><status>Actual</status>\
             <msgType>{kind}</msgType><scope>Public</scope>{of}<info><language>zh-CN</language>\
             <category>Met</category><event>暴雨</event><urgency>Immediate</urgency>\
             <severity>{severity}</severity><certainty>Likely</certainty>\
             <expires>{expires}</expires><headline>暴雨预警</headline><area><areaDesc>思明区</areaDesc>\
             <circle>24.45,118.05 1</circle></area></info></alert>"
        );
        Page::new(text).with("content-type", "application/cap+xml")
    }
}

/// A list in Atom, the newest first.
fn list(alerts: &[&str]) -> Page {
    let entry = |id: &&str| {
        format!(
            "<entry><id>{id}</id><link href=\"/page/{id}\" type=\"text/html\"/>\
             <link href=\"{id}.xml\" type=\"application/cap+xml\"/></entry>"
        )
    };
    let entries: Vec<String> = alerts.iter().map(entry).collect();
    let text = format!(
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>alerts</title>\
         {}</feed>",
        entries.concat()
    );
    Page::new(text).tagged(&format!("\"{}\"", alerts.join("-")))
}

/// Waits until the alert about a warning is so.
#[track_caller]
fn warning(api: &Http, report: &str, state: &str, level: &str) {
    egret_tests::wait::until(&format!("{report} is {state} and {level}"), || {
        let alerts = api.list("/api/v1/alerts?rule=rainstorm");
        let is_it = |alert: &Value| {
            alert["key"]["subject"].to_string().contains(report)
                && alert["state"] == state
                && (alert["level"] == level || state == "resolved")
        };
        egret_tests::wait::check(alerts.iter().any(is_it), &alerts)
    });
}

fn warned(site: &Site) -> (Setup, TempDir) {
    let feed = format!(
        r#"
[[feed]]
id         = "warnings"
name       = {{ zh = "预警", en = "Warnings" }}
department = "west"
domain     = "hotline"
report     = true
format     = "cap-1.2"
poll       = {{ url = "{}", every = "5s" }}
"#,
        site.url("/cap/index.xml")
    );
    let rule = r#"
[[rule]]
id    = "rainstorm"
name  = { zh = "暴雨预警", en = "Rainstorm warning" }
kind  = "warning"
on    = { feed = "warnings" }
lasts = "12h"
level = { "暴雨-blue" = "blue", "暴雨-yellow" = "yellow", "暴雨-red" = "red" }
"#;
    let rules = CityCopy::new().text("rules.toml");
    let city = CityCopy::new()
        .with_more("feeds.toml", &feed)
        .with_whole("rules.toml", &format!("{rule}\n{rules}"));
    setup(city, ALLOW)
}

#[test]
fn alerts_of_a_list_are_fetched_once_each_and_updates_and_cancels_change_them() {
    let site = Site::new();
    let (begin, later) = (clock::now(), clock::ago(-3_600));
    let first = Alert {
        kind: "Alert",
        id: "W-1",
        sent: begin,
        of: None,
        severity: "Extreme",
        expires: later,
    };
    site.put("/cap/W-1.xml", first.page());
    site.put("/cap/index.xml", list(&["W-1"]));
    let (setup, _settings) = warned(&site);
    let server = setup.start();
    let api = server.api();
    warning(&api, "W-1", "firing", "red");
    let asked = site.asked("/cap/index.xml");
    let accept = asked[0].header("accept").unwrap();
    assert!(accept.starts_with("application/cap+xml"), "{accept}");

    let update = Alert {
        kind: "Update",
        id: "W-2",
        sent: begin.plus(Span(1_000)),
        of: Some(("W-1", begin)),
        severity: "Moderate",
        expires: later,
    };
    site.put("/cap/W-2.xml", update.page());
    site.put("/cap/index.xml", list(&["W-2", "W-1"]));
    warning(&api, "W-1", "firing", "yellow");

    // The list is told to have changed only after what is new on it was kept, over a power cut, too.
    let server = server.kill().start();
    let api = server.api();
    let cancel = Alert {
        kind: "Cancel",
        id: "W-3",
        sent: begin.plus(Span(2_000)),
        of: Some(("W-1", begin)),
        severity: "Moderate",
        expires: later,
    };
    let health = api.feed("warnings", |health| health["duplicate"] == 2);
    assert_eq!(health["accepted"], 2, "{health}");
    site.put("/cap/W-3.xml", cancel.page());
    site.put("/cap/index.xml", list(&["W-3"]));
    warning(&api, "W-1", "resolved", "");
    let health = api.feed("warnings", |health| health["accepted"] == 3);
    assert_eq!(health["poll"]["error"], Value::Null, "{health}");
    // Once before the power cut, and once after it.
    assert_eq!(site.asked("/cap/W-1.xml").len(), 2);
    assert_eq!(site.asked("/cap/W-2.xml").len(), 2);
    assert_eq!(site.asked("/cap/W-3.xml").len(), 1);
    assert_eq!(site.asked("/page/W-1").len(), 0);
}

#[test]
fn an_alert_whose_time_is_over_ends_although_nobody_says_so() {
    let site = Site::new();
    let alert = Alert {
        kind: "Alert",
        id: "W-7",
        sent: clock::now(),
        of: None,
        severity: "Minor",
        expires: clock::ago(-12),
    };
    site.put("/cap/W-7.xml", alert.page());
    site.put("/cap/index.xml", list(&["W-7"]));
    let (setup, _settings) = warned(&site);
    let server = setup.start();
    let api = server.api();
    warning(&api, "W-7", "firing", "blue");
    // The list lets it go without a word.
    site.put("/cap/index.xml", list(&[]));
    warning(&api, "W-7", "resolved", "");
    assert_eq!(site.asked("/cap/W-7.xml").len(), 1);
}

#[test]
fn an_alert_that_may_not_be_fetched_is_told_and_the_others_are_taken() {
    let site = Site::new();
    let alert = Alert {
        kind: "Alert",
        id: "W-9",
        sent: clock::now(),
        of: None,
        severity: "Extreme",
        expires: clock::ago(-3_600),
    };
    site.put("/cap/W-9.xml", alert.page());
    let links = "<rss><channel><item><link>http://127.0.0.2/W-8.xml</link></item>\
                 <item><link>W-9.xml</link></item></channel></rss>";
    site.put("/cap/index.xml", Page::new(links));
    let (setup, _settings) = warned(&site);
    let server = setup.start();
    let api = server.api();
    warning(&api, "W-9", "firing", "red");
    let health = api.feed("warnings", |health| health["poll"]["error"].is_string());
    let error = health["poll"]["error"].as_str().unwrap();
    assert!(error.starts_with("alert http://127.0.0.2/W-8.xml: 127.0.0.2 is this machine itself"));
    assert_eq!(health["poll"]["failures"], 0);
}
