//! MQTT clients that stop in the middle of a packet, come by the thousand, or never read.

use std::time::Duration;

use egret_tests::crowd::Crowd;
use egret_tests::packets::{Connect, publish, subscribe};
use egret_tests::wire::{connect, somewhere};
use egret_tests::{clock, wait};
use serde_json::json;

use super::{PATIENCE, SLACK, TOPIC, WORST, has_ended, outlast, started, tell_the_last};

#[test]
fn connects_that_never_end_are_cut_off_and_gateways_come_in_beside_them() {
    let (server, mut residents) = started();
    let whole = Connect::by("slow", "gw-1", "some-secret").packet();
    let mut crowd = Crowd::new();
    for n in 0..10 {
        // Nothing, or a byte, or half.
        let begin = &whole[..usize::from(n) * whole.len() / 20];
        crowd.join(60, server.mqtt, somewhere(n), begin);
    }
    assert_eq!(crowd.len(), 600);
    // Zeros complete no packet that has begun as one, for a while.
    let n_all = crowd.len();
    residents.until(PATIENCE + SLACK, || {
        crowd.sweep();
        has_ended(&crowd, n_all)
    });
    tell_the_last(&crowd, n_all);
    residents.report("600 halves of CONNECT");
}

#[test]
fn a_flood_of_connects_takes_no_place_from_a_gateway() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    // More than may wait at all, from 30 addresses.
    for n in 0..30 {
        crowd.join(50, server.mqtt, somewhere(n), b"\x10");
        if n % 5 == 4 {
            residents.round();
        }
    }
    crowd.sweep();
    println!("{} of 1500 wait", crowd.len());
    assert!(crowd.len() <= 1_000, "{}", crowd.len());
    // From one address only some may wait.
    let mut one = Crowd::new();
    one.join(200, server.mqtt, somewhere(99), b"\x10");
    residents.until(SLACK, || {
        one.sweep();
        wait::check(one.len() <= 64, one.len())
    });
    outlast(&mut residents, &mut crowd, b"", PATIENCE);
    // Wrong passwords by the hundred, one after the other and all at once.
    let wrong = Connect::by("guesser", "gw-1", "wrong").packet();
    for n in 0..40 {
        let mut crowd = Crowd::new();
        crowd.join(25, server.mqtt, somewhere(200 + n), &wrong);
        if n % 10 == 9 {
            residents.round();
        }
    }
    residents.report("1,700 that connect and 1,000 wrong passwords");
}

#[test]
fn gateways_that_stop_in_the_middle_of_a_message_end_by_their_keep_alive() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let whole = publish(TOPIC, 1, &[b'['; 2_000]);
    for n in 0..100 {
        let client = format!("half-{n}");
        let by = Connect {
            keep_alive_s: 4,
            ..Connect::by(&client, "gw-1", &residents.secret)
        };
        let stream = connect(server.mqtt, Some(somewhere(n)), None);
        let cut = whole.len() * (1 + usize::from(n) % 8) / 9;
        crowd.take(stream, &[by.packet(), whole[..cut].to_vec()].concat());
    }
    assert_eq!(crowd.len(), 100);
    residents.until(Duration::from_secs(6) + SLACK, || {
        crowd.sweep();
        has_ended(&crowd, 100)
    });
    let admitted = crowd
        .heard
        .iter()
        .filter(|heard| heard.starts_with(&[0x20, 2, 0, 0]))
        .count();
    assert_eq!(admitted, 100, "all of them had been let in");
    tell_the_last(&crowd, 100);
    residents.report("100 halves of PUBLISH");
}

#[test]
fn a_subscriber_that_never_reads_slows_no_gateway_down() {
    let (server, mut residents) = started();
    let token = residents.token.clone();
    let mut crowd = Crowd::new();
    for n in 0..20 {
        let client = format!("deaf-{n}");
        let connect_and_subscribe = [
            Connect::by(&client, "token", &token).packet(),
            subscribe(1, &["egret/v1/manhole/#"]),
        ]
        .concat();
        crowd.join_deaf(server.mqtt, somewhere(n), &connect_and_subscribe);
    }
    assert_eq!(crowd.len(), 20);
    let readings: Vec<_> = (0..200)
        .map(|n| json!({ "at": clock::ago(600 - n), "values": { "water_level": 0.5 } }))
        .collect();
    let readings = json!(readings).to_string();
    let mut busy = residents.gateway("busy");
    let mut times = Vec::new();
    residents.until(Duration::from_secs(30) + SLACK, || {
        // Whether the other side is there is told by writing: the answers are not read.
        crowd.drip(&[0xc0, 0]);
        let publish = |_| {
            busy.publish(TOPIC, 7, readings.as_bytes())
                .expect("a busy gateway is served")
        };
        times.extend((0..20).map(publish));
        has_ended(&crowd, 20)
    });
    times.sort();
    let worst = times[times.len() - 1];
    println!(
        "{} long messages, usually {:.1?}, at worst {worst:.1?}",
        times.len(),
        times[times.len() / 2]
    );
    assert!(worst < WORST, "{worst:?}");
    tell_the_last(&crowd, 20);
    residents.report("20 deaf subscribers");
}
