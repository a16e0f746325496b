//! A line between two machines that can be cut: a TCP proxy.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A line to somewhere, at an address of its own. Ends with the test's process.
#[derive(Debug)]
pub struct Line {
    /// Where it begins.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_cut: AtomicBool,
    /// Both ends of every connection that stands.
    ends: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// A line to `target`.
    #[track_caller]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // Whoever comes while it is cut, or finds nobody at the other end, is sent away.
                drop(serving.carry(near, target));
            }
        });
        Self { address, shared }
    }

    /// Ends every connection in the middle of whatever it carries, and lets nobody through until
    /// [`Self::mend`].
    pub fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::SeqCst);
        for end in self.shared.ends().drain(..) {
            // It may have ended by itself.
            drop(end.shutdown(Shutdown::Both));
        }
    }

    /// Lets everybody through again.
    pub fn mend(&self) {
        self.shared.is_cut.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn ends(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry(&self, near: TcpStream, target: SocketAddr) -> io::Result<()> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        let far = TcpStream::connect(target)?;
        for end in [&near, &far] {
            end.set_nodelay(true)?;
            self.ends().push(end.try_clone()?);
        }
        let (from_near, from_far) = (near.try_clone()?, far.try_clone()?);
        for (from, to) in [(from_near, far), (from_far, near)] {
            thread::spawn(move || pump(from, to));
        }
        Ok(())
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // However it ends, the other side learns of it.
    drop(io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Both));
}
