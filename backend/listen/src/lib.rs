//! Egret's HTTP listener: TLS with reload, HTTP/1 and HTTP/2, and limits that a slow or greedy client
//! meets.
//!
//! [`serve()`] takes the place of `axum::serve`, which has no limits: there a client that sends one byte
//! a second holds its connection for good.
//!
//! Modules in the order in which a connection passes through them: [`serve`](mod@serve) accepts within
//! the limits, `hall` counts who is in, [`tls`] has the certificate, `connection` runs one client,
//! `wire` moves its bytes and `body` its bodies, both telling `pulse`, which says what the client is
//! waited for and until when. [`limits`] bounds everything, [`counters`] counts.

mod body;
mod connection;
pub mod counters;
mod hall;
pub mod limits;
mod pulse;
pub mod serve;
pub mod tls;
mod wire;

pub use counters::Counters;
pub use limits::Limits;
pub use serve::{Secure, serve};
pub use tls::{Opener, Showing, Tls, TlsError};
