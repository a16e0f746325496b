//! A batch of entries as one compressed body.
//!
//! Entries of one commit resemble one another (the same feeds, properties and areas), so that a
//! batch compresses to a fraction of its entries' sizes.

use std::io::Read as _;

use egret_city::entry::Entry;

/// How a body is written; the number stands beside it in the journal.
pub(super) const CODEC_ZSTD_POSTCARD: i64 = 1;

/// zstd's fastest ordinary level: higher ones cost more time than the disk saves.
const ZSTD_LEVEL: i32 = 1;

/// A body may not unfold to more than this: 4,096 entries of 256 values each stay far below.
const UNFOLDED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The body of `entries`.
///
/// # Errors
/// A sentence; only a float that is not finite could cause one, and validation excludes it.
pub(super) fn fold(entries: &[Entry]) -> Result<Vec<u8>, String> {
    let plain = postcard::to_stdvec(entries).map_err(|error| error.to_string())?;
    zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(|error| error.to_string())
}

/// The entries of `body`.
///
/// # Errors
/// A sentence that says what is wrong with the body.
pub(super) fn unfold(codec: i64, body: &[u8]) -> Result<Vec<Entry>, String> {
    if codec != CODEC_ZSTD_POSTCARD {
        return Err(format!("codec {codec} is unknown to this version"));
    }
    let reading = zstd::stream::Decoder::with_buffer(body).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    let n_bytes = reading
        .take(UNFOLDED_BYTES_MAX + 1)
        .read_to_end(&mut plain)
        .map_err(|error| error.to_string())?;
    if n_bytes as u64 > UNFOLDED_BYTES_MAX {
        return Err(format!(
            "it unfolds to more than {UNFOLDED_BYTES_MAX} bytes"
        ));
    }
    postcard::from_bytes(&plain).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use egret_shared::time::TimeMs;

    use super::*;

    #[test]
    fn a_batch_unfolds_to_what_was_folded() {
        let entries: Vec<Entry> = (0..100).map(|ms| Entry::Tick(TimeMs(ms))).collect();
        let body = fold(&entries).unwrap();
        assert_eq!(unfold(CODEC_ZSTD_POSTCARD, &body).unwrap(), entries);
    }

    #[test]
    fn a_damaged_batch_is_an_error_and_no_panic() {
        let mut body = fold(&[Entry::Tick(TimeMs(1))]).unwrap();
        body.truncate(body.len() / 2);
        assert!(unfold(CODEC_ZSTD_POSTCARD, &body).is_err());
        assert!(unfold(99, &body).unwrap_err().contains("99"));
    }
}
