//! The raw archive: accepted messages as their senders wrote them, found by any entry that came
//! of them.
//!
//! One compressed row per commit. Payloads, topics and senders stand one after the other in a
//! single text, described by [`Head`]s, so that taking a message in costs one copy and no
//! allocation of its own, and so that messages of one feed compress against one another.

use std::io::Read as _;

use egret_city::entry::Seq;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::personal::{self, Opened};
use super::{Beside, RawItem};
use crate::journal::JournalError;
use crate::seal::Seal;
use crate::seal::payload::Sealing;

/// Table of the archive. `total_bytes` counts the bodies of all rows ever written up to and with
/// this one, so that the archive's size is the difference of two rows and nothing has to scan.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS raw (
  first_seq   INTEGER PRIMARY KEY,
  last_seq    INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL,
  codec       INTEGER NOT NULL,
  body        BLOB    NOT NULL
);
";

/// How a body is written: the heads' length (4 bytes, little endian), the heads in postcard, the
/// text; all of it compressed.
const CODEC_ZSTD_HEADS_TEXT: i64 = 1;

/// The same, where heads tell of what came beside the payloads, and the text has that.
const CODEC_ZSTD_HEADS_TEXT_BESIDE: i64 = 2;

/// zstd's fastest ordinary level.
///
/// Measured with native JSON of 195 bytes and topics of 24, in commits of 64 to 4,096 messages:
/// level 1 keeps 37 to 39 bytes a message for 0.7 to 1.1 µs of CPU, level -3 keeps 59 to 64 bytes
/// for 0.35 to 0.45 µs (heads and row add some four bytes). The archive is bounded by bytes, so
/// that half a microsecond buys half as much again of the past.
const ZSTD_LEVEL: i32 = 1;

/// A row may not unfold to more than this: a commit's messages are bounded by far less.
const UNFOLDED_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// One message of a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    /// Index of its first entry among the batch's entries.
    first: u32,
    /// How many entries came of it.
    n_entries: u32,
    /// Bytes of the sender in the text.
    sender: u32,
    /// Bytes of the topic in the text.
    topic: u32,
    /// Bytes of the payload in the text.
    payload: u32,
    /// Bytes of the payload before it was sealed.
    bytes: u32,
    /// The number of its [`Sealing`].
    sealed: u8,
    received_at: TimeMs,
    /// Bytes in the text of what came beside the payload.
    beside: u32,
}

/// A [`Head`] of [`CODEC_ZSTD_HEADS_TEXT`].
#[derive(Deserialize)]
struct OldHead {
    first: u32,
    n_entries: u32,
    sender: u32,
    topic: u32,
    payload: u32,
    bytes: u32,
    sealed: u8,
    received_at: TimeMs,
}

impl From<OldHead> for Head {
    fn from(old: OldHead) -> Self {
        Self {
            first: old.first,
            n_entries: old.n_entries,
            sender: old.sender,
            topic: old.topic,
            payload: old.payload,
            bytes: old.bytes,
            sealed: old.sealed,
            received_at: old.received_at,
            beside: 0,
        }
    }
}

/// A message to be archived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawMessage<'a> {
    /// Index of its first entry among the batch's entries.
    pub first: usize,
    /// How many entries came of it.
    pub n_entries: usize,
    /// When it arrived.
    pub received_at: TimeMs,
    /// Who sent it.
    pub sender: &'a str,
    /// The MQTT topic or HTTP path.
    pub topic: &'a str,
    /// The payload, or the sealed payload.
    pub payload: &'a [u8],
    /// What came beside it, as bytes, sealed like it; empty if nothing did.
    pub beside: &'a [u8],
    /// How long the payload was before it was sealed.
    pub bytes: usize,
    /// How `payload` is sealed.
    pub sealing: Sealing,
}

/// Messages on their way to the archive.
#[derive(Debug, Default)]
pub(crate) struct RawBatch {
    heads: Vec<Head>,
    text: Vec<u8>,
}

impl RawBatch {
    /// Adds a message. Payloads are capped long before 4 GiB; one that were longer is left out.
    pub(crate) fn push(&mut self, message: &RawMessage<'_>) {
        let short = |length: usize| u32::try_from(length).ok();
        let head = || {
            Some(Head {
                first: short(message.first)?,
                n_entries: short(message.n_entries)?,
                sender: short(message.sender.len())?,
                topic: short(message.topic.len())?,
                payload: short(message.payload.len())?,
                bytes: short(message.bytes)?,
                sealed: message.sealing.number(),
                received_at: message.received_at,
                beside: short(message.beside.len())?,
            })
        };
        let Some(head) = head() else {
            return;
        };
        self.heads.push(head);
        self.text.extend_from_slice(message.sender.as_bytes());
        self.text.extend_from_slice(message.topic.as_bytes());
        self.text.extend_from_slice(message.payload);
        self.text.extend_from_slice(message.beside);
    }

