//! Who may connect, and what a connected client may publish and subscribe to. The server fills this
//! in; the endpoint asks at CONNECT, at every PUBLISH and at every SUBSCRIBE.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;

/// What a client says about itself in CONNECT.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Its client identifier; assigned if it sent none.
    pub client: String,
    /// Its user name, if it sent one.
    pub user: Option<String>,
    /// Its password, if it sent one.
    pub password: Option<Vec<u8>>,
    /// Where it connects from, if the transport knows.
    pub peer: Option<SocketAddr>,
}

/// Why a visitor is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// User name or password are wrong: 0x86 (3.1.1: 4).
    #[error("bad user name or password")]
    Credentials,
    /// Known, but not allowed here: 0x87 (3.1.1: 5).
    #[error("not authorized")]
    NotAuthorized,
    /// Cannot be decided now: 0x88 (3.1.1: 3).
    #[error("unavailable")]
    Unavailable,
}

/// What an admitted client may do, for the life of its connection.
pub trait Pass: Send + Sync + 'static {
    /// Whether it may publish to this topic. Asked for every PUBLISH, so it must be cheap.
    fn may_publish(&self, topic: &str) -> bool;
    /// Whether it may subscribe to this filter, that is, to every topic the filter matches.
    fn may_subscribe(&self, filter: &str) -> bool;
}

/// Decides on CONNECT.
pub trait Gate: Send + Sync + 'static {
    /// Lets a visitor in, or says why not. May take its time (a password hash): only this client
    /// waits, within the CONNECT timeout.
    fn admit(&self, visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>>;
}

/// Lets everybody do everything: for loopback and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

impl Pass for Open {
    fn may_publish(&self, _topic: &str) -> bool {
        true
    }

    fn may_subscribe(&self, _filter: &str) -> bool {
        true
    }
}

impl Gate for Open {
    fn admit(&self, _visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        Box::pin(async { Ok(Arc::new(Open) as Arc<dyn Pass>) })
    }
}
