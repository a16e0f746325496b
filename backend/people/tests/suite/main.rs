//! People as the server uses them: in a real file, with real hashes.
//!
//! `cfg(test)` tells clippy that all of it is test code, shared parts too.

#[cfg(test)]
mod gateways;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod single_sign_on;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod users;
#[cfg(test)]
mod walls;
#[cfg(test)]
mod world;