    /// Adds the messages of `later`, whose entries begin at index `start` of this batch's.
    pub(crate) fn append(&mut self, later: &mut Self, start: usize) {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        self.heads.extend(later.heads.drain(..).map(|head| Head {
            first: head.first.saturating_add(start),
            ..head
        }));
        self.text.append(&mut later.text);
    }

    /// Takes the messages from the one with index `n_messages` on, whose text begins at `n_bytes`
    /// and whose entries at index `n_entries`.
    pub(crate) fn split_off(
        &mut self,
        n_messages: usize,
        n_bytes: usize,
        n_entries: usize,
    ) -> Self {
        let start = u32::try_from(n_entries).unwrap_or(u32::MAX);
        let mut heads = self.heads.split_off(n_messages.min(self.heads.len()));
        for head in &mut heads {
            head.first = head.first.saturating_sub(start);
        }
        Self {
            heads,
            text: self.text.split_off(n_bytes.min(self.text.len())),
        }
    }

    /// How many messages.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// All senders, topics and payloads, one after the other.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many bytes of text.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.len()
    }
}

/// Packs and keeps batches; keeps the compressor's tables from one to the next.
pub(crate) struct Archive {
    compressor: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Archive")
    }
}

impl Archive {
    /// An archive's writing side.
    ///
    /// # Errors
    /// If the compressor cannot have its memory.
    pub(crate) fn new() -> Result<Self, JournalError> {
        let failed = |error: std::io::Error| JournalError::Kept {
            what: "the raw archive".to_owned(),
            why: error.to_string(),
        };
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(failed)?,
            plain: Vec::new(),
        })
    }

    /// Keeps `batch`, whose entries have the seqs from `first_seq` to `last_seq`.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn put(
        &mut self,
        connection: &Connection,
        (first_seq, last_seq): (Seq, Seq),
        batch: &RawBatch,
    ) -> Result<(), JournalError> {
        let Some(newest) = batch.heads.iter().map(|head| head.received_at).max() else {
            return Ok(());
        };
        let body = self.pack(batch).map_err(|why| damaged(first_seq, why))?;
        connection
            .prepare_cached(
                "INSERT INTO raw (first_seq, last_seq, received_ms, total_bytes, codec, body)
                 VALUES (?1, ?2, ?3, ?4 + coalesce(
                   (SELECT total_bytes FROM raw ORDER BY first_seq DESC LIMIT 1), 0), ?5, ?6)",
            )?
            .execute(params![
                first_seq,
                last_seq,
                newest.0,
                body.len(),
                CODEC_ZSTD_HEADS_TEXT_BESIDE,
                body
            ])?;
        Ok(())
    }

    fn pack(&mut self, batch: &RawBatch) -> Result<Vec<u8>, String> {
        let heads = postcard::to_stdvec(&batch.heads).map_err(|error| error.to_string())?;
        let n_heads = u32::try_from(heads.len()).map_err(|error| error.to_string())?;
        self.plain.clear();
        self.plain.extend_from_slice(&n_heads.to_le_bytes());
        self.plain.extend_from_slice(&heads);
        self.plain.extend_from_slice(&batch.text);
        let packed = self.compressor.compress(&self.plain);
        self.plain.shrink_to(PLAIN_BYTES_KEPT);
        packed.map_err(|error| error.to_string())
    }
}

/// The buffer that is kept from one commit to the next: a busy commit of 4,096 messages.
const PLAIN_BYTES_KEPT: usize = 1024 * 1024;

fn damaged(first_seq: Seq, why: String) -> JournalError {
    JournalError::Kept {
        what: format!("the raw messages from entry {first_seq} on"),
        why,
    }
}

/// How a message is kept.
pub(crate) struct KeptRaw {
    /// How payload and properties are sealed.
    sealing: Sealing,
    /// What came beside the payload, as it is kept.
    beside: Vec<u8>,
}

impl KeptRaw {
    /// What came beside the payload, if that is in clear.
    fn told(&self) -> Beside {
        match self.sealing {
            Sealing::None => Beside::from_bytes(&self.beside),
            Sealing::Folder | Sealing::Keys | Sealing::Erased => Beside::default(),
        }
    }
}

