//! Clients that are slow, or that do nothing at all.

use std::io::ErrorKind;

use egret_listen::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::site::{
    AMPLE_BYTES, PATIENCE, Site, eventually, every, generous, get_and_stay, millis, post_head,
    rest, text, time_to_close, until, within,
};

/// Sends `bytes` one by one, again and again, until the server closes.
async fn dribble(stream: &mut TcpStream, bytes: &[u8]) {
    let mut pace = every(50);
    within(async {
        for byte in bytes.iter().cycle() {
            pace.tick().await;
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_ended() {
    let site = Site::open(Limits {
        head_timeout: millis(300),
        ..generous()
    })
    .await;
    let took = time_to_close(&mut site.connect().await).await;
    assert!(took >= millis(250) && took < PATIENCE, "{took:?}");
    assert_eq!(site.counters.timeouts_head.get(), 1);
}

#[tokio::test]
async fn a_client_that_dribbles_its_head_is_ended_as_one_that_says_nothing() {
    let site = Site::open(Limits {
        head_timeout: millis(500),
        ..generous()
    })
    .await;
    // The beginning of HTTP/2's preface, of HTTP/1's head, and a head whose end does not come.
    for (beginning, rest) in [
        ("PRI * H", "TTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("GE", "x"),
        ("GET / HTTP/1.1\r\nHost: x\r\nX: ", "x"),
    ] {
        let start = Instant::now();
        let mut stream = site.send(beginning.as_bytes()).await;
        dribble(&mut stream, rest.as_bytes()).await;
        let took = start.elapsed();
        assert!(took >= millis(450), "{beginning}: {took:?}");
        assert!(took < millis(5000), "{beginning}: {took:?}");
    }
    assert_eq!(site.counters.timeouts_head.get(), 3);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_kept_alive_connection_may_be_idle_for_longer_than_a_head_may_take() {
    let site = Site::open(Limits {
        head_timeout: millis(200),
        idle: millis(1000),
        ..generous()
    })
    .await;
    let mut stream = site.send(&get_and_stay("/")).await;
    until(&mut stream, "hello").await;
    let took = time_to_close(&mut stream).await;
    assert!(took >= millis(900) && took < millis(8000), "{took:?}");
    assert_eq!(site.counters.timeouts_idle.get(), 1);
    assert_eq!(site.counters.timeouts_head.get(), 0);
}

#[tokio::test]
async fn the_second_head_on_a_connection_may_take_no_longer_than_the_first() {
    let site = Site::open(Limits {
        head_timeout: millis(300),
        ..generous()
    })
    .await;
    let mut stream = site.send(&get_and_stay("/")).await;
    until(&mut stream, "hello").await;
    dribble(&mut stream, b"GET / HTTP/1.1").await;
    assert_eq!(site.counters.timeouts_head.get(), 1);
    assert_eq!(site.counters.timeouts_idle.get(), 0);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_answered_with_408_and_the_connection_ends() {
    let site = Site::open(Limits {
        body_stall: millis(300),
        ..generous()
    })
    .await;
    for is_dribbling in [false, true] {
        let start = Instant::now();
        let stream = site.send(&post_head("/take", 100_000)).await;
        let (mut reader, mut writer) = stream.into_split();
        let mut pace = every(20);
        let dribbling = async {
            loop {
                pace.tick().await;
                if is_dribbling && writer.write_all(b"x").await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        let answer = tokio::select! {
            answer = rest(&mut reader) => text(&answer),
            () = dribbling => unreachable!(),
        };
        let took = start.elapsed();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("less than 1024 bytes in 0.3 s"), "{answer}");
        assert!(took >= millis(250) && took < millis(5000), "{took:?}");
    }
    assert_eq!(site.counters.timeouts_body.get(), 2);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_body_that_comes_slowly_but_steadily_is_taken() {
    let site = Site::open(Limits {
        body_stall: millis(600),
        progress_bytes_min: 100,
        ..generous()
    })
    .await;
    let start = Instant::now();
    let mut stream = site.send(&post_head("/take", 1000)).await;
    let mut pace = every(120);
    for _ in 0..10 {
        pace.tick().await;
        stream.write_all(&[b'x'; 100]).await.unwrap();
    }
    until(&mut stream, "1000").await;
    assert!(start.elapsed() > millis(900), "not slower than the limit");
    assert_eq!(site.counters.timeouts_body.get(), 0);
}

#[tokio::test]
async fn a_handler_that_does_not_read_does_not_count_against_the_client() {
    let site = Site::open(Limits {
        body_stall: millis(200),
        ..generous()
    })
    .await;
    let mut stream = site.send(&post_head("/late", 10)).await;
    within(site.is_there.notified()).await;
    let mut pace = every(500);
    pace.tick().await;
    pace.tick().await;
    site.go_on.notify_one();
    stream.write_all(b"0123456789").await.unwrap();
    until(&mut stream, "\r\n\r\n10").await;
    assert_eq!(site.counters.timeouts_body.get(), 0);
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_hold_the_connection() {
    let site = Site::open(generous()).await;
    let mut stream = site.send(&post_head("/ignore", 100_000)).await;
    let answer = text(&rest(&mut stream).await);
    assert!(answer.ends_with("ignored"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_response_is_ended() {
    let site = Site::open(Limits {
        write_stall: millis(400),
        ..generous()
    })
    .await;
    for path in ["/big", "/lump"] {
        let start = Instant::now();
        let mut stream = site.send(&get_and_stay(path)).await;
        until(&mut stream, "\r\n\r\n").await;
        eventually(|| site.counters.connections_open.get() == 0).await;
        let took = start.elapsed();
        assert!(
            took >= millis(350) && took < millis(5000),
            "{path}: {took:?}"
        );
        // By RST: else the kernel would go on for a client that takes nothing.
        let end = within(stream.read_to_end(&mut Vec::new())).await;
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(site.counters.timeouts_write.get(), 2);
}

#[tokio::test]
async fn a_client_that_asks_on_and_on_without_reading_is_ended() {
    let site = Site::open(Limits {
        write_stall: millis(400),
        ..generous()
    })
    .await;
    let mut stream = site.connect().await;
    let requests = get_and_stay("/").repeat(100);
    within(async { while stream.write_all(&requests).await.is_ok() {} }).await;
    assert_eq!(site.counters.timeouts_write.get(), 1);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_everything() {
    let site = Site::open(Limits {
        write_stall: millis(1000),
        idle: millis(1000),
        ..generous()
    })
    .await;
    for path in ["/ample", "/lump"] {
        let start = Instant::now();
        let mut stream = site.send(&get_and_stay(path)).await;
        let mut buffer = vec![0; 64 * 1024];
        let mut pace = every(8);
        let mut n_bytes = 0;
        while n_bytes < AMPLE_BYTES {
            pace.tick().await;
            let n_read = within(stream.read(&mut buffer)).await.unwrap();
            assert!(n_read > 0, "{path}: closed after {n_bytes} bytes");
            n_bytes += n_read;
        }
        assert!(start.elapsed() > millis(1500), "not slower than the limits");
    }
}

/// What is bounded is what the kernel keeps unsent. Where it keeps megabytes, a socket takes more only
/// every few seconds, and such a client looks as if it took nothing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_whose_reading_takes_longer_than_the_limit_for_what_a_kernel_keeps_lives() {
    let site = Site::open(Limits {
        write_stall: millis(700),
        ..generous()
    })
    .await;
    let mut stream = site.send(&get_and_stay("/big")).await;
    let mut buffer = vec![0; 20 * 1024];
    let mut pace = every(50);
    for n in 0..80 {
        pace.tick().await;
        let read = within(stream.read_exact(&mut buffer)).await;
        assert!(read.is_ok(), "closed after {n} pieces");
    }
    assert_eq!(site.counters.timeouts_write.get(), 0);
}
