//! What lies between a socket and MQTT, where there is something: TLS, a WebSocket, or whatever else
//! carries bytes in order.

use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection as far as MQTT is concerned.
pub struct Carried {
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// The name in the certificate that the client has shown and the transport has verified: the
    /// common name of its subject. Absent without one.
    pub certificate: Option<String>,
}

/// Makes of a socket what MQTT is spoken on.
pub trait Transport: Send + Sync + 'static {
    /// Opens it, within the CONNECT timeout of the endpoint, which drops the future after that.
    ///
    /// # Errors
    /// The client does not speak it, or the network ended it.
    fn open(&self, stream: TcpStream) -> BoxFuture<'static, io::Result<Carried>>;
}

/// Where a connection comes from, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct From {
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) certificate: Option<String>,
}