/// The message that the entry `seq` came of, and how it is kept.
///
/// # Errors
/// If the database fails or the row is damaged.
pub(crate) fn find(
    connection: &Connection,
    seq: Seq,
) -> Result<Option<(RawItem, KeptRaw)>, JournalError> {
    let row: Option<(Seq, Seq, i64, Vec<u8>)> = connection
        .query_row(
            "SELECT first_seq, last_seq, codec, body FROM raw WHERE first_seq <= ?1
             ORDER BY first_seq DESC LIMIT 1",
            [seq],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    match row {
        Some((first_seq, last_seq, codec, body)) if seq <= last_seq => {
            message(first_seq, seq, codec, &body).map_err(|why| damaged(first_seq, why))
        }
        _ => Ok(None),
    }
}

/// The message of the entry `seq` in a row that begins at `first_seq`.
fn message(
    first_seq: Seq,
    seq: Seq,
    codec: i64,
    body: &[u8],
) -> Result<Option<(RawItem, KeptRaw)>, String> {
    let plain = unpacked(codec, body)?;
    let (n_heads, rest) = plain.split_first_chunk().ok_or("it is too short")?;
    let n_heads = usize::try_from(u32::from_le_bytes(*n_heads)).unwrap_or(usize::MAX);
    let (heads, mut text) = rest.split_at_checked(n_heads).ok_or("it is too short")?;
    let heads = read_heads(codec, heads).map_err(|error| error.to_string())?;
    for head in heads {
        let mut next = |n_bytes: u32| {
            let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
            let (part, rest) = text
                .split_at_checked(n_bytes)
                .ok_or("its text is too short")?;
            text = rest;
            Ok::<&[u8], String>(part)
        };
        let (sender, topic) = (next(head.sender)?, next(head.topic)?);
        let (payload, beside) = (next(head.payload)?, next(head.beside)?);
        let first = first_seq + Seq::from(head.first);
        if (first..first + Seq::from(head.n_entries)).contains(&seq) {
            let sealing = Sealing::from_number(head.sealed);
            let kept = KeptRaw {
                sealing,
                beside: beside.to_vec(),
            };
            let item = RawItem {
                seq,
                received_at: head.received_at,
                sender: String::from_utf8_lossy(sender).into_owned(),
                topic: String::from_utf8_lossy(topic).into_owned(),
                bytes: u64::from(head.bytes),
                payload: payload.to_vec(),
                beside: kept.told(),
                sealed: sealing.is_sealed(),
                erased: false,
                entries: (first, first + Seq::from(head.n_entries) - 1),
            };
            return Ok(Some((item, kept)));
        }
    }
    Ok(None)
}

fn read_heads(codec: i64, heads: &[u8]) -> postcard::Result<Vec<Head>> {
    if codec == CODEC_ZSTD_HEADS_TEXT {
        let old: Vec<OldHead> = postcard::from_bytes(heads)?;
        return Ok(old.into_iter().map(Head::from).collect());
    }
    postcard::from_bytes(heads)
}

fn unpacked(codec: i64, body: &[u8]) -> Result<Vec<u8>, String> {
    if ![CODEC_ZSTD_HEADS_TEXT, CODEC_ZSTD_HEADS_TEXT_BESIDE].contains(&codec) {
        return Err(format!("codec {codec} is unknown to this version"));
    }
    let reading = zstd::stream::Decoder::with_buffer(body).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    reading
        .take(UNFOLDED_BYTES_MAX)
        .read_to_end(&mut plain)
        .map_err(|error| error.to_string())?;
    Ok(plain)
}

/// The message that the entry `seq` came of, opened with `seal` if it is sealed.
///
/// # Errors
/// Also if it should open and does not.
pub(crate) fn find_opened(
    connection: &Connection,
    seal: &Seal,
    seq: Seq,
) -> Result<Option<RawItem>, JournalError> {
    let Some((item, kept)) = find(connection, seq)? else {
        return Ok(None);
    };
    let ((first, _), sealing) = (item.entries, kept.sealing);
    let payload = personal::open_payload(connection, seal, first, sealing, &item.payload)?;
    let beside = personal::open_beside(connection, seal, first, sealing, &kept.beside)?;
    let is_open = matches!(payload, Opened::Plain(_));
    let plain = |opened| match opened {
        Opened::Plain(plain) => plain,
        Opened::Gone => Vec::new(),
    };
    Ok(Some(RawItem {
        payload: plain(payload),
        beside: Beside::from_bytes(&plain(beside)),
        sealed: !is_open,
        erased: !is_open,
        ..item
    }))
}

/// Lets the whole row go in which the messages of the entry `seq` are: those of its commit.
///
/// # Errors
/// If the database fails.
pub(crate) fn erase_row(connection: &Connection, seq: Seq) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "DELETE FROM raw WHERE last_seq >= ?1 AND first_seq =
             (SELECT max(first_seq) FROM raw WHERE first_seq <= ?1)",
        )?
        .execute([seq])?;
    Ok(())
}

/// Lets at most `rows` rows go: those that arrived before `oldest`, and the oldest beyond
/// `bytes_max`. Returns how many went.
///
/// # Errors
/// If the database fails.
pub(crate) fn trim(
    connection: &Connection,
    oldest: TimeMs,
    bytes_max: u64,
    rows: usize,
) -> Result<usize, JournalError> {
    // Rows are in the order of arrival, so that looking stops at the first to be kept.
    Ok(connection
        .prepare_cached(
            "DELETE FROM raw WHERE first_seq IN (SELECT first_seq FROM raw ORDER BY first_seq
             LIMIT ?3) AND (received_ms < ?1 OR total_bytes - length(body) <
             (SELECT total_bytes FROM raw ORDER BY first_seq DESC LIMIT 1) - ?2)",
        )?
        .execute(params![oldest.0, bytes_max, rows])?)
}

#[cfg(test)]
mod tests;
