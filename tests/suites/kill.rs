//! `kill -9` under load: every acknowledged message is there afterwards, exactly once.

use std::collections::BTreeSet;

use egret_tests::city::CityCopy;
use egret_tests::dice::Dice;
use egret_tests::http::Http;
use egret_tests::paho::Load;
use egret_tests::server::{Server, Setup, State};
use egret_tests::wait;

/// How often the server is killed.
const KILLS: usize = 20;

/// At how many acknowledged messages at most since its start, by chance.
const LIFE_MESSAGES_MAX: u64 = 1_200;

/// Clients that publish at the same time.
const CLIENTS: usize = 4;

/// After every so many kills the server is stopped in order instead, which leaves a checkpoint:
/// the next starts fold it and a tail.
const STOP_EVERY: usize = 7;

/// Every manhole that the server knows. Each of them was sent one message.
fn manholes(api: &Http) -> BTreeSet<String> {
    let rows = api.list("/api/v1/assets?feed=manhole");
    rows.iter()
        .filter_map(|row| row["asset"].as_str().map(str::to_owned))
        .collect()
}

/// Nothing of `acked` is missing after a restart.
fn nothing_is_missing(server: &Server, acked: &[String], kill: usize) {
    let known = manholes(&server.api());
    let missing: Vec<_> = acked
        .iter()
        .filter(|asset| !known.contains(*asset))
        .collect();
    assert!(
        missing.is_empty(),
        "kill {kill}: acknowledged and lost: {missing:?}"
    );
}

/// Ends the server, now in order and now not, and compares its last known state with the fold of
/// the whole journal.
fn end(server: Server, kill: usize) -> Setup {
    let live: State = server.state();
    if kill.is_multiple_of(STOP_EVERY) {
        let setup = server.stop();
        assert_eq!(setup.replay(Some(live.seq)), live, "kill {kill}");
        return setup;
    }
    server.kill()
}

#[test]
fn twenty_power_cuts_under_load_lose_nothing_acknowledged_and_count_nothing_twice() {
    let mut dice = Dice::of_this_run();
    let mut server = Setup::with_city(CityCopy::counting())
        .with_lasting_ports()
        .start();
    let mut load = Load::start(server.mqtt, CLIENTS);
    for kill in 1..=KILLS {
        let instant = load.n_acked() + 1 + usize::try_from(dice.below(LIFE_MESSAGES_MAX)).unwrap();
        wait::until(&format!("{instant} messages are acknowledged"), || {
            let n_acked = load.n_acked();
            wait::check(n_acked >= instant, n_acked)
        });
        let setup = end(server, kill);
        wait::until("every client has noticed", || {
            wait::check(load.is_cut_off(), kill)
        });
        let acked = load.acked();
        server = setup.start();
        nothing_is_missing(&server, &acked, kill);
    }

    let n_sent = load.finish();
    let api = server.api();
    assert_eq!(load.n_acked(), n_sent);
    let health = api.feed("manhole", |health| health["accepted"] == n_sent);
    assert_eq!(manholes(&api).len(), n_sent);
    let count = api.metric("test.readings", "900000", |point| point["v"].is_number());
    assert_eq!(count["v"].as_f64(), Some(n_sent as f64), "{health}");
    println!(
        "{n_sent} messages, {} came twice, over {KILLS} power cuts",
        health["duplicate"]
    );

    let live = server.state();
    let setup = server.kill();
    assert_eq!(
        setup.replay(Some(live.seq)),
        live,
        "the uninterrupted run of the same journal"
    );
    let folded = setup.replay(None);
    let again = setup.start();
    assert!(again.state().seq >= folded.seq);
    let setup = again.stop();
    assert_eq!(
        setup.replay(Some(folded.seq)),
        folded,
        "an entry once durable never changes"
    );
}
