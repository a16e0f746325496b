//! A browser, as far as signing in goes: it carries cookies and says where it comes from.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use serde_json::{Value, json};
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use crate::http::Answer;
use crate::server::Server;
use crate::tls::Certificate;
use crate::wire::{self, Wire};

/// Somebody's browser.
#[derive(Clone, Debug)]
pub struct Browser {
    server: SocketAddr,
    source: Option<IpAddr>,
    tls: Option<Arc<ClientConfig>>,
    /// Its cookies, by name. A test may change them.
    pub jar: BTreeMap<String, String>,
}

impl Browser {
    /// One that has never been anywhere.
    pub fn new(server: SocketAddr) -> Self {
        Self {
            server,
            source: None,
            tls: None,
            jar: BTreeMap::new(),
        }
    }

    /// The same, at another address.
    #[must_use]
    pub fn at(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// The same, by TLS, trusting this certificate alone.
    #[must_use]
    pub fn trusting(mut self, certificate: &Certificate) -> Self {
        self.tls = Some(certificate.client(&["http/1.1"]));
        self
    }

    /// Makes the first admin, called `admin`, with the code that the server printed.
    #[track_caller]
    pub fn first_admin(server: &Server, password: &str) -> Self {
        let mut browser = Self::new(server.http);
        browser.make_first(&server.first_code(), password);
        browser
    }

    /// Makes the first admin, called `admin`, with this code.
    #[track_caller]
    pub fn make_first(&mut self, code: &str, password: &str) {
        let form = json!({ "code": code, "name": "admin", "password": password });
        let answer = self.tell("POST", "/api/v1/first-start", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Tries to sign in.
    #[track_caller]
    pub fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let form = json!({ "name": name, "password": password });
        self.tell("POST", "/api/v1/sign-in", &form)
    }

    /// Has this browser, which is an admin's, make an account that signs in from now on with
    /// `password`; a new browser that has signed in as it.
    #[must_use]
    #[track_caller]
    pub fn make_person(&mut self, name: &str, password: &str, grants: &Value) -> Self {
        let first = format!("first {password}");
        let form = json!({ "name": name, "password": first, "grants": grants });
        let answer = self.tell("POST", "/api/v1/admin/users", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut browser = Self {
            jar: BTreeMap::new(),
            ..self.clone()
        };
        let answer = browser.sign_in(name, &first);
        assert_eq!(answer.status, 200, "{answer:?}");
        let change = json!({ "old": first, "new": password });
        let answer = browser.tell("POST", "/api/v1/me/password", &change);
        assert_eq!(answer.status, 204, "{answer:?}");
        browser
    }

    /// The origin of the server's own pages.
    pub fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.server)
    }

    /// What `GET path` is answered with.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// What one of the server's own pages is answered with that sends `body`, or nothing if it is
    /// null.
    #[track_caller]
    pub fn tell(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let origin = self.origin();
        let mut headers = vec![
            ("X-Egret", "1"),
            ("Origin", &*origin),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        if body.is_null() {
            return self.ask(method, path, &headers, "");
        }
        headers.push(("Content-Type", "application/json"));
        self.ask(method, path, &headers, &body.to_string())
    }

    /// What a request with these headers and no others but the cookies is answered with.
    #[track_caller]
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut lines = vec![
            format!("{method} {path} HTTP/1.1"),
            format!("Host: {}", self.server),
            "Connection: close".to_owned(),
        ];
        lines.extend(
            headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        if !self.jar.is_empty() {
            lines.push(format!("Cookie: {}", self.cookies()));
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        let head = lines.join("\r\n");
        let mut wire = match &self.tls {
            Some(config) => Wire::secure(self.server, self.source, Arc::clone(config)),
            None => Wire::from(self.server, self.source),
        };
        wire.say(format!("{head}\r\n\r\n{body}"));
        let answer = if method == "HEAD" {
            wire.hear_head()
        } else {
            wire.hear()
        };
        let answer = answer.unwrap_or_else(|| panic!("{method} {path} is not answered"));
        self.keep(&answer);
        answer
    }

    /// Who the server takes it to be: `GET /api/v1/me`.
    #[track_caller]
    pub fn me(&mut self) -> Value {
        self.get("/api/v1/me").json()
    }

    /// The value of the session's cookie, if it has one.
    pub fn session(&self) -> Option<&str> {
        let names = ["egret_session", "__Host-egret_session"];
        let found = names.iter().find_map(|name| self.jar.get(*name));
        found.map(String::as_str)
    }

    /// The same browser after its session's cookie was lost.
    #[must_use]
    pub fn without_session(mut self) -> Self {
        self.jar.retain(|name, _| !name.ends_with("egret_session"));
        self
    }

    /// A WebSocket of one of the server's pages; the status of the answer if it is refused.
    ///
    /// # Errors
    /// The status, such as 401.
    #[track_caller]
    pub fn socket(&self) -> Result<Screen, u16> {
        let origin = self.origin();
        let cookies = self.cookies();
        let mut headers = vec![("Origin", &*origin)];
        if !cookies.is_empty() {
            headers.push(("Cookie", &*cookies));
        }
        Screen::open(self.server, self.source, &headers)
    }

    fn cookies(&self) -> String {
        let pairs = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        let lines = answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie");
        for (_, line) in lines {
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie is a pair");
            if line.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A WebSocket that says JSON, and whose end is nothing unusual.
#[derive(Debug)]
pub struct Screen(WebSocket<TcpStream>);

/// What a WebSocket says next.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A message.
    Message(Value),
    /// That it is over.
    Closed,
    /// Nothing, for so long.
    Nothing,
}

impl Screen {
    /// Connects with these headers; the status of the answer if it is refused.
    ///
    /// # Errors
    /// The status, such as 403.
    #[track_caller]
    pub fn open(
        server: SocketAddr,
        source: Option<IpAddr>,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let stream = wire::connect(server, source, None);
        let stream = stream.unwrap_or_else(|error| panic!("no connection to {server}: {error}"));
        let url = format!("ws://{server}/ws?encoding=json");
        let mut request = ClientRequestBuilder::new(url.parse().expect("an address"));
        for (name, value) in headers {
            request = request.with_header(*name, *value);
        }
        // A handshake wants to wait.
        let set = stream.set_read_timeout(Some(crate::wait::PATIENCE));
        set.expect("a timeout can be set");
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => {
                let step = Some(Duration::from_millis(5));
                socket
                    .get_ref()
                    .set_read_timeout(step)
                    .expect("a timeout can be set");
                Ok(Self(socket))
            }
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{server} speaks no WebSocket: {error}"),
        }
    }

    /// Says something.
    pub fn say(&mut self, message: &Value) {
        // Where the other side has gone, hearing tells.
        drop(self.0.send(Message::text(message.to_string())));
    }

    /// Subscribes to a channel.
    pub fn subscribe(&mut self, channel: &str) {
        self.say(&json!({ "type": "subscribe", "channels": [channel] }));
    }

    /// What it says next, within `patience`.
    #[track_caller]
    pub fn hear(&mut self, patience: Duration) -> Said {
        let deadline = Instant::now() + patience;
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => {
                    return Said::Message(serde_json::from_str(&text).expect("JSON"));
                }
                Ok(Message::Close(_)) => return Said::Closed,
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if wire::is_pause(&error) => {
                    if Instant::now() >= deadline {
                        return Said::Nothing;
                    }
                }
                Err(_gone) => return Said::Closed,
            }
        }
    }

    /// The first message that `fits`; fails the test if none comes within `patience`.
    #[track_caller]
    pub fn find(&mut self, patience: Duration, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + patience;
        let mut last = Said::Nothing;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.hear(left) {
                Said::Message(message) if fits(&message) => return message,
                Said::Message(message) => last = Said::Message(message),
                other => panic!("{other:?} within {patience:?}; before that {last:?}"),
            }
        }
    }

    /// Hears on until it is over; the last message but heartbeats, and after how long. Fails the
    /// test if it is not over within `patience`.
    #[track_caller]
    pub fn until_closed(&mut self, patience: Duration) -> (Value, Duration) {
        let began = Instant::now();
        let mut last = Value::Null;
        loop {
            match self.hear(patience.saturating_sub(began.elapsed())) {
                Said::Message(message) if message["type"] == "heartbeat" => {}
                Said::Message(message) => last = message,
                Said::Closed => return (last, began.elapsed()),
                Said::Nothing => panic!("it is open after {patience:?}; it said {last}"),
            }
            assert!(began.elapsed() < patience, "it is open after {patience:?}");
        }
    }
}

/// A WebSocket's frame with this first byte that says it has `length` bytes, masked with zeros.
pub fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    // The mask's bit, and the two lengths that mean that more bytes tell it.
    const SHORT: u8 = 0x80;
    const MEDIUM: u8 = 0xfe;
    const LONG: u8 = 0xff;
    let mut frame = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..126), _) => frame.push(SHORT | short),
        (_, Ok(medium)) => {
            frame.push(MEDIUM);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(LONG);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
