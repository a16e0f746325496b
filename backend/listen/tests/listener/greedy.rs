//! Clients that want too much.

use std::net::Ipv4Addr;

use egret_listen::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use crate::site::{Site, eventually, generous, get_and_stay, millis, rest, text, until};

#[tokio::test]
async fn two_hundred_slow_clients_do_not_keep_another_from_its_page() {
    let site = Site::open(Limits {
        per_address_max: 1000,
        ..generous()
    })
    .await;
    let mut slow = Vec::new();
    for n in 0..200 {
        slow.push(match n % 4 {
            0 => site.connect().await,
            1 => site.send(b"GET / HTTP/1.1\r\nHo").await,
            2 => {
                site.send(b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
                    .await
            }
            _ => site.send(&get_and_stay("/big")).await,
        });
    }
    eventually(|| site.counters.connections_open.get() == 200).await;
    eventually(|| site.counters.requests_total.get() == 100).await;
    let start = Instant::now();
    for _ in 0..20 {
        assert!(site.get("/").await.ends_with("hello"));
    }
    let took = start.elapsed();
    assert!(took < millis(4000), "{took:?} for 20 pages");
    assert_eq!(slow.len(), 200);
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_it_may_have() {
    let site = Site::open(Limits {
        per_address_max: 2,
        ..generous()
    })
    .await;
    let first = site.connect().await;
    let mut second = site.send(&get_and_stay("/")).await;
    until(&mut second, "hello").await;
    assert!(rest(&mut site.connect().await).await.is_empty());
    assert_eq!(site.counters.refused_by_address.get(), 1);
    drop(first);
    eventually(|| site.counters.connections_open.get() == 1).await;
    assert!(site.get("/").await.ends_with("hello"));
}

#[tokio::test]
async fn a_full_listener_closes_further_connections() {
    let site = Site::open(Limits {
        connections_max: 1,
        ..generous()
    })
    .await;
    let mut first = site.send(&get_and_stay("/")).await;
    until(&mut first, "hello").await;
    assert!(rest(&mut site.connect().await).await.is_empty());
    assert_eq!(site.counters.refused_by_limit.get(), 1);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_answered_with_431() {
    let site = Site::open(Limits {
        head_bytes_max: 16 * 1024,
        ..generous()
    })
    .await;
    let mut stream = site.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: ").await;
    stream.write_all(&vec![b'x'; 16 * 1024]).await.unwrap();
    let answer = text(&rest(&mut stream).await);
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let fits = format!("X: {}\r\nConnection: close\r\n\r\n", "x".repeat(15 * 1024));
    let mut stream = site.send(b"GET / HTTP/1.1\r\nHost: x\r\n").await;
    stream.write_all(fits.as_bytes()).await.unwrap();
    assert!(text(&rest(&mut stream).await).ends_with("hello"));
}

#[tokio::test]
async fn a_head_with_too_many_fields_is_answered_with_431() {
    for headers_max in [100, 20] {
        let site = Site::open(Limits {
            headers_max,
            ..generous()
        })
        .await;
        for (n_fields, expected) in [(headers_max, "200"), (headers_max + 1, "431")] {
            let fields = "X: y\r\n".repeat(n_fields - 2);
            let head = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
            let answer = text(&rest(&mut site.send(head.as_bytes()).await).await);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {expected} ")),
                "{n_fields} fields: {answer}"
            );
        }
    }
}

/// Where a machine has no IPv6, there is nothing to tell apart.
#[tokio::test]
async fn an_ipv4_client_of_an_ipv6_socket_has_its_own_address() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::]:0").await else {
        return;
    };
    let mut site = Site::open_at(listener, generous(), None);
    site.addr = (Ipv4Addr::LOCALHOST, site.addr.port()).into();
    let answer = site.get("/who").await;
    assert!(
        answer.ends_with("\r\n\r\n127.0.0.1 secure=false"),
        "{answer}"
    );
}

#[tokio::test]
async fn limits_that_cannot_be_are_refused_in_words() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = Limits {
        head_bytes_max: 1000,
        ..Limits::default()
    };
    let refusal = egret_listen::serve(
        listener,
        axum::Router::new(),
        None,
        limits,
        std::sync::Arc::default(),
        tokio_util::sync::CancellationToken::new(),
    )
    .await
    .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "head_bytes_max is 1000; it must be at least 8192"
    );
}
