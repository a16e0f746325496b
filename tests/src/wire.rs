//! HTTP/1.1 by hand: whatever bytes a test likes, plain or under TLS, from any loopback address.
//! Where a client library would refuse to send something, this sends it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{Domain, Socket as RawSocket, Type};

use crate::http::Answer;
use crate::tls::{self, Certificate};
use crate::wait;

/// How long one read waits before the deadline is looked at.
const READ_STEP: Duration = Duration::from_millis(50);

/// A connection.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    /// What has come and was not taken yet.
    heard: Vec<u8>,
    /// The other side has ended it.
    is_over: bool,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A loopback address that is this machine, and to the server somebody else than
/// `127.0.0.1`. There are 16 million.
pub fn somewhere(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    Ipv4Addr::new(127, 77, high, low).into()
}

/// A connection to `server`, if it can be made; from `source`, if one is given, and with a receive
/// buffer of so many bytes.
///
/// # Errors
/// Those of the system.
pub fn connect(
    server: SocketAddr,
    source: Option<IpAddr>,
    buffer: Option<usize>,
) -> std::io::Result<TcpStream> {
    let socket = RawSocket::new(Domain::for_address(server), Type::STREAM, None)?;
    if let Some(bytes) = buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    socket.connect(&server.into())?;
    let stream: TcpStream = socket.into();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_STEP))?;
    stream.set_write_timeout(Some(wait::PATIENCE))?;
    Ok(stream)
}

impl Wire {
    /// To `server`.
    #[track_caller]
    pub fn to(server: SocketAddr) -> Self {
        Self::from(server, None)
    }

    /// To `server`, from `source`.
    #[track_caller]
    pub fn from(server: SocketAddr, source: Option<IpAddr>) -> Self {
        let stream = connect(server, source, None);
        let stream = stream.unwrap_or_else(|error| panic!("no connection to {server}: {error}"));
        Self::over(Stream::Plain(stream))
    }

    /// To `server` by TLS, trusting this certificate alone.
    #[track_caller]
    pub fn secure(server: SocketAddr, source: Option<IpAddr>, config: Arc<ClientConfig>) -> Self {
        let stream = connect(server, source, None);
        let stream = stream.unwrap_or_else(|error| panic!("no connection to {server}: {error}"));
        // The handshake is part of the first write, which has no use for a short timeout.
        let set = stream.set_read_timeout(Some(wait::PATIENCE));
        set.expect("a timeout can be set");
        let connection = ClientConnection::new(config, tls::name()).expect("a client");
        let mut owned = StreamOwned::new(connection, stream);
        owned
            .flush()
            .unwrap_or_else(|error| panic!("no TLS with {server}: {error}"));
        let set = owned.sock.set_read_timeout(Some(READ_STEP));
        set.expect("a timeout can be set");
        Self::over(Stream::Tls(Box::new(owned)))
    }

    /// As [`Self::secure`], with this certificate.
    #[track_caller]
    pub fn trusting(server: SocketAddr, certificate: &Certificate) -> Self {
        Self::secure(server, None, certificate.client(&[]))
    }

    fn over(stream: Stream) -> Self {
        Self {
            stream,
            heard: Vec::new(),
            is_over: false,
        }
    }

