//! Starting, refusing to start, checking a city, and stopping in order.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use egret_shared::codec::Encoding;
use egret_tests::city::{self, CityCopy};
use egret_tests::clock;
use egret_tests::follower::Follower;
use egret_tests::message;
use egret_tests::server::{Server, Setup, egret};
use egret_tests::socket::Socket;

/// What a command that must fail says on both outputs.
fn refusal(arguments: &[&str]) -> String {
    let output = egret(arguments);
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(
        !output.status.success(),
        "egret {arguments:?} succeeds: {said:?}"
    );
    said.concat()
}

/// What `egret serve` says with the tiny city, a fresh folder and more flags.
fn serve_refusal(more: &[&str]) -> String {
    let data = tempfile::tempdir().unwrap();
    let tiny = city::tiny();
    let city = ["serve", "--city", tiny.to_str().unwrap()];
    let data = ["--data", data.path().to_str().unwrap()];
    refusal(&[&city[..], &data[..], more].concat())
}

const ANY: &str = "127.0.0.1:0";

#[test]
fn without_a_word_that_it_is_open_nobody_gets_in_before_there_is_an_account() {
    let server = Setup::tiny().guarded().start();
    let answer = server.api().get("/api/v1/catalog");
    answer.is_problem(403, "no account yet");
    let me = server.api().get("/api/v1/me").json();
    assert_eq!(me["state"], "first_start", "{me}");
}

#[test]
fn an_address_that_others_can_reach_is_refused_with_its_name() {
    for (http, mqtt, name) in [("0.0.0.0:0", ANY, "--http"), (ANY, "[::]:0", "--mqtt")] {
        let said = serve_refusal(&["--http", http, "--mqtt", mqtt, "--insecure-open"]);
        assert!(
            said.contains(name) && said.contains("other machines"),
            "{said}"
        );
    }
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let first = Server::tiny();
    let (city, data) = (city::tiny(), first.data().display().to_string());
    let city = ["serve", "--city", city.to_str().unwrap(), "--data", &data];
    let rest = ["--http", ANY, "--mqtt", ANY, "--insecure-open"];
    let said = refusal(&[&city[..], &rest[..]].concat());
    assert!(said.contains("another egret is using it"), "{said}");
    assert_eq!(first.api().get("/healthz").status, 200, "the first goes on");
}

#[test]
fn a_taken_port_a_missing_folder_and_an_unknown_flag_are_named() {
    let taken = Server::tiny().http.to_string();
    let taken_again = std::net::TcpListener::bind(&taken).unwrap();
    let said = serve_refusal(&["--http", &taken, "--mqtt", ANY, "--insecure-open"]);
    assert!(said.contains(&taken), "{said}");
    drop(taken_again);
    let said = refusal(&[
        "serve",
        "--city",
        "/no/such/city",
        "--data",
        "/no",
        "--insecure-open",
    ]);
    assert!(said.contains("/no/such/city"), "{said}");
    let tiny = city::tiny();
    let said = refusal(&["serve", "--city", tiny.to_str().unwrap(), "--insecure-open"]);
    assert!(said.contains("--data"), "{said}");
    assert!(serve_refusal(&["--htpp", ANY]).contains("--htpp"));
}

#[test]
fn a_good_city_passes_the_check() {
    let tiny = city::tiny();
    let output = egret(&["check", tiny.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("5 areas") && said.contains("5 feeds"),
        "{said}"
    );
}

#[test]
fn every_mistake_of_a_city_is_pointed_at_by_file_line_and_column() {
    let city = CityCopy::new()
        .with("properties.toml", "unit  = \"cm\"", "unit  = \"furlong\"")
        .with("metrics.toml", "feed = \"air\"", "feed = \"hair\"")
        .with(
            "rules.toml",
            "kind     = \"cluster\"",
            "kind     = \"clutter\"",
        );
    let said = refusal(&["check", city.path().to_str().unwrap()]);
    for (file, mistake) in [
        ("properties.toml", "\"furlong\""),
        ("metrics.toml", "\"hair\""),
        ("rules.toml", "\"clutter\""),
    ] {
        let text = city.text(file);
        let before = text.split(mistake).next().unwrap();
        let line = before.lines().count();
        let column = before.lines().last().unwrap().chars().count() + 1;
        let place = format!("{file}:{line}:{column}");
        assert!(said.contains(&place), "{place} is not in:\n{said}");
    }
}

#[test]
fn a_broken_catalogue_is_refused_with_the_place_and_what_would_do() {
    for (good, broken, told) in [
        (
            "aggregate = \"count\"",
            "aggregate = \"mean\"",
            "metric \"hotline.requests\": mean does not fit: reports have neither value nor asset",
        ),
        (
            "{ quantile = 0.5 }",
            "\"quantile\"",
            "this word does not stand alone: write { quantile = … }",
        ),
        (
            "{ feed = \"manhole\",",
            "{ class = \"manholes\",",
            "there is no asset class \"manholes\"; did you mean \"manhole\"?",
        ),
    ] {
        let city = CityCopy::new().with("metrics.toml", good, broken);
        let said = refusal(&["check", city.path().to_str().unwrap()]);
        assert!(
            said.contains("metrics.toml:") && said.contains(told),
            "{said}"
        );
    }
}

#[test]
fn a_server_does_not_start_with_a_broken_city() {
    let city = CityCopy::new().with("metrics.toml", "feed = \"air\"", "feed = \"hair\"");
    let data = tempfile::tempdir().unwrap();
    let said = refusal(&[
        "serve",
        "--insecure-open",
        "--city",
        city.path().to_str().unwrap(),
        "--data",
        data.path().to_str().unwrap(),
    ]);
    assert!(
        said.contains("metrics.toml:") && said.contains("hair"),
        "{said}"
    );
}

#[test]
fn a_stop_in_order_keeps_everything_and_the_next_start_goes_on_from_there() {
    let server = Server::tiny();
    server.api().send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.5),
    ));
    server.api().asset("manhole", "M-1", |_| true);
    let before = server.state();
    let setup = server.stop();
    assert_eq!(setup.replay(Some(before.seq)), before);
    let server = setup.start();
    assert!(server.state().seq >= before.seq);
    assert_eq!(server.api().get("/api/v1/assets/manhole/M-1").status, 200);
    let setup = server.stop();
    let folded = setup.replay(None);
    assert!(folded.seq >= before.seq);
}

#[test]
fn a_screen_that_is_connected_does_not_keep_the_server_from_stopping() {
    let server = Server::tiny();
    let mut screen = Follower::new(Socket::connect(server.http, Encoding::Json));
    screen.subscribe(&["city"]);
    server.stop();
}

#[test]
fn another_city_package_over_the_same_journal_folds_it_anew() {
    let setup = Setup::with_city(CityCopy::new());
    let city = setup.city();
    let server = setup.start();
    server.api().send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.5),
    ));
    let point = server
        .api()
        .metric("water.manhole_level_max", "900000", |p| p["v"] == 1.5);
    assert_eq!(point["level"], "yellow");
    let setup = server.stop();
    let metrics = city.join("metrics.toml");
    let text = std::fs::read_to_string(&metrics)
        .unwrap()
        .replace("yellow = 1.5", "yellow = 1.6");
    std::fs::write(&metrics, text).unwrap();
    let server = setup.start();
    let point = server
        .api()
        .metric("water.manhole_level_max", "900000", |p| p["v"] == 1.5);
    assert_eq!(point["level"], "blue");
}
