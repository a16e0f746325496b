//! Drives the real binary over real ports with clients written by others.
//!
//! From the ground up: time and waiting, processes and folders, the server, then its clients
//! (HTTP, WebSocket, Debian's Mosquitto, paho-mqtt, a browser's cookies), and bytes by hand, as
//! attackers write them. Nothing here sleeps: [`wait`] looks for a condition until a deadline. A tool
//! that is missing fails the test and says what to install.
//!
//! Each test starts what it needs on free ports with folders of its own, so that all can run at
//! once, and ends it when its values are dropped.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a harness reports by panicking: the message and the captured logs are the evidence; \
              an absent member of JSON reads as null"
)]

pub mod clock;
pub mod dice;
pub mod files;
pub mod tiles;
pub mod tools;
pub mod wait;

pub mod city;
pub mod process;
pub mod server;
pub mod site;
pub mod tls;

pub mod follower;
pub mod http;
pub mod line;
pub mod matrix;
pub mod message;
pub mod mosquitto;
pub mod paho;
pub mod socket;
pub mod sparkplug;

pub mod browser;
pub mod crowd;
pub mod desk;
pub mod packets;
pub mod receivers;
pub mod routes;
pub mod wall;
pub mod wire;

pub mod actuator;
pub mod bench;
