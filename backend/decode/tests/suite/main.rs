//! The crate from outside: messages in, elements out.
//!
//! `cfg(test)` tells clippy that all of it is test code, shared parts too.

#[cfg(test)]
mod cap;
#[cfg(test)]
mod chirpstack_v4;
#[cfg(test)]
mod cloudevents;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod egret_json;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod gtfs_rt;
#[cfg(test)]
mod hj212;
#[cfg(test)]
mod mapped_json;
#[cfg(test)]
mod ngsi_ld;
#[cfg(test)]
mod open311;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod senml;
#[cfg(test)]
mod sparkplug_b;
#[cfg(test)]
mod tts_v3;
