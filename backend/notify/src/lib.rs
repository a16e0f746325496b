//! Egret's notifications out: a durable outbox, webhooks, chat robots and e-mail.
//!
//! Modules in the order in which a notice goes out: the server makes a [`notice`] of what happened,
//! `route` finds its recipients by the settings ([`config`] as they are written, [`settings`] as
//! they are used, `hours` of the week), [`outbox`] keeps it in one SQLite file (`store`), a
//! [`worker`] for each channel takes what is next, at its `pace`, many as one `digest`, puts it into
//! words (`message`) and sends it (`send`). [`status`] shows all of it, [`error`] says what went
//! wrong, `limits` bounds everything.
//!
//! The promise: each recipient gets each notice exactly once, or, where nobody can know whether a
//! try has arrived, again with a visible mark. `docs/notifications.md` tells it to operators.
//!
//! No clock is read here; it is passed in.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use egret_notify::{NotifyConfig, Outbox, Settings};
//! use egret_shared::time::TimeMs;
//!
//! # async fn serve(config: NotifyConfig, folder: &Path) -> Result<(), egret_notify::NotifyError> {
//! # let (zone, journal_seq) = (chrono_tz::Asia::Shanghai, 7);
//! # let tasks = tokio_util::task::TaskTracker::new();
//! # let shutdown = tokio_util::sync::CancellationToken::new();
//! let settings = Settings::new(&config, zone)?;
//! let outbox = Outbox::open(folder, settings, Arc::new(|| TimeMs(0)))?;
//! for worker in outbox.workers() {
//!     tasks.spawn(worker.run(shutdown.clone()));
//! }
//! // A new outbox begins at the end of the journal, and does not tell the past.
//! let from = match outbox.last_seq()? {
//!     Some(seq) => seq,
//!     None => {
//!         outbox.advance(journal_seq)?;
//!         journal_seq
//!     }
//! };
//! // Follow the journal after `from`. What is handed in twice is sent once.
//! outbox.enqueue(&[])?;
//! outbox.advance(from + 1)?;
//! let _status = outbox.status()?;
//! shutdown.cancel();
//! tasks.close();
//! tasks.wait().await;
//! # Ok(())
//! # }
//! ```

pub mod config;
mod digest;
pub mod error;
mod hours;
mod limits;
mod message;
pub mod notice;
pub mod outbox;
mod pace;
mod route;
mod send;
pub mod settings;
pub mod status;
mod store;
pub mod worker;

pub use config::NotifyConfig;
pub use error::{Mistake, NotifyError};
pub use notice::{Notice, NoticeKind};
pub use outbox::{Clock, Outbox, Taken};
pub use settings::Settings;
pub use status::{ChannelStatus, DeliveryRow, DeliveryState, Filter, Status};
pub use worker::Worker;
