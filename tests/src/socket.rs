//! A WebSocket client: connects, subscribes, and hands on what the server says.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use egret_shared::channel::Channel;
use egret_shared::codec::{self, Encoding};
use egret_shared::message::{ClientMessage, Resume, ServerMessage, Welcome};
use serde_json::Value;
use socket2::{Domain, Socket as RawSocket, Type};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use crate::wait;

/// How long one read waits before the deadline is looked at.
const READ_STEP: Duration = Duration::from_millis(20);

/// A connection to `/ws`.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket<TcpStream>,
    encoding: Encoding,
    /// The first thing that the server said.
    pub welcome: Welcome,
}

impl Socket {
    /// Connects, and reads the welcome.
    #[track_caller]
    pub fn connect(server: SocketAddr, encoding: Encoding) -> Self {
        Self::open(server, encoding, None, None)
    }

    /// As [`Self::connect`], as whoever holds this API token.
    #[track_caller]
    pub fn connect_as(server: SocketAddr, encoding: Encoding, token: &str) -> Self {
        Self::open(server, encoding, None, Some(token))
    }

    /// As [`Self::connect`], with a receive buffer of so many bytes: one that stops reading then
    /// makes the server feel it soon.
    #[track_caller]
    pub fn connect_with(server: SocketAddr, encoding: Encoding, buffer: Option<usize>) -> Self {
        Self::open(server, encoding, buffer, None)
    }

    #[track_caller]
    fn open(
        server: SocketAddr,
        encoding: Encoding,
        buffer: Option<usize>,
        token: Option<&str>,
    ) -> Self {
        let stream = connected(server, buffer)
            .unwrap_or_else(|error| panic!("no connection to {server}: {error}"));
        let query = match encoding {
            Encoding::Json => "?encoding=json",
            Encoding::Binary => "",
        };
        let url = format!("ws://{server}/ws{query}").parse();
        let mut request = ClientRequestBuilder::new(url.expect("an address"));
        if let Some(token) = token {
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        let config = Some(WebSocketConfig::default().max_message_size(None));
        let (socket, _) = tungstenite::client::client_with_config(request, stream, config)
            .unwrap_or_else(|error| panic!("{server} speaks no WebSocket: {error}"));
        socket
            .get_ref()
            .set_read_timeout(Some(READ_STEP))
            .expect("a timeout can be set");
        let mut waiting = Waiting { socket, encoding };
        let first = waiting.hear(wait::PATIENCE);
        let Some(ServerMessage::Welcome(welcome)) = first else {
            panic!("the first message is {first:?}, no welcome");
        };
        Self {
            socket: waiting.socket,
            encoding,
            welcome,
        }
    }

    /// Subscribes to channels.
    #[track_caller]
    pub fn subscribe(&mut self, channels: &[&str]) {
        self.resume(channels, Vec::new());
    }

    /// Subscribes to channels of which something is still held.
    #[track_caller]
    pub fn resume(&mut self, channels: &[&str], resume: Vec<Resume>) {
        let channels = channels.iter().map(|text| channel(text)).collect();
        self.say(&ClientMessage::Subscribe { channels, resume });
    }

    /// Says something to the server.
    #[track_caller]
    pub fn say(&mut self, message: &ClientMessage) {
        let text = serde_json::to_string(message).expect("a client's message is JSON");
        self.say_text(&text);
    }

    /// Says any text to the server.
    #[track_caller]
    pub fn say_text(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text));
        sent.unwrap_or_else(|error| panic!("the server does not listen: {error}"));
    }

    /// The next message, if one comes in time; fails the test if the connection ends.
    #[track_caller]
    pub fn hear(&mut self, patience: Duration) -> Option<ServerMessage> {
        let bytes = next_bytes(&mut self.socket, patience)?;
        Some(decoded(&bytes, self.encoding))
    }

    /// Waits until the server has closed the connection, whatever it says before.
    #[track_caller]
    pub fn ends(&mut self) {
        crate::wait::until("the server closes the connection", || {
            match self.socket.read() {
                Ok(Message::Close(_)) => Ok(()),
                Ok(message) => Err(format!("{message:.60}")),
                Err(tungstenite::Error::Io(error)) if is_timeout(&error) => Err(error.to_string()),
                Err(_ended) => Ok(()),
            }
        });
    }

    /// The next message as JSON shows it to anyone else.
    #[track_caller]
    pub fn hear_json(&mut self, patience: Duration) -> Option<Value> {
        let bytes = next_bytes(&mut self.socket, patience)?;
        Some(serde_json::from_slice(&bytes).expect("a JSON client hears JSON"))
    }
}

/// A connection before its welcome.
struct Waiting {
    socket: WebSocket<TcpStream>,
    encoding: Encoding,
}

impl Waiting {
    fn hear(&mut self, patience: Duration) -> Option<ServerMessage> {
        let bytes = next_bytes(&mut self.socket, patience)?;
        Some(decoded(&bytes, self.encoding))
    }
}

/// The channel that `text` names.
#[track_caller]
pub fn channel(text: &str) -> Channel {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn connected(server: SocketAddr, buffer: Option<usize>) -> std::io::Result<TcpStream> {
    let socket = RawSocket::new(Domain::for_address(server), Type::STREAM, None)?;
    if let Some(bytes) = buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.connect(&server.into())?;
    Ok(socket.into())
}

#[track_caller]
fn next_bytes(socket: &mut WebSocket<TcpStream>, patience: Duration) -> Option<Vec<u8>> {
    let deadline = Instant::now() + patience;
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Some(text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => return Some(bytes.to_vec()),
            Ok(Message::Close(why)) => panic!("the server closed the connection: {why:?}"),
            Ok(_) => {}
            Err(tungstenite::Error::Io(error)) if is_timeout(&error) => {
                if Instant::now() >= deadline {
                    return None;
                }
            }
            Err(error) => panic!("the connection ended: {error}"),
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

#[track_caller]
fn decoded(bytes: &[u8], encoding: Encoding) -> ServerMessage {
    match encoding {
        Encoding::Binary => codec::decode(bytes).expect("the binary message decodes"),
        Encoding::Json => {
            let json: Value = serde_json::from_slice(bytes).expect("a JSON client hears JSON");
            from_json(&json).unwrap_or_else(|error| panic!("{error} in {json}"))
        }
    }
}

/// Reads a message from its JSON form, where `type` names the variant.
fn from_json(json: &Value) -> Result<ServerMessage, serde_json::Error> {
    let message = json.clone();
    match json["type"].as_str() {
        Some("welcome") => serde_json::from_value(message).map(ServerMessage::Welcome),
        Some("snapshot") => serde_json::from_value(message).map(ServerMessage::Snapshot),
        Some("delta") => serde_json::from_value(message).map(ServerMessage::Delta),
        Some("heartbeat") => serde_json::from_value(message).map(ServerMessage::Heartbeat),
        Some("error") => serde_json::from_value(message).map(ServerMessage::Error),
        _ => Err(serde::de::Error::custom("a message of no known type")),
    }
}
