//! What has to be asked for: feeds that are fetched by HTTP, again and again, within bounds and only
//! from where they may.
//!
//! In the order in which data flows: [`settings`] says where may be fetched from and knows the secrets;
//! [`guard`] checks each address before anything connects to it; [`http`] fetches once; [`gunzip`]
//! unpacks within the same bound; [`index`] reads lists of alerts; [`schedule`] says when next;
//! [`poller`] does it for one feed, and [`board`] shows how that goes. What is fetched goes to a
//! [`Keep`], and is remembered as fetched only once that has kept it.

mod board;
mod fetch;
mod guard;
mod gunzip;
mod held;
mod http;
mod index;
mod keep;
pub mod limits;
mod poller;
mod schedule;
mod secret;
mod settings;

pub use board::{Board, Outcome, PollState};
pub use fetch::{Answer, Ask, Failure, Fetch, Trouble, Validators};
pub use guard::{Forbidden, Guard};
pub use http::HttpFetch;
pub use keep::{Body, Keep, Kept, NotKept, Stands, TooLarge};
pub use poller::{Poller, Target, Tools};
pub use secret::Secret;
pub use settings::{PollConfig, SecretConfig, Settings, SettingsError};
