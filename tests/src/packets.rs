//! MQTT by hand: packets as no client library would send them, from any loopback address.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::mosquitto::Version;
use crate::{wait, wire};

/// Who connects, as CONNECT says it.
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    /// 3.1.1 or 5.
    pub version: Version,
    /// The client's own name.
    pub client: &'a str,
    /// User name and password.
    pub user: Option<(&'a str, &'a str)>,
    /// After how many seconds without a packet the other side may end it; 0 for never.
    pub keep_alive_s: u16,
}

impl<'a> Connect<'a> {
    /// By MQTT 3.1.1 with this user and password, for as long as it likes.
    pub fn by(client: &'a str, user: &'a str, password: &'a str) -> Self {
        Self {
            version: Version::V3,
            client,
            user: Some((user, password)),
            keep_alive_s: 0,
        }
    }

    /// The packet.
    pub fn packet(&self) -> Vec<u8> {
        let mut body = Vec::new();
        push_text(&mut body, b"MQTT");
        let is_v5 = self.version == Version::V5;
        // Clean session; with a user, its flags.
        let flags = 0x02 | if self.user.is_some() { 0xc0 } else { 0 };
        body.extend([if is_v5 { 5 } else { 4 }, flags]);
        body.extend(self.keep_alive_s.to_be_bytes());
        if is_v5 {
            body.push(0);
        }
        push_text(&mut body, self.client.as_bytes());
        if let Some((user, password)) = self.user {
            push_text(&mut body, user.as_bytes());
            push_text(&mut body, password.as_bytes());
        }
        packet(0x10, &body)
    }
}

/// A packet of MQTT 3.1.1 that publishes with QoS 1.
pub fn publish(topic: &str, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    push_text(&mut body, topic.as_bytes());
    body.extend(id.to_be_bytes());
    body.extend(payload);
    packet(0x32, &body)
}

/// A packet of MQTT 3.1.1 that subscribes to these filters with QoS 1.
pub fn subscribe(id: u16, filters: &[&str]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for filter in filters {
        push_text(&mut body, filter.as_bytes());
        body.push(1);
    }
    packet(0x82, &body)
}

/// A packet with this first byte and body.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length % 128).unwrap_or_default();
        length /= 128;
        packet.push(if length > 0 { low | 128 } else { low });
        if length == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// Puts a text with its length behind `packet`.
pub fn push_text(packet: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).expect("MQTT has no longer texts");
    packet.extend(length.to_be_bytes());
    packet.extend(text);
}

/// A connection to an MQTT endpoint.
#[derive(Debug)]
pub struct Packets {
    stream: TcpStream,
    heard: Vec<u8>,
    is_over: bool,
}

impl Packets {
    /// Connects, from `source` if one is given, and says nothing.
    #[track_caller]
    pub fn to(broker: SocketAddr, source: Option<IpAddr>) -> Self {
        let stream = wire::connect(broker, source, None);
        Self::over(stream.unwrap_or_else(|error| panic!("no connection to {broker}: {error}")))
    }

    /// Over a connection that is there.
    pub fn over(stream: TcpStream) -> Self {
        Self {
            stream,
            heard: Vec::new(),
            is_over: false,
        }
    }

    /// Connects, says CONNECT, and gives the code of the answer; `None` if there is none.
    #[track_caller]
    pub fn connect(
        broker: SocketAddr,
        source: Option<IpAddr>,
        connect: &Connect<'_>,
    ) -> (Self, Option<u8>) {
        let mut packets = Self::to(broker, source);
        packets.say(connect.packet());
        let answer = packets.hear(wait::PATIENCE);
        let code = answer.and_then(|packet| {
            assert_eq!(
                packet.first(),
                Some(&0x20),
                "CONNACK comes first: {packet:?}"
            );
            packet.get(3).copied()
        });
        (packets, code)
    }

    /// Sends bytes; whether the system took them.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Publishes with QoS 1 and waits for the PUBACK; how long that took. `None` if the connection
    /// ends before.
    #[track_caller]
    pub fn publish(&mut self, topic: &str, id: u16, payload: &[u8]) -> Option<Duration> {
        let began = Instant::now();
        self.say(publish(topic, id, payload));
        let [high, low] = id.to_be_bytes();
        loop {
            let packet = self.hear(wait::PATIENCE)?;
            if packet.starts_with(&[0x40, 2, high, low]) {
                return Some(began.elapsed());
            }
        }
    }

    /// The next packet; `None` if the connection ends or nothing comes within `patience`.
    #[track_caller]
    pub fn hear(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(length) = whole(&self.heard) {
                return Some(self.heard.drain(..length).collect());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.is_over || left.is_zero() {
                return None;
            }
            self.read();
        }
    }

    /// Whether the other side ends the connection within `patience`.
    pub fn is_closed(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.is_over && Instant::now() < deadline {
            self.read();
        }
        self.is_over
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.is_over = true,
            Ok(n) => self.heard.extend(&buffer[..n]),
            Err(error) if wire::is_pause(&error) => {}
            Err(_gone) => self.is_over = true,
        }
    }
}

/// The length of the packet at the beginning of `bytes`, once it is whole.
fn whole(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (n, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length += usize::from(byte & 127) << (7 * n);
        if byte & 128 == 0 {
            let whole = 2 + n + length;
            return (bytes.len() >= whole).then_some(whole);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_as_long_as_it_says() {
        let long = packet(0x30, &[7; 300]);
        assert_eq!(&long[..3], &[0x30, 0xac, 0x02]);
        assert_eq!(whole(&long), Some(303));
        assert_eq!(whole(&long[..302]), None);
        assert_eq!(whole(&[0x40, 2, 0, 1, 0x40]), Some(4));
        assert_eq!(whole(&[0x40]), None);
    }
}
