//! Requests that never end, answers that are never read, and handshakes before them.

use std::time::{Duration, Instant};

use egret_tests::browser::Browser;
use egret_tests::crowd::{Crowd, allow_many_files};
use egret_tests::server::Setup;
use egret_tests::tls::Certificate;
use egret_tests::wait;
use egret_tests::wire::{Wire, somewhere};

use super::{
    PASSWORD, PATIENCE, SLACK, USUAL, WORST, has_ended, join_by, outlast, started, tell_the_last,
};

#[test]
fn heads_that_never_end_are_cut_off_and_nobody_waits_for_them() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let begins: [&[u8]; 4] = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nX: ",
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n",
    ];
    join_by(&mut crowd, server.http, &begins);
    // Nothing is said by those who have said nothing: a byte would only begin their head.
    outlast(&mut residents, &mut crowd, b"a", PATIENCE);
    residents.report("400 heads without end");
}

#[test]
fn bodies_that_never_end_are_answered_and_nobody_waits_for_them() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    for (n, path) in [
        "/api/v1/sign-in",
        "/api/v1/pair",
        "/api/v1/device/challenge",
    ]
    .iter()
    .enumerate()
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n",
            server.http
        );
        let whole = format!("{head}Content-Length: 1000\r\n\r\n{{");
        let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n");
        for (half, begin) in [whole, chunked].iter().enumerate() {
            let place = somewhere(u16::try_from(2 * n + half).unwrap());
            crowd.join(50, server.http, place, begin.as_bytes());
        }
    }
    assert_eq!(crowd.len(), 300);
    let one = Wire::to(server.http).ask(format!(
        "GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.http
    ));
    assert_eq!(one.unwrap().status, 200);
    // A chunk of one byte, and to those who told their length five bytes of it.
    outlast(
        &mut residents,
        &mut crowd,
        b"1\r\na\r\n",
        PATIENCE + Duration::from_secs(2),
    );
    let mut n_told = 0;
    for heard in &crowd.heard {
        let text = String::from_utf8_lossy(heard);
        if text.is_empty() {
            continue;
        }
        n_told += 1;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    }
    println!("{n_told} were told why");
    assert!(n_told > 200, "{n_told}");
    residents.report("300 bodies without end");
}

#[test]
fn who_is_told_that_a_body_was_too_slow_is_told_as_by_every_answer() {
    let server = Setup::tiny().guarded().start();
    server.make_admin(PASSWORD);
    let head = format!(
        "POST /api/v1/sign-in HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{{",
        server.http
    );
    let answer = Wire::to(server.http).ask(head).unwrap();
    assert_eq!(answer.status, 408, "{answer:?}");
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{answer:?}"
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{answer:?}"
    );
    assert!(
        answer.header("content-security-policy").is_some(),
        "{answer:?}"
    );
}

#[test]
fn who_asks_and_never_reads_is_cut_off_and_nobody_waits_for_it() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let request = format!("GET /api/v1/me HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
    // More answers than any buffer holds.
    let flood = request.repeat(300);
    for n in 0..100 {
        crowd.join_deaf(server.http, somewhere(n), flood.as_bytes());
    }
    assert_eq!(crowd.len(), 100);
    let n_all = crowd.len();
    residents.until(Duration::from_secs(30) + SLACK, || {
        // Asking on is what tells that the other side has gone.
        crowd.drip(flood.as_bytes());
        has_ended(&crowd, n_all)
    });
    tell_the_last(&crowd, n_all);
    residents.report("100 that never read");
}

#[test]
fn tls_handshakes_that_never_end_are_cut_off_and_nobody_waits_for_them() {
    allow_many_files();
    let certificate = Certificate::new();
    let server = Setup::tiny()
        .guarded()
        .with_certificate(&certificate)
        .start();
    let mut admin = Browser::new(server.http).trusting(&certificate);
    admin.make_first(&server.first_code(), PASSWORD);
    let mut crowd = Crowd::new();
    // The head of a record, of a ClientHello, and one that promises 16 KiB.
    let begins: [&[u8]; 4] = [
        b"",
        b"\x16",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16\x03\x01\x40\x00",
    ];
    join_by(&mut crowd, server.http, &begins);
    let mut times = Vec::new();
    wait::within(PATIENCE + SLACK, "all of them have ended", || {
        crowd.sweep();
        let asked = Instant::now();
        let answer = admin.get("/api/v1/catalog");
        assert_eq!(answer.status, 200, "{answer:?}");
        times.push(asked.elapsed());
        has_ended(&crowd, 400)
    });
    times.sort();
    let (usual, worst) = (times[times.len() / 2], times[times.len() - 1]);
    tell_the_last(&crowd, 400);
    println!(
        "HTTPS anew {} times, usually {usual:.1?}, at worst {worst:.1?}",
        times.len()
    );
    assert!(
        usual < USUAL && worst < WORST,
        "usually {usual:?}, at worst {worst:?}"
    );
}

#[test]
fn one_address_has_its_share_of_connections_and_others_have_theirs() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    crowd.join(400, server.http, somewhere(1), b"GET / HTTP/1.1\r\nX: ");
    residents.until(SLACK, || {
        crowd.sweep();
        wait::check(crowd.len() <= 256, crowd.len())
    });
    println!("{} of 400 from one address have a place", crowd.len());
    assert!(crowd.len() >= 200, "{}", crowd.len());
    for n in 2..20 {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
        let answer = Wire::from(server.http, Some(somewhere(n))).ask(request);
        assert_eq!(answer.unwrap().status, 200);
    }
    outlast(&mut residents, &mut crowd, b"a", PATIENCE);
    residents.report("400 from one address");
}
