//! Packets: cut out of a message, tried, and taken apart into fields.

use egret_shared::rejection::{Reason, Rejection};

use super::crc::checksum;
use crate::limits::ELEMENTS_MAX;
use crate::refuse::{refusal, shown};

/// What a packet begins with.
const HEAD: &[u8] = b"##";

/// What a packet ends with.
const END: &[u8] = b"\r\n";

/// Digits of the length, and of the checksum.
const DIGITS: usize = 4;

/// The bit of `Flag` that says that packets are numbered.
///
/// # Source
/// HJ 212-2017, table 5.
const IS_NUMBERED: u8 = 0b10;

/// A packet whose length and checksum fit.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// Where in the message it begins.
    offset: usize,
    /// What stands before CP.
    header: Vec<Field<'a>>,
    /// What stands in CP.
    command: Vec<Field<'a>>,
}

/// `key=value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'a> {
    /// Where in the message it begins.
    offset: usize,
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

impl<'a> Field<'a> {
    /// Its place for refusals.
    pub(super) fn place(&self) -> String {
        format!("byte {}", self.offset)
    }

    /// The code of the factor that it is about, and which kind of value it is.
    pub(super) fn parted(&self) -> (&'a str, &'a str) {
        self.key.rsplit_once('-').unwrap_or((self.key, ""))
    }
}

impl<'a> Packet<'a> {
    /// Its place for refusals.
    pub(super) fn place(&self) -> String {
        format!("byte {}", self.offset)
    }

    /// What stands in CP.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.command.iter()
    }

    /// The command's number.
    pub(super) fn command(&self) -> Result<&'a str, Rejection> {
        self.needed("CN")
    }

    /// The station's number.
    pub(super) fn station(&self) -> Result<&'a str, Rejection> {
        self.needed("MN")
    }

    /// Which of how many packets it is, if there are several.
    ///
    /// # Errors
    /// `Flag` says that packets are numbered, and the numbers are missing or make no sense.
    pub(super) fn segment(&self) -> Result<Option<(u16, u16)>, Rejection> {
        let flag = self.header("Flag").map(|field| field.value.parse::<u8>());
        let is_numbered = matches!(flag, Some(Ok(flag)) if flag & IS_NUMBERED != 0);
        let number = |key: &str| match self.header(key) {
            None => Ok(None),
            Some(field) => field.value.parse::<u16>().map(Some).map_err(|_no_number| {
                let (place, found) = (field.place(), shown(field.value));
                let detail = format!("{place}, {key}: {found}, expected a number");
                refusal(Reason::BadShape, detail)
            }),
        };
        match (number("PNO")?, number("PNUM")?) {
            (Some(number), Some(of)) if (1..=of).contains(&number) => {
                Ok(Some((number, of)).filter(|_| of > 1))
            }
            (None, None) if !is_numbered => Ok(None),
            _ => {
                let place = self.place();
                let detail = format!("{place}: PNUM and PNO do not number this packet");
                Err(refusal(Reason::BadShape, detail))
            }
        }
    }

    fn header(&self, key: &str) -> Option<&Field<'a>> {
        self.header.iter().find(|field| field.key == key)
    }

    fn needed(&self, key: &str) -> Result<&'a str, Rejection> {
        match self.header(key) {
            Some(field) if !field.value.is_empty() => Ok(field.value),
            _ => {
                let detail = format!("{}: no {key} in the packet", self.place());
                Err(refusal(Reason::BadShape, detail))
            }
        }
    }
}

/// Every packet of a message, or why it is none; one at least, and none beyond the first that is
/// too many. No byte is summed up twice.
pub(super) fn packets(payload: &[u8]) -> Vec<Result<Packet<'_>, Rejection>> {
    let mut packets = Vec::new();
    let mut offset = 0;
    loop {
        let frame = Frame::at(payload, offset);
        let end = match &frame {
            Ok(frame) => after_blanks(payload, frame.end),
            Err(_) => next_packet(payload, offset + 1),
        };
        packets.push(frame.and_then(|frame| Packet::of(&frame)));
        match end {
            Some(next) if packets.len() <= ELEMENTS_MAX => offset = next,
            _ => return packets,
        }
    }
}

/// Where something other than blanks stands from `from` on.
fn after_blanks(payload: &[u8], from: usize) -> Option<usize> {
    let rest = payload.get(from..)?;
    let n_blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    Some(from + n_blanks)
}

