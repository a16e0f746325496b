//! Who may connect, and what a connected client may publish, subscribe to and receive. The server
//! fills this in; the endpoint asks at CONNECT, at every PUBLISH, at every SUBSCRIBE and at every
//! delivery, and never keeps an answer.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// What the server attached to a message when it published it: all that a [`Pass`] needs to decide
/// who may have it. Opaque here; a pass takes it apart with `downcast_ref`.
pub type Label = Arc<dyn Any + Send + Sync>;

/// What a client says about itself in CONNECT.
#[derive(Clone)]
pub struct Visitor {
    /// Its client identifier; assigned if it sent none.
    pub client: String,
    /// Its user name, if it sent one.
    pub user: Option<String>,
    /// Its password, if it sent one.
    pub password: Option<Vec<u8>>,
    /// Where it connects from, if the transport knows.
    pub peer: Option<SocketAddr>,
    /// The common name in the certificate that it has shown and the transport has verified.
    pub certificate: Option<String>,
}

/// A password is for the gate alone, and for no log.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor")
            .field("client", &self.client)
            .field("user", &self.user)
            .field("has_password", &self.password.is_some())
            .field("peer", &self.peer)
            .field("certificate", &self.certificate)
            .finish()
    }
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

/// What an admitted client may do, for the life of its connection, and of its session after that.
///
/// The answers may change from one call to the next. They are asked for with locks of the endpoint
/// held: they must come at once, and not from inside a call of [`crate::Handle`].
pub trait Pass: Send + Sync + 'static {
    /// Who is behind the connection: the same for everything the same principal connects, and never
    /// given to another. A session belongs to its owner, so that nobody comes into the session of
    /// somebody else by knowing its client identifier. Asked once.
    fn owner(&self) -> &str;

    /// Whether it may publish to this topic. Asked for every PUBLISH, so it must be cheap; for a will
    /// at CONNECT, and again when it is due.
    fn may_publish(&self, topic: &str) -> bool;

    /// Whether it may subscribe to this filter. That says nothing yet about what comes: a filter may
    /// match more than [`Pass::may_receive`] lets through.
    ///
    /// A malformed filter is refused before this is asked. Of a shared subscription
    /// `$share/{group}/{filter}` this is the filter within, for the group's name says nothing about
    /// what comes: who may subscribe to `a/#` may to `$share/g/a/#` with any `g`, and to nothing else
    /// by that. A group has members of one owner alone; another owner's of the same name is another
    /// group.
    fn may_subscribe(&self, filter: &str) -> bool;

    /// Whether it may be sent this message. Asked whenever a message is about to be written to the
    /// client, live, retained, queued and repeated alike, so it must be cheap. What it may not have is
    /// dropped, and the client does not learn of it. `label` is what the server published the message
    /// with; `None` for everything that clients have published.
    fn may_receive(&self, topic: &str, label: Option<&Label>) -> bool;

    /// Resolves when the pass is revoked, at once if it has been. The connection is then ended, its
    /// session dropped, its will not published. The other answers should be no from then on: a packet
    /// that is being worked on is still decided by them.
    fn ended(&self) -> BoxFuture<'static, ()>;
}

/// Whether a pass has been revoked.
pub(crate) fn has_ended(pass: &dyn Pass) -> bool {
    pass.ended().now_or_never().is_some()
}

/// Decides on CONNECT.
pub trait Gate: Send + Sync + 'static {
    /// Lets a visitor in, or says why not. May take its time (a password hash): only this client
    /// waits, within the CONNECT timeout.
    fn admit(&self, visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>>;

    /// A pass of an owner who is not there: of a session that waits for its client since before a
    /// restart. By it is decided what is kept waiting, until the client brings a pass of its own.
    /// `None` if the owner is not let in any more, and the session forgotten.
    fn recall(&self, owner: &str) -> Option<Arc<dyn Pass>>;
}

/// Lets everybody do everything, as one and the same owner: for loopback and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

impl Pass for Open {
    fn owner(&self) -> &'static str {
        ""
    }

    fn may_publish(&self, _topic: &str) -> bool {
        true
    }

    fn may_subscribe(&self, _filter: &str) -> bool {
        true
    }

    fn may_receive(&self, _topic: &str, _label: Option<&Label>) -> bool {
        true
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

impl Gate for Open {
    fn admit(&self, _visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        Box::pin(async { Ok(Arc::new(Open) as Arc<dyn Pass>) })
    }

    fn recall(&self, owner: &str) -> Option<Arc<dyn Pass>> {
        (owner == Open.owner()).then(|| Arc::new(Open) as Arc<dyn Pass>)
    }
}
