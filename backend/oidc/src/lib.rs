//! Egret's single sign-on: the OpenID Connect code flow with PKCE.
//!
//! Modules in the order in which a sign-in comes by: [`settings`] say who the issuer is, `http`
//! talks to it, `provider` knows its endpoints and keys, `flows` remembers who has been sent there,
//! [`oidc`] sends them and takes them back, `token` believes what the issuer signed, `claims` reads
//! who that is. [`error`] says in words for a person what went wrong, `limits` bounds everything.
//!
//! Nothing is kept on disk: after a restart, whoever was on the way begins again.

mod claims;
pub mod error;
mod flows;
mod http;
mod limits;
pub mod oidc;
mod provider;
pub mod settings;
mod token;

pub use claims::Signed;
pub use error::OidcError;
pub use oidc::{Begun, Oidc};
pub use settings::Settings;
