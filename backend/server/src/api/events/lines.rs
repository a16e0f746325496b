//! Lines of JSON, as many as there are: read, kept and let go as they arrive.
//!
//! A piece of the body is a batch: its whole lines go to the journal together, and the body is not
//! read on while [`STREAM_BATCHES`](crate::limits::STREAM_BATCHES) of them are on their way, so
//! that the sender is slowed down by TCP. Only one line that is not complete is held.

use axum::Json;
use axum::body::Body;
use egret_shared::rejection::{Reason, Rejection, Stage};
use http_body_util::BodyExt as _;

use super::Reader;
use crate::api::Context;
use crate::api::problem::Problem;
use crate::api::taken::{Batch, Place, Taken, Taking};
use crate::limits::PAYLOAD_BYTES_MAX;

/// A line of a body.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// As it is, without its end.
    Whole(&'a [u8]),
    /// The head of one that is too long, and how long it is.
    Cut(&'a [u8], usize),
}

/// Cuts a body that comes in pieces into lines.
#[derive(Debug, Default)]
struct Cutter {
    /// The beginning of the line that is not complete, up to [`PAYLOAD_BYTES_MAX`].
    held: Vec<u8>,
    /// How long that line is so far.
    bytes: usize,
    /// Lines that are complete.
    n_lines: u64,
}

impl Cutter {
    /// Hands on every line that ends in `piece`, with its number.
    fn cut(&mut self, piece: &[u8], mut each: impl FnMut(u64, Line<'_>)) {
        let mut rest = piece;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            let (part, behind) = rest.split_at(at);
            rest = behind.get(1..).unwrap_or_default();
            self.n_lines += 1;
            if self.bytes == 0 && part.len() <= PAYLOAD_BYTES_MAX {
                each(self.n_lines, Line::Whole(part));
            } else {
                self.hold(part);
                self.hand_on(&mut each);
            }
        }
        self.hold(rest);
    }

    /// Hands on the last line, if nothing ended it.
    fn end(&mut self, mut each: impl FnMut(u64, Line<'_>)) {
        if self.bytes > 0 {
            self.n_lines += 1;
            self.hand_on(&mut each);
        }
    }

    fn hold(&mut self, part: &[u8]) {
        let room = PAYLOAD_BYTES_MAX.saturating_sub(self.held.len());
        let kept = part.get(..part.len().min(room)).unwrap_or_default();
        self.held.extend_from_slice(kept);
        self.bytes += part.len();
    }

    fn hand_on(&mut self, each: &mut impl FnMut(u64, Line<'_>)) {
        let line = if self.bytes > PAYLOAD_BYTES_MAX {
            Line::Cut(&self.held, self.bytes)
        } else {
            Line::Whole(&self.held)
        };
        each(self.n_lines, line);
        self.held.clear();
        self.bytes = 0;
    }
}

/// Takes every line in. One that is empty is passed over.
///
/// # Errors
/// As [`Taking::finish`]; 400 if the body breaks off, 401 once nobody is behind the sender any more.
/// What came before is kept all the same.
pub(super) async fn take(
    context: &Context,
    reader: &Reader<'_>,
    mut body: Body,
) -> Result<Json<Taken>, Problem> {
    let mut taking = Taking::begin(reader.intake);
    let mut cutter = Cutter::default();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                let detail = format!(
                    "the body broke off after line {}: {error}; what came before is kept",
                    cutter.n_lines
                );
                return Err(taking.break_off(detail).await);
            }
        };
        let Some(piece) = frame.data_ref() else {
            continue;
        };
        // A body may take hours, and a token may be revoked meanwhile.
        let Some(caller) = context.access.still(reader.caller) else {
            return Err(Problem::signed_out());
        };
        let reader = Reader {
            caller: &caller,
            ..*reader
        };
        let mut batch = Batch::begin();
        cutter.cut(piece, |number, line| reader.line(&mut batch, number, &line));
        taking.put(batch).await?;
    }
    let mut batch = Batch::begin();
    cutter.end(|number, line| reader.line(&mut batch, number, &line));
    taking.put(batch).await?;
    taking.finish().await.map(Json)
}

impl Reader<'_> {
    fn line(&self, batch: &mut Batch, number: u64, line: &Line<'_>) {
        match line {
            Line::Whole(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Line::Whole(text) => self.one(batch, Place::Line(number), text),
            Line::Cut(head, bytes) => {
                let detail =
                    format!("line {number} has {bytes} bytes, {PAYLOAD_BYTES_MAX} are allowed");
                let rejection = Rejection::new(Stage::Source, Reason::TooLarge, detail);
                let origin = self.origin(*bytes, None);
                let feed = self.feed.and_then(|feed| self.intake.def(feed));
                self.intake
                    .refuse(&mut batch.gathering, feed, origin, head, &rejection);
                batch.note(Place::Line(number), vec![rejection]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a body that comes in `pieces`.
    fn lines(pieces: &[&[u8]]) -> Vec<(u64, usize, Option<Vec<u8>>)> {
        let mut seen = Vec::new();
        let mut note = |number, line: Line<'_>| {
            seen.push(match line {
                Line::Whole(text) => (number, text.len(), Some(text.to_vec())),
                Line::Cut(head, bytes) => {
                    assert_eq!(head.len(), PAYLOAD_BYTES_MAX);
                    (number, bytes, None)
                }
            });
        };
        let mut cutter = Cutter::default();
        for piece in pieces {
            cutter.cut(piece, &mut note);
        }
        cutter.end(&mut note);
        seen
    }

    #[test]
    fn lines_are_the_same_wherever_the_body_is_cut() {
        let body = b"one\n\ntwo\r\nthree";
        let whole = lines(&[body]);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[3], (4, 5, Some(b"three".to_vec())));
        for at in 0..=body.len() {
            let (before, after) = body.split_at(at);
            assert_eq!(lines(&[before, after]), whole, "cut at {at}");
        }
        let single: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(lines(&single), whole);
    }

    #[test]
    fn of_a_line_that_is_too_long_only_the_head_is_held_and_the_next_is_whole() {
        let long = vec![b'x'; PAYLOAD_BYTES_MAX];
        let seen = lines(&[&long, &long, b"x\nnext\n", &long, b"\n"]);
        let told: Vec<_> = seen
            .iter()
            .map(|(n, bytes, text)| (*n, *bytes, text.is_some()))
            .collect();
        let expected = [
            (1, 2 * PAYLOAD_BYTES_MAX + 1, false),
            (2, 4, true),
            (3, PAYLOAD_BYTES_MAX, true),
        ];
        assert_eq!(told, expected);
    }
}
