//! Messages to bytes and back, in the two encodings of `/ws`.
//!
//! Binary is postcard: compact, and documented as stable; it does not describe itself, so the
//! welcome carries [`schema`]. JSON describes itself and is for anyone else: the same structs,
//! with a `type` field.

use serde::Serialize;

use crate::message::{
    ClientMessage, DeltaFrame, ErrorFrame, Heartbeat, PROTOCOL, ServerMessage, SnapshotFrame,
    Welcome,
};

/// How a client wants to be spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// postcard in binary frames.
    #[default]
    Binary,
    /// JSON in text frames.
    Json,
}

/// A message could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The binary form is wrong, or of another schema.
    #[error("binary message: {0}")]
    Binary(#[from] postcard::Error),
    /// The JSON form is wrong.
    #[error("JSON message: {0}")]
    Json(#[from] serde_json::Error),
}

/// `ServerMessage` as JSON shows it: the variant's name in a `type` field.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged<'a> {
    Welcome(&'a Welcome),
    Snapshot(&'a SnapshotFrame),
    Delta(&'a DeltaFrame),
    Heartbeat(&'a Heartbeat),
    Error(&'a ErrorFrame),
}

/// `message` in `encoding`.
///
/// # Errors
/// Only if a float is not finite, which the stages before exclude; the caller logs it as ERROR.
pub fn encode(message: &ServerMessage, encoding: Encoding) -> Result<Vec<u8>, CodecError> {
    match encoding {
        Encoding::Binary => Ok(postcard::to_stdvec(message)?),
        Encoding::Json => Ok(serde_json::to_vec(&match message {
            ServerMessage::Welcome(welcome) => Tagged::Welcome(welcome),
            ServerMessage::Snapshot(frame) => Tagged::Snapshot(frame),
            ServerMessage::Delta(frame) => Tagged::Delta(frame),
            ServerMessage::Heartbeat(beat) => Tagged::Heartbeat(beat),
            ServerMessage::Error(error) => Tagged::Error(error),
        })?),
    }
}

/// The message in `bytes` of the binary encoding.
///
/// # Errors
/// [`CodecError::Binary`]; a browser then reloads itself, for the server speaks another schema.
pub fn decode(bytes: &[u8]) -> Result<ServerMessage, CodecError> {
    Ok(postcard::from_bytes(bytes)?)
}

/// The client's message in `text`.
///
/// # Errors
/// [`CodecError::Json`] with line and column, which the server sends back.
pub fn decode_client(text: &str) -> Result<ClientMessage, CodecError> {
    Ok(serde_json::from_str(text)?)
}

/// Fingerprint of the binary wire's types.
///
/// Built from the sources that define them, so that no change is forgotten: two builds of the
/// same sources speak to each other, others reload.
pub fn schema() -> String {
    format!("{PROTOCOL}-{SCHEMA:016x}")
}

/// [`schema`]'s number, computed by the compiler so that no source text ends up in a program.
const SCHEMA: u64 = {
    let mut hash = FNV_OFFSET;
    hash = fingerprint(hash, include_bytes!("id.rs"));
    hash = fingerprint(hash, include_bytes!("text.rs"));
    hash = fingerprint(hash, include_bytes!("time.rs"));
    hash = fingerprint(hash, include_bytes!("position.rs"));
    hash = fingerprint(hash, include_bytes!("place.rs"));
    hash = fingerprint(hash, include_bytes!("level.rs"));
    hash = fingerprint(hash, include_bytes!("flags.rs"));
    hash = fingerprint(hash, include_bytes!("asset.rs"));
    hash = fingerprint(hash, include_bytes!("metric.rs"));
    hash = fingerprint(hash, include_bytes!("issued.rs"));
    hash = fingerprint(hash, include_bytes!("alert.rs"));
    hash = fingerprint(hash, include_bytes!("incident.rs"));
    hash = fingerprint(hash, include_bytes!("case/act.rs"));
    hash = fingerprint(hash, include_bytes!("case/dossier.rs"));
    hash = fingerprint(hash, include_bytes!("case/task.rs"));
    hash = fingerprint(hash, include_bytes!("mode.rs"));
    hash = fingerprint(hash, include_bytes!("feed.rs"));
    hash = fingerprint(hash, include_bytes!("event.rs"));
    hash = fingerprint(hash, include_bytes!("tile.rs"));
    hash = fingerprint(hash, include_bytes!("tile/columns.rs"));
    hash = fingerprint(hash, include_bytes!("tile/wire.rs"));
    hash = fingerprint(hash, include_bytes!("snapshot.rs"));
    hash = fingerprint(hash, include_bytes!("delta.rs"));
    hash = fingerprint(hash, include_bytes!("wall.rs"));
    fingerprint(hash, include_bytes!("message.rs"))
};

/// FNV-1a, 64 bits: a fingerprint, no defence.
///
/// # Source
/// IETF draft-eastlake-fnv.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[expect(
    clippy::indexing_slicing,
    reason = "a const fn has no iterators; the loop is bounded"
)]
const fn fingerprint(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(FNV_PRIME);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TimeMs;

    #[test]
    fn a_heartbeat_in_json_names_its_type() {
        let beat = ServerMessage::Heartbeat(Heartbeat {
            at: TimeMs(0),
            seq: 7,
        });
        let json = encode(&beat, Encoding::Json).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert_eq!(
            json,
            r#"{"type":"heartbeat","at":"1970-01-01T00:00:00.000Z","seq":7}"#
        );
    }

    #[test]
    fn binary_messages_are_read_back() {
        let beat = ServerMessage::Heartbeat(Heartbeat {
            at: TimeMs(5),
            seq: 7,
        });
        assert_eq!(
            decode(&encode(&beat, Encoding::Binary).unwrap()).unwrap(),
            beat
        );
    }

    #[test]
    fn a_plain_subscription_is_understood() {
        let text = r#"{"type":"subscribe","channels":["city","asset/manhole/M-1"]}"#;
        assert!(
            matches!(decode_client(text).unwrap(), ClientMessage::Subscribe { channels, .. }
            if channels.len() == 2)
        );
    }
}
