//! The end of the server.

use egret_listen::Limits;
use tokio::net::TcpStream;

use crate::site::{PATIENCE, Site, generous, get_and_stay, millis, rest, text, until, within};

#[tokio::test]
async fn a_request_in_flight_is_finished_and_idle_connections_end() {
    let mut site = Site::open(Limits {
        drain: PATIENCE,
        ..generous()
    })
    .await;
    let mut idle = site.send(&get_and_stay("/")).await;
    until(&mut idle, "hello").await;
    let mut silent = site.connect().await;
    let mut busy = site.send(&get_and_stay("/wait")).await;
    within(site.is_there.notified()).await;

    site.shutdown.cancel();
    assert!(rest(&mut idle).await.is_empty());
    assert!(rest(&mut silent).await.is_empty());
    assert!(TcpStream::connect(site.addr).await.is_err());
    site.go_on.notify_one();
    let answer = text(&rest(&mut busy).await);
    assert!(answer.ends_with("done"), "{answer}");
    site.ended().await;
}

#[tokio::test]
async fn a_request_that_does_not_finish_within_the_drain_is_dropped() {
    let mut site = Site::open(Limits {
        drain: millis(200),
        ..generous()
    })
    .await;
    let mut busy = site.send(&get_and_stay("/wait")).await;
    within(site.is_there.notified()).await;
    site.shutdown.cancel();
    site.ended().await;
    assert!(rest(&mut busy).await.is_empty());
    assert_eq!(site.counters.connections_open.get(), 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_hold_the_shutdown_up() {
    let mut site = Site::open(Limits {
        drain: millis(200),
        ..generous()
    })
    .await;
    let mut stalled = site.send(&get_and_stay("/big")).await;
    until(&mut stalled, "\r\n\r\n").await;
    site.shutdown.cancel();
    site.ended().await;
    assert_eq!(site.counters.connections_open.get(), 0);
}
