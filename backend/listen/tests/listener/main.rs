//! Drives a real listener with real sockets. Limits are short, so that a test waits for a close and
//! not for its clock; where a client has to be slow, an interval paces it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail like tests"
)]

mod greedy;
mod http2;
mod shutdown;
mod site;
mod slow;
mod tls;
mod websocket;
