//! A gateway: one MQTT 3.1.1 connection that publishes with QoS 1 and counts its PUBACKs.
//!
//! Packets are written by hand, for a client library would cost more than the server under test.
//! PUBACKs must come in the order of their PUBLISH packets.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may leave a gateway without any answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Length of a PUBACK.
const PUBACK_BYTES: usize = 4;

/// One connection.
#[derive(Debug)]
pub struct Gateway {
    stream: TcpStream,
    waits: bool,
    out: Vec<u8>,
    written: usize,
    incoming: Vec<u8>,
    n_sent: u64,
    n_acked: u64,
}

impl Gateway {
    /// Connects with a clean session.
    #[track_caller]
    pub fn connect(broker: SocketAddr, client: &str) -> Self {
        let mut stream = TcpStream::connect(broker).expect("the broker listens");
        stream.set_nodelay(true).expect("a socket can be set");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket can be set");
        stream.write_all(&connect_packet(client)).expect("CONNECT");
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).expect("CONNACK");
        assert_eq!(connack, [0x20, 2, 0, 0], "the broker takes the connection");
        Self {
            stream,
            waits: true,
            out: Vec::new(),
            written: 0,
            incoming: Vec::new(),
            n_sent: 0,
            n_acked: 0,
        }
    }

    /// From now on [`Self::flush`] and [`Self::hear`] never wait.
    pub fn never_wait(&mut self) {
        self.waits = false;
        let set = self.stream.set_nonblocking(true);
        set.expect("a socket can be set");
    }

    /// Messages published and not yet acknowledged.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.n_sent - self.n_acked).expect("a window is small")
    }

    /// Messages acknowledged.
    pub fn acked(&self) -> u64 {
        self.n_acked
    }

    /// Writes a PUBLISH packet to what the next [`Self::flush`] sends.
    pub fn publish(&mut self, topic: &[u8], payload: &[u8]) {
        let body = 2 + topic.len() + 2 + payload.len();
        self.out.push(0x32);
        push_length(&mut self.out, body);
        push_text(&mut self.out, topic);
        self.out.extend(packet_id(self.n_sent));
        self.out.extend(payload);
        self.n_sent += 1;
    }

    /// Sends what was written.
    #[track_caller]
    pub fn flush(&mut self) {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("the broker does not take what is published: {error}"),
            }
        }
        self.out.clear();
        self.written = 0;
    }

    /// Takes in the PUBACKs that have come; waits for one unless told never to.
    #[track_caller]
    pub fn hear(&mut self) {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => panic!("the broker closed the connection"),
            Ok(n) => self.incoming.extend(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(!self.waits, "no PUBACK within {PATIENCE:?}");
            }
            Err(error) => panic!("the connection ended: {error}"),
        }
        let whole = self.incoming.len() - self.incoming.len() % PUBACK_BYTES;
        for packet in self.incoming[..whole].chunks_exact(PUBACK_BYTES) {
            let [high, low] = packet_id(self.n_acked);
            assert_eq!(packet, [0x40, 2, high, low], "PUBACKs come in order");
            self.n_acked += 1;
        }
        self.incoming.drain(..whole);
    }
}

/// Packet identifiers go round from 1 to 65,535.
fn packet_id(n: u64) -> [u8; 2] {
    let id = u16::try_from(n % u64::from(u16::MAX)).unwrap_or_default() + 1;
    id.to_be_bytes()
}

fn connect_packet(client: &str) -> Vec<u8> {
    let mut packet = vec![0x10];
    push_length(&mut packet, 10 + 2 + client.len());
    push_text(&mut packet, b"MQTT");
    // Version 3.1.1, clean session, no keep-alive.
    packet.extend([4, 2, 0, 0]);
    push_text(&mut packet, client.as_bytes());
    packet
}

fn push_text(packet: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).expect("topics are short");
    packet.extend(length.to_be_bytes());
    packet.extend(text);
}

/// The "remaining length" of MQTT 3.1.1, section 2.2.3.
fn push_length(packet: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length % 128).unwrap_or_default();
        length /= 128;
        packet.push(if length > 0 { low | 128 } else { low });
        if length == 0 {
            return;
        }
    }
}
