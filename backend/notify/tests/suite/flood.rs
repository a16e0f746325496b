//! Very many notices at once.

use egret_notify::{DeliveryState, Notice};

use crate::receiver::{Got, OK, Receiver};
use crate::webhook::config;
use crate::world::{World, notice, red};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_notices_at_once_are_a_few_messages_and_every_red() {
    let receiver = Receiver::start(OK).await;
    let world = World::new(&config(&format!("http://{}/", receiver.address)));
    let notices: Vec<Notice> = (1..=10_000)
        .map(|seq| {
            if seq % 1_000 == 0 {
                red(seq)
            } else {
                notice(seq)
            }
        })
        .collect();
    world.enqueue(&notices);
    world.work();
    world.settled().await;
    let got = receiver.got();
    let keys: Vec<String> = got.iter().map(Got::key).collect();
    let reds = (1..=10).map(|n| red(n * 1_000).key);
    let expected: Vec<String> = std::iter::once("digest".to_owned()).chain(reds).collect();
    assert_eq!(keys, expected);
    let digest = got[0].json();
    assert_eq!(digest["data"]["count"], 9_990);
    assert_eq!(digest["data"]["listed"].as_array().unwrap().len(), 100);
    assert!(got[0].body.len() < 64_000, "{}", got[0].body.len());
    assert_eq!(world.rows(DeliveryState::Merged).len(), 9_990);
    // All of them again, as after a restart from far behind.
    let again = world.outbox.enqueue(&notices).unwrap();
    assert_eq!((again.new, again.known), (0, 10_000));
    assert_eq!(receiver.got().len(), 11);
}