/// Where the next packet may begin, after one whose end is not known.
fn next_packet(payload: &[u8], from: usize) -> Option<usize> {
    let rest = payload.get(from..)?;
    let found = rest
        .windows(END.len() + HEAD.len())
        .position(|window| window.starts_with(END) && window.ends_with(HEAD));
    found.map(|found| from + found + END.len())
}

/// A packet by its length, its checksum not tried yet.
struct Frame<'a> {
    /// Where it begins.
    offset: usize,
    segment: &'a [u8],
    /// The checksum that was sent, and where it stands.
    sent: u16,
    sent_at: usize,
    /// Where it ends.
    end: usize,
}

impl<'a> Frame<'a> {
    fn at(payload: &'a [u8], offset: usize) -> Result<Self, Rejection> {
        let bytes = |at: usize, n: usize| payload.get(at..at.checked_add(n)?);
        if bytes(offset, HEAD.len()) != Some(HEAD) {
            return Err(fault(offset, "a packet begins with ##"));
        }
        let at = offset + HEAD.len();
        let Some(length) = bytes(at, DIGITS).and_then(decimal) else {
            return Err(fault(
                at,
                "four digits of the data segment's length are missing",
            ));
        };
        let at = at + DIGITS;
        let Some(segment) = bytes(at, length) else {
            let left = payload.len().saturating_sub(at);
            let said = format!("the data segment has {length} bytes, and {left} are there");
            return Err(fault(at, &said));
        };
        let sent_at = at + length;
        let Some(sent) = bytes(sent_at, DIGITS).and_then(hexadecimal) else {
            let said =
                format!("no checksum of four hexadecimal digits after {length} bytes of data");
            return Err(fault(sent_at, &said));
        };
        let at = sent_at + DIGITS;
        let end = match payload.get(at..) {
            None | Some([]) => at,
            Some(rest) if rest.starts_with(END) => at + END.len(),
            Some(_) => return Err(fault(at, "a packet ends with CR and LF")),
        };
        Ok(Self {
            offset,
            segment,
            sent,
            sent_at,
            end,
        })
    }
}

fn fault(at: usize, said: &str) -> Rejection {
    refusal(Reason::BadShape, format!("byte {at}: {said}"))
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let are_digits = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok()?;
    are_digits.then(|| text.parse().ok()).flatten()
}

fn hexadecimal(digits: &[u8]) -> Option<u16> {
    let are_digits = digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok()?;
    are_digits
        .then(|| u16::from_str_radix(text, 16).ok())
        .flatten()
}

impl<'a> Packet<'a> {
    /// The packet in `frame`, if its checksum fits.
    fn of(frame: &Frame<'a>) -> Result<Self, Rejection> {
        let Frame {
            offset,
            segment,
            sent,
            ..
        } = *frame;
        let computed = checksum(segment);
        if sent != computed {
            let said = format!("the checksum is {sent:04X}, and the data's is {computed:04X}");
            return Err(fault(frame.sent_at, &said));
        }
        let begin = offset + HEAD.len() + DIGITS;
        if let Some(at) = segment.iter().position(|byte| !byte.is_ascii()) {
            return Err(fault(begin + at, "a byte beyond ASCII"));
        }
        let text = std::str::from_utf8(segment).unwrap_or_default();
        let Some((header, command)) = text.split_once("CP=&&") else {
            return Err(fault(begin, "no CP=&& in the data segment"));
        };
        let command_at = begin + header.len() + "CP=&&".len();
        let Some(command) = command.strip_suffix("&&") else {
            return Err(fault(
                command_at,
                "CP does not end in &&, where the data segment ends",
            ));
        };
        let packet = Self {
            offset,
            header: fields(header, &[';'], begin)?,
            command: fields(command, &[';', ','], command_at)?,
        };
        Ok(packet)
    }
}

/// The fields of `text`, which begins at `at`, each once.
fn fields<'a>(text: &'a str, separators: &[char], at: usize) -> Result<Vec<Field<'a>>, Rejection> {
    let mut fields = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut offset = at;
    for part in text.split(separators) {
        let begin = offset;
        offset += part.len() + 1;
        if part.trim().is_empty() {
            continue;
        }
        let Some((key, value)) = part.split_once('=') else {
            let detail = format!("byte {begin}: {} has no =", shown(part));
            return Err(refusal(Reason::BadShape, detail));
        };
        if !seen.insert(key) {
            let detail = format!("byte {begin}: {} stands twice", shown(key));
            return Err(refusal(Reason::BadShape, detail));
        }
        fields.push(Field {
            offset: begin,
            key,
            value,
        });
    }
    Ok(fields)
}
