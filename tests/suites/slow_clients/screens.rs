//! WebSockets that never read, and messages of which half comes.

use std::net::SocketAddr;
use std::time::Duration;

use egret_tests::browser::frame;
use egret_tests::crowd::Crowd;
use egret_tests::wait;
use egret_tests::wire::{connect, somewhere};

use super::{SLACK, has_ended, started, tell_the_last};

/// A WebSocket's connection after its handshake, with little room for what it hears.
#[track_caller]
fn deaf_socket(
    server: SocketAddr,
    place: u16,
    token: &str,
) -> std::io::Result<std::net::TcpStream> {
    use std::io::{Read as _, Write as _};
    let mut stream = connect(server, Some(somewhere(place)), Some(2 * 1024))?;
    stream.set_read_timeout(Some(wait::PATIENCE))?;
    write!(
        stream,
        "GET /ws?encoding=json HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    assert_eq!(&status, b"HTTP/1.1 101");
    Ok(stream)
}

/// A frame of text.
fn text_frame(text: &str) -> Vec<u8> {
    frame(0x81, text.len() as u64, text.as_bytes())
}

#[test]
fn screens_that_never_read_are_cut_off_and_half_frames_hold_up_nobody() {
    let (server, mut residents) = started();
    let token = server.token("walls", &["viewer"]);
    let mut deaf = Crowd::new();
    let subscribe = text_frame(r#"{"type":"subscribe","channels":["city"]}"#);
    let again = text_frame(r#"{"type":"resync","channels":["city"]}"#).repeat(20);
    for n in 0..50 {
        deaf.take(deaf_socket(server.http, n, &token), &subscribe);
    }
    let mut half = Crowd::new();
    for n in 0..100 {
        // The beginning of a message of 60 kB that never comes.
        let begin = frame(0x81, 60_000, b"[[[");
        half.take(deaf_socket(server.http, 100 + n, &token), &begin);
    }
    assert_eq!((deaf.len(), half.len()), (50, 100));
    residents.until(Duration::from_secs(25) + SLACK, || {
        deaf.drip(&again);
        half.drip(b"[");
        half.sweep();
        has_ended(&deaf, 50)
    });
    tell_the_last(&deaf, 50);
    println!(
        "{} of 100 with half a message are there and hear",
        half.len()
    );
    residents.report("50 deaf screens and 100 half messages");
}