    /// Sends bytes; whether the other side took them, or rather its system did.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        let said = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        said.is_ok()
    }

    /// Says that nothing more will come.
    pub fn end(&mut self) {
        let Stream::Plain(stream) = &self.stream else {
            return;
        };
        // Where the other side has gone, there is nothing to end.
        drop(stream.shutdown(Shutdown::Write));
    }

    /// The next answer; `None` if the connection ends without one.
    #[track_caller]
    pub fn hear(&mut self) -> Option<Answer> {
        self.answer(false)
    }

    /// The answer to a HEAD request.
    #[track_caller]
    pub fn hear_head(&mut self) -> Option<Answer> {
        self.answer(true)
    }

    /// Sends a request and hears its answer.
    #[track_caller]
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> Option<Answer> {
        self.say(request);
        self.hear()
    }

    /// Every answer until the other side ends the connection or says nothing more for `quiet`.
    #[track_caller]
    pub fn hear_all(&mut self, quiet: Duration) -> Vec<Answer> {
        let mut answers = Vec::new();
        while !self.heard.is_empty() || self.more(quiet) {
            answers.extend(self.hear());
        }
        answers
    }

    /// Whatever comes until the other side ends the connection, and after how long; fails the test
    /// if it does not within `patience`.
    #[track_caller]
    pub fn until_closed(&mut self, patience: Duration) -> (Vec<u8>, Duration) {
        let began = Instant::now();
        while !self.is_over {
            let left = patience.saturating_sub(began.elapsed());
            let had = self.heard.len();
            let more = self.more(left);
            assert!(
                more || self.is_over || !left.is_zero(),
                "the connection is open after {patience:?}; {had} bytes came"
            );
        }
        (std::mem::take(&mut self.heard), began.elapsed())
    }

    /// Whether the other side ends the connection within `patience`.
    pub fn is_closed(&mut self, patience: Duration) -> bool {
        let began = Instant::now();
        while !self.is_over && began.elapsed() < patience {
            self.more(patience.saturating_sub(began.elapsed()));
        }
        self.is_over
    }

    /// The plain connection underneath.
    ///
    /// # Panics
    /// If there is TLS.
    #[track_caller]
    pub fn into_stream(self) -> TcpStream {
        match self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(_) => panic!("there is TLS on this connection"),
        }
    }

    /// Reads on; whether anything came within `patience`.
    fn more(&mut self, patience: Duration) -> bool {
        if self.is_over {
            return false;
        }
        let deadline = Instant::now() + patience;
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut buffer),
                Stream::Tls(stream) => stream.read(&mut buffer),
            };
            match read {
                Ok(0) => self.is_over = true,
                Ok(n) => {
                    self.heard.extend(&buffer[..n]);
                    return true;
                }
                Err(error) if is_pause(&error) => {
                    if Instant::now() < deadline {
                        continue;
                    }
                }
                Err(_gone) => self.is_over = true,
            }
            return false;
        }
    }

    #[track_caller]
    fn answer(&mut self, is_head: bool) -> Option<Answer> {
        let deadline = Instant::now() + wait::PATIENCE;
        loop {
            match parsed(&self.heard, self.is_over, is_head) {
                Parsed::Whole(answer, n_bytes) => {
                    self.heard.drain(..n_bytes);
                    if (100..200).contains(&answer.status) && answer.status != 101 {
                        continue;
                    }
                    return Some(answer);
                }
                Parsed::Part if self.is_over => {
                    let rest = std::mem::take(&mut self.heard);
                    let text = String::from_utf8_lossy(&rest);
                    assert!(
                        rest.is_empty(),
                        "the connection ends in the middle of {text:?}"
                    );
                    return None;
                }
                Parsed::Part => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let text = String::from_utf8_lossy(&self.heard);
                    assert!(!left.is_zero(), "no whole answer came: {text:?}");
                    self.more(left);
                }
            }
        }
    }
}

/// Whether a read only had nothing to read yet.
pub(crate) fn is_pause(error: &std::io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

enum Parsed {
    /// An answer, and how many bytes it has.
    Whole(Answer, usize),
    /// The beginning of one.
    Part,
}

#[track_caller]
fn parsed(bytes: &[u8], is_over: bool, is_head: bool) -> Parsed {
    let Some(head_end) = find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return Parsed::Part;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok());
    let is_http = version.starts_with("HTTP/1.");
    let status: u16 = status
        .filter(|_| is_http)
        .unwrap_or_else(|| panic!("the server says what is no HTTP: {head:?}"));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let kind = headers.iter().find(|(name, _)| name == "content-type");
    let mut answer = Answer {
        status,
        kind: kind.map(|(_, kind)| kind.clone()).unwrap_or_default(),
        headers,
        body: String::new(),
    };
    let is_bare = is_head || status < 200 || status == 204 || status == 304;
    let rest = &bytes[head_end..];
    let body = if is_bare {
        Some((Vec::new(), 0))
    } else if answer.header("transfer-encoding") == Some("chunked") {
        chunked(rest)
    } else if let Some(length) = answer.header("content-length") {
        let length: usize = length.parse().expect("a length is a number");
        rest.get(..length).map(|body| (body.to_vec(), length))
    } else {
        is_over.then(|| (rest.to_vec(), rest.len()))
    };
    let Some((body, n_bytes)) = body else {
        return Parsed::Part;
    };
    answer.body = String::from_utf8_lossy(&body).into_owned();
    Parsed::Whole(answer, head_end + n_bytes)
}

/// The body in chunks at the beginning of `bytes` and how many bytes it takes, once it is whole.
fn chunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line_end = at + find(&bytes[at..], b"\r\n")?;
        let size = String::from_utf8_lossy(&bytes[at..line_end]);
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk has its size");
        let begin = line_end + 2;
        let end = begin + size;
        body.extend(bytes.get(begin..end)?);
        at = end + 2;
        bytes.get(end..at)?;
        if size == 0 {
            return Some((body, at));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, is_over: bool) -> Option<(Answer, usize)> {
        match parsed(text.as_bytes(), is_over, false) {
            Parsed::Whole(answer, n_bytes) => Some((answer, n_bytes)),
            Parsed::Part => None,
        }
    }

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let (answer, n_bytes) = whole(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nokHTTP",
            false,
        )
        .unwrap();
        assert_eq!((answer.status, &*answer.body, n_bytes), (200, "ok", 46));
        assert_eq!(answer.header("a"), Some("b"));
        let chunks =
            "HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(whole(chunks, false).unwrap().0.body, "abc");
        assert!(whole(&chunks[..chunks.len() - 1], false).is_none());
        let bare = "HTTP/1.0 200 OK\r\n\r\nall";
        assert!(whole(bare, false).is_none());
        assert_eq!(whole(bare, true).unwrap().0.body, "all");
    }
}
