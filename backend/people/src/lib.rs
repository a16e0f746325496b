//! Egret's people: accounts, sessions, tokens, walls, gateways, what each may do, and the audit trail.
//!
//! One SQLite file, `people.db`, with a state in memory that look-ups read. No runtime: what hashes
//! or writes blocks, and the server calls it where it may. The clock is passed in.
//!
//! Modules in the order in which somebody comes in: [`principal`] says who asks and who that is,
//! `throttle` counts failures (with `known` browsers apart), `password` hashes, `first`, `sign_in`,
//! [`external`], `sessions`, `tokens`, `gateways`, `pairings` and `devices` let in, `users` and `check` say who
//! there is. [`people`] turns each change into rows (`store`), a state (`state`) and a line of the
//! [`audit`] trail (under `seal`); `tend` looks after what goes by itself. `limits` bounds
//! everything. [`rights`] says what grants allow.

pub mod audit;
mod check;
mod devices;
pub mod error;
pub mod external;
mod first;
mod gateways;
mod known;
mod limits;
mod pairings;
mod password;
pub mod people;
pub mod principal;
pub mod rights;
mod seal;
mod secret;
mod sessions;
mod sign_in;
mod state;
mod store;
mod tend;
mod throttle;
mod tokens;
mod users;

pub use audit::{AuditFilter, Line};
pub use error::{PeopleError, Refused};
pub use external::External;
pub use people::{People, Settings};
pub use principal::{Actor, Found, Opened, Principal, Visit};
pub use secret::SessionSecret;
pub use store::owners_alone;
