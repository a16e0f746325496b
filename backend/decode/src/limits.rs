//! What one message may hold. The source caps the payload's bytes before it gets here; these
//! bound what the rest of the way in has to carry for it.
//!
//! Depth of nesting needs no number of ours: `serde_json` refuses beyond 128 levels of what is read, and
//! passes over what is not read without going deeper into the stack.

use egret_shared::id::ID_BYTES_MAX;

/// Readings or reports in one message.
///
/// A gateway that stored an hour of once-a-second readings of one sensor sends 3,600; a day of
/// one-minute readings of six sensors is 8,640. Beyond that a message is refused as a whole,
/// because it is acknowledged as a whole: its sender should cut its backlog into pieces.
pub const ELEMENTS_MAX: usize = 10_000;

/// Values in one reading.
///
/// The widest instruments known to the formats here, power quality analysers with harmonics of
/// three phases, report some 200.
pub const VALUES_MAX: usize = 256;

/// Bytes of one element of a message in protobuf.
///
/// A trip update of 200 stops has some 8 kB; the longest texts of alerts in four languages some
/// 20 kB. In memory an element of nothing but empty stops takes about 30 times what it has here.
pub const MEMBER_BYTES_MAX: usize = 65_536;

/// Bytes of any single word that is kept: ids, properties, units, states, categories.
pub const WORD_BYTES_MAX: usize = ID_BYTES_MAX;

/// Bytes of a report's free text; the rest is cut off, visibly, because a call for help is not
/// refused for being told at length.
///
/// Some 660 Chinese characters in UTF-8: the ticket summaries of 12345 centres are below 500.
pub const TEXT_BYTES_MAX: usize = 2_000;

/// Bytes of a sender's text that a refusal repeats, enough to recognise it.
pub const SHOWN_BYTES_MAX: usize = 60;

/// Elements of a message in XML.
///
/// 256 kB of service requests, of 20 elements and 500 bytes each, have 10,000. In memory an element
/// takes some 100 bytes besides its text.
pub const XML_ELEMENTS_MAX: usize = 20_000;

/// Elements within one another in XML: an alert goes five deep, a signature in it seven.
pub const XML_DEPTH_MAX: usize = 16;

/// Nodes of Sparkplug that one feed remembers the births of.
///
/// The largest installations that one broker is told to carry have some hundreds. With the aliases
/// this is what a feed of `sparkplug-b` costs in memory: 40 MB at most, at some 200 bytes each.
pub const NODES_MAX: usize = 1_000;

/// Metrics of one node and its devices that are remembered. Of a node with more, the others are
/// refused as unknown when they come without a name.
pub const ALIASES_MAX: usize = 10_000;

/// Metrics of all nodes of a feed that are remembered.
pub const ALIASES_ALL_MAX: usize = 200_000;

/// Rebirths of a feed that wait to be asked for: they are fetched within a second, and what does
/// not find room is wanted again by the node's next message.
pub const REBIRTHS_MAX: usize = 256;

/// How long a node is given to be born again before it is asked once more: a command may be lost,
/// and a node that polls its devices takes some seconds.
pub const REBIRTH_AGAIN_MS: u64 = 60_000;

const _: () = assert!(ALIASES_MAX <= ALIASES_ALL_MAX && REBIRTHS_MAX <= NODES_MAX);

const _: () = assert!(SHOWN_BYTES_MAX < WORD_BYTES_MAX && WORD_BYTES_MAX < TEXT_BYTES_MAX);
