//! Casework at the running server, by real accounts: from a report to an evaluated incident, and
//! everything that is refused on the way; four eyes; who comes second; what a power cut leaves.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "casework/files.rs"]
mod files;
#[path = "casework/four_eyes.rs"]
mod four_eyes;
#[path = "casework/life.rs"]
mod life;
#[path = "casework/mode.rs"]
mod mode;
#[path = "casework/quiet.rs"]
mod quiet;
#[path = "casework/refused.rs"]
mod refused;
#[path = "casework/room.rs"]
mod room;
#[path = "casework/together.rs"]
mod together;
#[path = "casework/trail.rs"]
mod trail;
