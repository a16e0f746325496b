//! The bytes of a table as text: UTF-8, what Excel calls "Unicode text" (UTF-16), or GB18030, in
//! which a Chinese Excel saves CSV.
//!
//! A byte order mark or the content type says which. Without either, a text is ASCII until the first
//! byte that is not; then it is UTF-8 if what has come is, and else GB18030.
//!
//! # Source
//! Encoding Standard (WHATWG); GB 18030-2022.

use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8};

use crate::api::problem::Problem;

/// Stands for bytes that are no character.
pub(super) const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// The longest byte order mark.
const MARK_BYTES: usize = 3;

/// A table's text, as it comes.
pub(super) struct Text {
    /// Known once something has said it.
    decoder: Option<Decoder>,
    /// Bytes that may still be in any encoding.
    held: Vec<u8>,
    /// Whether the beginning has been looked at.
    is_begun: bool,
}

impl Text {
    /// A text in the encoding that the content type names, if it does.
    ///
    /// # Errors
    /// 400 for one that nobody knows.
    pub(super) fn of(charset: Option<&str>) -> Result<Self, Problem> {
        let known = |label: &str| {
            let encoding = Encoding::for_label(label.as_bytes());
            encoding.ok_or_else(|| Problem::bad(format!("charset {label} is not known")))
        };
        let encoding = charset.map(known).transpose()?;
        Ok(Self {
            decoder: encoding.map(Encoding::new_decoder),
            held: Vec::new(),
            is_begun: false,
        })
    }

    /// The text of the next piece, with [`UNREADABLE`] for what is none.
    pub(super) fn read(&mut self, piece: &[u8], is_last: bool) -> String {
        let mut text = String::new();
        if let Some(decoder) = &mut self.decoder {
            decode(decoder, piece, is_last, &mut text);
            return text;
        }
        self.held.extend_from_slice(piece);
        if !self.is_begun && self.held.len() < MARK_BYTES && !is_last {
            return text;
        }
        let marked = Encoding::for_bom(&self.held).map(|(encoding, _)| encoding);
        let encoding = marked.filter(|_| !self.is_begun);
        self.is_begun = true;
        if let Some(encoding) = encoding.or_else(|| judge(&self.held, is_last)) {
            let mut decoder = encoding.new_decoder_with_bom_removal();
            decode(&mut decoder, &self.held, is_last, &mut text);
            self.held = Vec::new();
            self.decoder = Some(decoder);
        } else {
            let ascii = self.held.iter().take_while(|byte| byte.is_ascii()).count();
            text.extend(self.held.drain(..ascii).map(char::from));
        }
        text
    }

    /// What the text is written in.
    pub(super) fn encoding(&self) -> &'static str {
        let encoding = self.decoder.as_ref().map_or(UTF_8, Decoder::encoding);
        encoding.name()
    }
}

/// The encoding of bytes that have no mark; `None` if that cannot be told yet.
fn judge(bytes: &[u8], is_last: bool) -> Option<&'static Encoding> {
    let ascii = bytes.iter().take_while(|byte| byte.is_ascii()).count();
    let rest = bytes.get(ascii..).filter(|rest| !rest.is_empty())?;
    match std::str::from_utf8(rest) {
        Ok(_) => Some(UTF_8),
        Err(error) if error.error_len().is_some() || is_last => Some(GB18030),
        Err(error) if error.valid_up_to() > 0 => Some(UTF_8),
        Err(_cut) => None,
    }
}

fn decode(decoder: &mut Decoder, piece: &[u8], is_last: bool, text: &mut String) {
    let mut rest = piece;
    loop {
        let room = decoder.max_utf8_buffer_length(rest.len());
        text.reserve(room.unwrap_or(rest.len()));
        let (result, n_read, _) = decoder.decode_to_string(rest, text, is_last);
        rest = rest.get(n_read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "id,名称,值\nA-1,窨井水位,1.5\n";

    /// The text of `bytes`, cut at `at`, and its encoding.
    fn read(charset: Option<&str>, bytes: &[u8], at: usize) -> (String, &'static str) {
        let mut text = Text::of(charset).unwrap();
        let (before, after) = bytes.split_at(at);
        let mut read = text.read(before, false);
        read += &text.read(after, false);
        read += &text.read(&[], true);
        (read, text.encoding())
    }

    fn utf16(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    }

    #[test]
    fn every_encoding_is_told_and_read_wherever_it_is_cut() {
        let (gb, _, _) = GB18030.encode(TABLE);
        let marked = [b"\xef\xbb\xbf", TABLE.as_bytes()].concat();
        let cases = [
            (TABLE.as_bytes().to_vec(), "UTF-8"),
            (marked, "UTF-8"),
            (gb.into_owned(), "gb18030"),
            (utf16(TABLE), "UTF-16LE"),
        ];
        for (bytes, encoding) in cases {
            // A single byte of Chinese may begin either: with the next it is told.
            for at in 0..=bytes.len() {
                let (text, told) = read(None, &bytes, at);
                assert_eq!((text.as_str(), told), (TABLE, encoding), "cut at {at}");
            }
        }
        assert_eq!(read(None, b"id\n1\n", 2), ("id\n1\n".to_owned(), "UTF-8"));
    }

    #[test]
    fn what_the_content_type_says_counts() {
        let (gbk, _, _) = encoding_rs::GBK.encode("拢");
        // These bytes are UTF-8, too, and would be taken for that.
        assert_eq!(read(None, &gbk, 0).0, "£");
        assert_eq!(read(Some("gbk"), &gbk, 0), ("拢".to_owned(), "GBK"));
        assert!(Text::of(Some("klingon")).is_err());
    }

    #[test]
    fn bytes_that_are_no_character_are_seen() {
        let (text, _) = read(Some("utf-8"), b"a,\xff\n", 1);
        assert_eq!(text, format!("a,{UNREADABLE}\n"));
    }
}
