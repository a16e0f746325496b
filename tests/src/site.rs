//! A web site that is fetched from: pages that a test puts there, changes and takes back, and who has
//! asked for them.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::wait;

/// The site. It ends with its value.
#[derive(Debug)]
pub struct Site {
    /// Where it is, on loopback.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<String, Page>,
    asked: Vec<Asked>,
    is_over: bool,
}

/// What is answered at a path.
#[derive(Clone, Debug, Default)]
pub struct Page {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    etag: Option<String>,
    is_held: bool,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    headers: Vec<(String, String)>,
}

/// The longest head of a request.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

impl Page {
    /// A page with this body.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    /// Another answer than success.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an ETag; who knows it is told that nothing has changed.
    #[must_use]
    pub fn tagged(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    /// Who asks for it gets no answer before another page is there.
    #[must_use]
    pub fn held(mut self) -> Self {
        self.is_held = true;
        self
    }

    /// The answer to `asked`.
    fn answer(&self, asked: &Asked) -> Vec<u8> {
        let is_known = self.etag.is_some() && asked.header("if-none-match") == self.etag.as_deref();
        let (status, body): (u16, &[u8]) = if is_known {
            (304, &[])
        } else {
            (self.status, &self.body)
        };
        let length = body.len().to_string();
        let etag = self.etag.iter().map(|etag| ("etag", etag.as_str()));
        let length = (!is_known).then_some(("content-length", length.as_str()));
        let headers = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let lines = headers.chain(etag).chain(length);
        let lines: Vec<String> = lines.map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        let head = format!(
            "HTTP/1.1 {status} -\r\nconnection: close\r\n{}",
            lines.concat()
        );
        [head.as_bytes(), b"\r\n", body].concat()
    }
}

impl Asked {
    /// The header with this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut lines = BufReader::new(stream.take(HEAD_BYTES_MAX)).lines();
        let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Self { path, headers })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    fn serve(&self, mut stream: TcpStream) {
        let Ok(asked) = Asked::read(&stream) else {
            return;
        };
        let mut state = self.lock();
        if !asked.path.is_empty() {
            state.asked.push(asked.clone());
        }
        let page = loop {
            let page = state.pages.get(&asked.path);
            let page = page.cloned().unwrap_or_else(|| Page::status(404));
            if !page.is_held || state.is_over {
                break page;
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        // Who has gone away meanwhile needs no answer.
        drop(stream.write_all(&page.answer(&asked)));
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Site {
    /// A site without pages.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        let serving = std::thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in listener.incoming().flatten() {
                if ours.lock().is_over {
                    break;
                }
                let ours = Arc::clone(&ours);
                connections.push(std::thread::spawn(move || ours.serve(stream)));
            }
            for connection in connections {
                drop(connection.join());
            }
        });
        Self {
            address,
            shared,
            serving: Some(serving),
        }
    }

    /// The URL of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts a page in the place of the one that is there.
    pub fn put(&self, path: &str, page: Page) {
        self.shared.lock().pages.insert(path.to_owned(), page);
        self.shared.changed.notify_all();
    }

    /// Who has asked for a page, in order.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let state = self.shared.lock();
        let asked = state.asked.iter().filter(|asked| asked.path == path);
        asked.cloned().collect()
    }

    /// Waits until a page has been asked for `n` times.
    #[track_caller]
    pub fn until_asked(&self, path: &str, n: usize) -> Vec<Asked> {
        wait::until(&format!("{path} is asked for {n} times"), || {
            let asked = self.asked(path);
            wait::check(asked.len() >= n, &asked)?;
            Ok(asked)
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        // The listener looks at whether it is over when somebody comes.
        drop(TcpStream::connect(self.address));
        if let Some(serving) = self.serving.take() {
            drop(serving.join());
        }
    }
}
