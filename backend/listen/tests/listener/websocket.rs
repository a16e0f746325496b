//! WebSockets, whose handlers have their own limits.

use egret_listen::{Limits, Tls};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::site::{PATIENCE, Site, eventually, every, generous, millis, within};
use crate::tls::Files;

/// Shorter than the silence of [`is_quiet_and_lives`].
fn short() -> Limits {
    Limits {
        head_timeout: millis(200),
        idle: millis(200),
        write_stall: millis(200),
        body_stall: millis(200),
        ..generous()
    }
}

async fn upgrade<S>(stream: S) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (socket, answer) = within(client_async("ws://x/ws", stream)).await.unwrap();
    assert_eq!(answer.status(), 101);
    socket
}

async fn echoes<S>(socket: &mut WebSocketStream<S>, words: &str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.send(Message::text(words)).await.unwrap();
    let answer = within(socket.next()).await.unwrap().unwrap();
    assert_eq!(answer, Message::text(words));
}

async fn is_quiet_and_lives<S>(site: &Site, socket: &mut WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    echoes(socket, "before").await;
    let mut silence = every(1000);
    silence.tick().await;
    silence.tick().await;
    echoes(socket, "after").await;
    assert_eq!(site.counters.connections_open.get(), 1);
    for (name, value) in site.counters.read() {
        assert!(!name.starts_with("timeouts") || value == 0, "{name}");
    }
}

#[tokio::test]
async fn a_quiet_web_socket_lives() {
    let site = Site::open(short()).await;
    let mut socket = upgrade(site.connect().await).await;
    is_quiet_and_lives(&site, &mut socket).await;
    drop(socket);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_quiet_web_socket_over_tls_lives() {
    let files = Files::new("a.example");
    let tls = Tls::open(&files.certificate, &files.key).unwrap();
    let site = Site::open_with(short(), Some(tls)).await;
    let mut socket = upgrade(Box::new(files.connect(&site, &["http/1.1"]).await)).await;
    is_quiet_and_lives(&site, &mut socket).await;
}

#[tokio::test]
async fn a_web_socket_that_is_not_read_is_left_to_its_handler() {
    let site = Site::open(short()).await;
    let mut socket = upgrade(site.connect().await).await;
    let words = "x".repeat(64 * 1024);
    let mut n_sent = 0;
    // Until the handler has nowhere to put its echo, and with it the kernel our words.
    while tokio::time::timeout(millis(500), socket.send(Message::text(words.as_str())))
        .await
        .is_ok()
    {
        n_sent += 1;
    }
    let mut silence = every(500);
    silence.tick().await;
    silence.tick().await;
    for _ in 0..n_sent {
        let answer = within(socket.next()).await.unwrap().unwrap();
        assert_eq!(answer.len(), words.len());
    }
    assert_eq!(site.counters.timeouts_write.get(), 0);
}

#[tokio::test]
async fn a_web_socket_keeps_its_seat() {
    let site = Site::open(Limits {
        per_address_max: 1,
        ..short()
    })
    .await;
    let mut socket = upgrade(site.connect().await).await;
    echoes(&mut socket, "here").await;
    assert!(
        client_async("ws://x/ws", site.connect().await)
            .await
            .is_err()
    );
    assert_eq!(site.counters.refused_by_address.get(), 1);
}

#[tokio::test]
async fn the_shutdown_waits_for_web_sockets_to_say_goodbye() {
    let mut site = Site::open(Limits {
        drain: PATIENCE,
        ..generous()
    })
    .await;
    let mut socket = upgrade(site.connect().await).await;
    echoes(&mut socket, "here").await;
    site.shutdown.cancel();
    within(async { while TcpStream::connect(site.addr).await.is_ok() {} }).await;
    assert!(!site.has_ended());
    site.go_on.notify_one();
    let goodbye = within(socket.next()).await.unwrap().unwrap();
    assert!(goodbye.is_close(), "{goodbye}");
    site.ended().await;
    assert_eq!(site.counters.connections_open.get(), 0);
}
