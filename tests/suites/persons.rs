//! Persons: what identifies them is never in clear, and can be erased while the journal stays.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::dice::Dice;
use egret_tests::files::files_with;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::{Setup, egret};
use egret_tests::{tools, wait};
use rusqlite::Connection;
use serde_json::{Value, json};

/// Made up; the numbers' range is given to nobody.
const ANN: &str = "19900001234";
const BEN: &str = "19900005678";

/// The tiny city with callers' data on the hotline.
fn with_callers() -> Setup {
    let report = "report       = true";
    let personal = "personal = [\"/caller/phone\", \"/caller/name\"]\nreport       = true";
    Setup::with_city(CityCopy::new().with("feeds.toml", report, personal))
}

fn call(report: &str, phone: &str) -> Value {
    let caller = json!({ "caller": { "phone": phone, "name": "某某来电人" } });
    merged(&message::request(report, "opened", clock::now()), &caller)
}

/// What `egret person erase` prints, or the error that it ends with.
fn erase(setup: &Setup, value: &str) -> Result<String, String> {
    let (data, city) = (setup.data(), setup.city());
    let folder = |path: &Path| path.to_str().unwrap().to_owned();
    let (data, city) = (folder(data), folder(&city));
    let output = egret(&["person", "erase", "--data", &data, "--city", &city, value]);
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

/// How many reports `egret person erase` says that it has erased.
fn n_reports(said: &str) -> usize {
    let number = said.strip_prefix("reports erased: ").and_then(|said| {
        let (number, _) = said.split_once(',')?;
        number.parse().ok()
    });
    number.unwrap_or_else(|| panic!("no number of reports in {said:?}"))
}

#[test]
fn a_person_is_erased_once_and_the_journal_and_everybody_else_stay() {
    let server = with_callers().start();
    let api = server.api();
    api.send(&call("R-1", ANN));
    api.send(&call("R-1", ANN));
    api.send(&call("R-2", BEN));
    let topic = "egret/v1/hotline/report/R";
    let both = json!([call("R-3", "+86 199-0000-1234"), call("R-4", BEN)]).to_string();
    let broken = format!("{{\"caller\":\"{ANN}\"");
    for payload in [&both, &broken] {
        mosquitto::publish(server.mqtt, Version::V5, topic, payload);
    }
    api.feed("hotline", |health| health["accepted"] == 5);
    let setup = server.stop();
    let before = setup.replay(None);

    let said = erase(&setup, "199 0000 1234").unwrap();
    assert_eq!(
        said,
        "reports erased: 2, refused messages erased: 1\n  hotline (12345 热线): 2\n"
    );
    assert_eq!(setup.replay(None), before, "no entry has changed");
    assert_eq!(n_reports(&erase(&setup, ANN).unwrap()), 0, "once is enough");
    for phone in [ANN, BEN] {
        assert_eq!(files_with(setup.data(), phone), Vec::<String>::new());
    }

    let server = setup.start();
    let api = server.api();
    api.feed("hotline", |health| health["accepted"] == 5);
    let refused = api.list("/api/v1/quarantine");
    assert_eq!(refused.len(), 1, "why it was refused stays");
    let (is_erased, payload) = (&refused[0]["erased"], &refused[0]["raw"]);
    assert_eq!((is_erased, payload), (&json!(true), &Value::Null));
    let setup = server.stop();
    assert_eq!(n_reports(&erase(&setup, BEN).unwrap()), 2, "he was there");
    assert_eq!(setup.replay(Some(before.seq)), before);
}

#[test]
fn a_person_is_erased_only_once_it_stands_in_the_audit_trail() {
    let server = with_callers().start();
    server.api().send(&call("R-1", ANN));
    let setup = server.stop();
    let people = Connection::open(setup.data().join("people.db")).unwrap();
    let refuse = "CREATE TRIGGER no_line BEFORE INSERT ON audit WHEN NEW.action = 'person.erase'
                  BEGIN SELECT RAISE(ABORT, 'no line'); END";
    people.execute_batch(refuse).unwrap();
    let said = erase(&setup, ANN).unwrap_err();
    assert!(said.contains("no line"), "{said}");
    people.execute_batch("DROP TRIGGER no_line").unwrap();
    drop(people);
    assert_eq!(n_reports(&erase(&setup, ANN).unwrap()), 1, "she was there");
    let data = setup.data().to_str().unwrap();
    let trail = egret(&["audit", "export", "--data", data]).stdout;
    let trail = String::from_utf8(trail).unwrap();
    let lines: Vec<Value> = trail
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines = lines.iter().filter(|line| line["action"] == "person.erase");
    let details: Vec<&Value> = lines.map(|line| &line["detail"]).collect();
    assert_eq!(details, ["asked for", "1 reports, 0 refused messages"]);
}

#[test]
fn while_a_server_uses_the_folder_nobody_is_erased_behind_its_back() {
    let server = with_callers().start();
    server.api().send(&call("R-1", ANN));
    let (data, city) = (server.data().to_owned(), CityCopy::new());
    let arguments = [
        "person",
        "erase",
        "--data",
        data.to_str().unwrap(),
        "--city",
        city.path().to_str().unwrap(),
        ANN,
    ];
    let output = egret(&arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for words in [
        "another egret is using it",
        "stop it first",
        "/api/v1/persons/erase",
    ] {
        assert!(said.contains(words), "{said}");
    }
    server.api().send(&call("R-2", ANN));
    let setup = server.stop();
    assert_eq!(n_reports(&erase(&setup, ANN).unwrap()), 2);
}

#[test]
fn a_folder_without_a_journal_and_a_value_that_is_everybody_are_refused_in_words() {
    let setup = with_callers();
    let nothing = setup.data().join("nothing");
    let output = egret(&["person", "erase", "--data", nothing.to_str().unwrap(), ANN]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("egret.db"),
        "{said}"
    );
    assert!(!nothing.exists());
    let server = setup.start();
    server.state();
    let setup = server.stop();
    let said = erase(&setup, "1").unwrap_err();
    assert!(said.contains("at least 2"), "{said}");
}

#[test]
fn a_value_can_be_given_where_no_list_of_commands_shows_it() {
    let server = with_callers().start();
    server.api().send(&call("R-1", ANN));
    let setup = server.stop();
    let mut erasing = std::process::Command::new(tools::egret())
        .args([
            "person",
            "erase",
            "--data",
            setup.data().to_str().unwrap(),
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(erasing.stdin.take().unwrap(), "{ANN}").unwrap();
    let output = erasing.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "reports erased: 1, refused messages erased: 0\n  hotline: 1\n"
    );
}

/// How often the server is killed.
const KILLS: usize = 3;

/// Clients that send at the same time.
const CLIENTS: usize = 4;

/// At how many acknowledged reports at most, by chance.
const LIFE_REPORTS_MAX: u64 = 200;

/// Sends reports until the server ends, with `CLIENTS` clients at once. Returns how many were
/// acknowledged when it was killed, and how many were sent.
fn kill_under_load(
    setup: Setup,
    kill: usize,
    phone: &str,
    n_least: usize,
) -> (Setup, usize, usize) {
    let server = setup.start();
    let (acked, sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let api = server.api();
    let send = |client: usize| {
        for n in 0.. {
            let report = call(&format!("R-{kill}-{client}-{n}"), phone).to_string();
            sent.fetch_add(1, Ordering::Relaxed);
            match api.try_post("/api/v1/events", &report) {
                Some(status) => assert_eq!(status, 200, "{report}"),
                None => return,
            }
            acked.fetch_add(1, Ordering::Relaxed);
        }
    };
    let setup = std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let send = &send;
            scope.spawn(move || send(client));
        }
        wait::until(&format!("{n_least} reports are acknowledged"), || {
            let n_acked = acked.load(Ordering::Relaxed);
            wait::check(n_acked >= n_least, n_acked)
        });
        server.kill()
    });
    (setup, acked.into_inner(), sent.into_inner())
}

#[test]
fn power_cuts_between_intake_and_commit_lose_no_key_of_anything_acknowledged() {
    let mut dice = Dice::of_this_run();
    let mut setup = with_callers();
    let mut counts = Vec::new();
    for kill in 0..KILLS {
        let n_least = 1 + usize::try_from(dice.below(LIFE_REPORTS_MAX)).unwrap();
        let phone = format!("1990000000{kill}");
        let (killed, n_acked, n_sent) = kill_under_load(setup, kill, &phone, n_least);
        setup = killed;
        counts.push((phone, n_acked, n_sent));
    }
    let before = setup.replay(None);
    for (phone, n_acked, n_sent) in counts {
        assert_eq!(files_with(setup.data(), &phone), Vec::<String>::new());
        let n_erased = n_reports(&erase(&setup, &phone).unwrap());
        assert!(
            (n_acked..=n_sent).contains(&n_erased),
            "{n_acked} acknowledged, {n_sent} sent, {n_erased} found"
        );
    }
    assert_eq!(setup.replay(None), before);
}
