//! Single sign-on as the server uses it: at a certified issuer, and at one that cheats.
//!
//! `cfg(test)` tells clippy that all of it is test code, shared parts too.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod certified;
#[cfg(test)]
mod description;
#[cfg(test)]
mod forger;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod issuer;
