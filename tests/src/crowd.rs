//! Many connections at once that are slow on purpose. None of them ever waits.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::wire;

/// Connections to one server.
#[derive(Debug)]
pub struct Crowd {
    members: Vec<Member>,
    began: Instant,
    /// After how long each of those ended that have.
    pub ended: Vec<Duration>,
    /// What they had heard until then.
    pub heard: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// Lets this program, and those that it starts, have as many files open as the system allows.
pub fn allow_many_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        println!("no more files than before: {error}");
    }
}

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Self {
        Self {
            members: Vec::new(),
            began: Instant::now(),
            ended: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// `n` more that connect from `source` and say `first`. One that cannot connect has ended.
    pub fn join(&mut self, n: usize, server: SocketAddr, source: IpAddr, first: &[u8]) {
        for _ in 0..n {
            let connected = wire::connect(server, Some(source), None);
            self.take(connected, first);
        }
    }

    /// One more that says `first` and has little room for what it hears.
    pub fn join_deaf(&mut self, server: SocketAddr, source: IpAddr, first: &[u8]) {
        let connected = wire::connect(server, Some(source), Some(2 * 1024));
        self.take(connected, first);
    }

    /// One more, over a connection that is there.
    pub fn take(&mut self, connected: std::io::Result<TcpStream>, first: &[u8]) {
        let ready = connected.and_then(|mut stream| {
            stream.set_nonblocking(true)?;
            // What the system does not take at once is not said.
            let said = stream.write(first);
            said.map(|_| stream)
        });
        match ready {
            Ok(stream) => self.members.push(Member {
                stream,
                heard: Vec::new(),
            }),
            Err(_refused) => self.end(Vec::new()),
        }
    }

    /// How many are still connected, as far as [`Self::sweep`] has seen.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Has each of them say a little more.
    pub fn drip(&mut self, bytes: &[u8]) {
        self.keep(|member| match member.stream.write(bytes) {
            Ok(_) => true,
            Err(error) => wire::is_pause(&error),
        });
    }

    /// Has each of them take in what has come.
    pub fn sweep(&mut self) {
        self.keep(|member| {
            let mut buffer = [0; 4096];
            loop {
                match member.stream.read(&mut buffer) {
                    Ok(0) => return false,
                    Ok(n) => member.heard.extend(&buffer[..n]),
                    Err(error) => return wire::is_pause(&error),
                }
            }
        });
    }

    /// The longest that one of those was connected that have ended; nothing while none has.
    pub fn longest(&self) -> Option<Duration> {
        self.ended.iter().max().copied()
    }

    fn keep(&mut self, mut stays: impl FnMut(&mut Member) -> bool) {
        for mut member in std::mem::take(&mut self.members) {
            if stays(&mut member) {
                self.members.push(member);
            } else {
                self.end(member.heard);
            }
        }
    }

    fn end(&mut self, heard: Vec<u8>) {
        self.ended.push(self.began.elapsed());
        self.heard.push(heard);
    }
}

impl Default for Crowd {
    fn default() -> Self {
        Self::new()
    }
}
