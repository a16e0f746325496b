//! Notifications as the server uses them: in a real file, to a real HTTP server and a real mail
//! server, and by processes that are killed.
//!
//! `cfg(test)` tells clippy that all of it is test code, shared parts too.

#[cfg(test)]
mod child;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod mail_server;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod robots;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod taking;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod world;
