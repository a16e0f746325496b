//! A receiver that is away for a while: order is kept, nothing is lost, and there is no storm.

use std::net::SocketAddr;

use egret_notify::{DeliveryState, Notice};
use egret_shared::level::Level;

use crate::receiver::{Got, OK, Receiver};
use crate::webhook::config;
use crate::world::{World, notice, red, until};

/// An address where nobody listens, yet.
async fn empty_address() -> SocketAddr {
    let receiver = Receiver::start(OK).await;
    let address = receiver.address;
    receiver.stop().await;
    address
}

async fn has_failed_once(world: &World) {
    until("a try has failed", || {
        let status = world.outbox.status().unwrap();
        let error = status.channels[0].last_error.clone();
        error.map(|_| ()).ok_or_else(|| format!("{status:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_receiver_comes_in_order_once_and_without_marks() {
    let address = empty_address().await;
    let world = World::new(&config(&format!("http://{address}/")));
    world.work();
    let notices: Vec<Notice> = (1..=20).map(notice).collect();
    world.enqueue(&notices[..10]);
    has_failed_once(&world).await;
    world.enqueue(&notices[10..]);
    let receiver = Receiver::start_at(address, OK, None).await;
    world.settled().await;
    let got = receiver.got();
    let keys: Vec<String> = got.iter().map(Got::key).collect();
    assert_eq!(
        keys,
        notices
            .iter()
            .map(|notice| notice.key.clone())
            .collect::<Vec<_>>()
    );
    assert!(got.iter().all(|got| !got.is_marked()));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_outage_there_is_one_digest_and_every_red_by_itself() {
    let address = empty_address().await;
    let config =
        config(&format!("http://{address}/")).replace("per_minute = 6000", "merge_over = 10");
    let world = World::new(&config);
    world.work();
    let notices: Vec<Notice> = (1..=40)
        .map(|seq| match seq {
            15 | 30 => red(seq),
            20 => Notice {
                level: Level::Orange,
                ..notice(seq)
            },
            _ => notice(seq),
        })
        .collect();
    world.enqueue(&notices[..25]);
    has_failed_once(&world).await;
    world.enqueue(&notices[25..]);
    let receiver = Receiver::start_at(address, OK, None).await;
    world.settled().await;
    let got = receiver.got();
    let keys: Vec<String> = got.iter().map(Got::key).collect();
    assert_eq!(keys, ["digest".to_owned(), red(15).key, red(30).key]);
    let digest = got[0].json();
    assert_eq!(digest["type"], "digest");
    assert_eq!(digest["data"]["count"], 38);
    assert_eq!(
        digest["data"]["levels"],
        serde_json::json!({"yellow": 37, "orange": 1})
    );
    let listed = digest["data"]["listed"].as_array().unwrap();
    assert_eq!(listed.len(), 38);
    assert_eq!(listed[0]["key"], notice(20).key, "the gravest comes first");
    let status = world.outbox.status().unwrap();
    let hook = &status.channels[0];
    assert_eq!((hook.sent, hook.merged, hook.failed), (3, 38, 0));
    let merged = world.rows(DeliveryState::Merged);
    assert!(
        merged
            .iter()
            .all(|row| row.merged_into == merged[0].merged_into)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_has_not_arrived_takes_in_what_comes_after_it() {
    let address = empty_address().await;
    let config =
        config(&format!("http://{address}/")).replace("per_minute = 6000", "merge_over = 3");
    let world = World::new(&config);
    let notices: Vec<Notice> = (1..=12).map(notice).collect();
    world.enqueue(&notices[..6]);
    world.work();
    until("the digest has failed", || {
        let rows = world.rows(DeliveryState::Waiting);
        let is_one = rows.len() == 1 && rows[0].n_notices == 6 && rows[0].attempts == 1;
        is_one.then_some(()).ok_or_else(|| format!("{rows:?}"))
    })
    .await;
    world.enqueue(&notices[6..]);
    let receiver = Receiver::start_at(address, OK, None).await;
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].json()["data"]["count"], 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_not_merged_but_repeated_with_its_mark() {
    let receiver = Receiver::start(OK).await;
    let url = format!("http://{}/", receiver.address);
    let config = config(&url).replace("per_minute = 6000", "merge_over = 3");
    receiver.answer_first(crate::receiver::Answer::Say(
        axum::http::StatusCode::GATEWAY_TIMEOUT,
        "",
    ));
    let world = World::new(&config);
    world.work();
    world.enqueue(&[notice(1)]);
    receiver.wait_for(1).await;
    world.enqueue(&(2..=12).map(notice).collect::<Vec<_>>());
    world.settled().await;
    let got = receiver.got();
    let keys: Vec<String> = got.iter().map(Got::key).collect();
    assert_eq!(keys, [notice(1).key, notice(1).key, "digest".to_owned()]);
    assert!(got[1].is_marked() && !got[2].is_marked());
    assert_eq!(got[2].json()["data"]["count"], 11);
}
