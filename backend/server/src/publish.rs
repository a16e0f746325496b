//! From the fold's changes to frames that clients fetch.
//!
//! One [`log::ChannelLog`] per channel holds the channel's state and its last frames; a frame is
//! encoded once for all who take it. Clients pull at their own pace: one that is behind gets the
//! missing frames merged into one, so there is no outbox that could overflow.

pub(crate) mod assets;
pub(crate) mod channels;
pub(crate) mod log;
pub(crate) mod tiles;
