//! Breaks a message a little, by a seed.

use crate::corpus::Sample;

/// What is known to hurt parsers, of JSON, XML, protobuf and packets alike.
const NASTY: [&[u8]; 31] = [
    b"\0",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"[",
    b"]",
    b"{\"\":",
    b"}",
    b",",
    b"null",
    b"NaN",
    b"-0",
    b"1e999",
    b"<!DOCTYPE a [<!ENTITY b \"bb\">]>",
    b"&b;",
    b"&#0;",
    b"<![CDATA[",
    b"]]>",
    b"<a>",
    b"</a>",
    b"xmlns:a='b'",
    b"&&",
    b";;",
    b"\r\n##",
    b"\x12\x00",
    b"\x80\x80\x80\x80\x04",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

/// Numbers at the edges of something.
const EDGES: [&str; 12] = [
    "0",
    "-1",
    "9",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "99999999999999999999",
    "253402300799999",
    "0.00000000000000000001",
];

/// A source of numbers that look random: SplitMix64, of Steele, Lea and Flood.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or_default()).unwrap_or_default()
    }

    pub(crate) fn bytes(&mut self, n_bytes: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(n_bytes + 8);
        while bytes.len() < n_bytes {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(n_bytes);
        bytes
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let number = self.below(list.len());
        list.get(number).copied()
    }
}

/// A sample's payload, broken in one to eight places, of no more than `n_bytes_max`.
pub(crate) fn broken(
    format: &str,
    sample: &Sample,
    samples: &[Sample],
    n_bytes_max: usize,
    rng: &mut Rng,
) -> Vec<u8> {
    let mut payload = sample.payload.clone();
    for _ in 0..=rng.below(8) {
        once(&mut payload, samples, n_bytes_max, rng);
        payload.truncate(n_bytes_max);
    }
    // A wrong checksum hides all that is behind it.
    if format == "hj212" && rng.below(8) > 0 {
        repair(&mut payload);
    }
    payload
}

fn once(payload: &mut Vec<u8>, samples: &[Sample], n_bytes_max: usize, rng: &mut Rng) {
    let from = rng.below(payload.len() + 1);
    let until = (from + rng.below(32)).min(payload.len());
    match rng.below(10) {
        0 => {
            let bit = rng.below(8);
            if let Some(byte) = payload.get_mut(from) {
                *byte ^= 1 << bit;
            }
        }
        1 => {
            let nasty = rng.of(&NASTY).unwrap_or_default();
            payload.splice(from..from, nasty.iter().copied());
        }
        2 => payload.truncate(from),
        3 => {
            payload.drain(from..until);
        }
        4 => {
            let n_bytes = rng.below(9);
            let bytes = rng.bytes(n_bytes);
            payload.splice(from..until, bytes);
        }
        5 => digits(payload, from, rng),
        6 => {
            let piece: Vec<u8> = payload.get(from..until).unwrap_or_default().to_vec();
            payload.splice(from..from, piece);
        }
        // Once in a while so often that limits are met.
        7 if rng.below(64) == 0 => {
            let piece: Vec<u8> = payload.get(from..until).unwrap_or_default().to_vec();
            let room = n_bytes_max.saturating_sub(payload.len());
            let n_times = room.checked_div(piece.len()).unwrap_or_default();
            let n_times = rng.below(n_times + 1);
            payload.splice(from..from, piece.repeat(n_times));
        }
        7 => {
            // As a length: protobuf's are a byte or several.
            let length = rng.of(&[0_u8, 1, 2, 0x7f, 0x80, 0xff]).unwrap_or_default();
            if let Some(byte) = payload.get_mut(from) {
                *byte = length;
            }
        }
        8 => {
            let number = rng.below(samples.len());
            let other = samples
                .get(number)
                .map_or(&[][..], |sample| &sample.payload);
            let start = rng.below(other.len() + 1);
            let end = (start + rng.below(256)).min(other.len());
            payload.splice(
                from..until,
                other.get(start..end).unwrap_or_default().iter().copied(),
            );
        }
        _ => {
            let n_bytes = payload.len();
            let to = rng.below(n_bytes.max(1));
            if from < n_bytes && to < n_bytes {
                payload.swap(from, to);
            }
        }
    }
}

/// Puts another number in the place of the next digits behind `from`.
fn digits(payload: &mut Vec<u8>, from: usize, rng: &mut Rng) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let rest = payload.get(from..).unwrap_or_default();
    let Some(start) = rest.iter().position(is_digit) else {
        return;
    };
    let n_digits = rest
        .iter()
        .skip(start)
        .take_while(|byte| is_digit(byte))
        .count();
    let edge = rng.of(&EDGES).unwrap_or_default();
    let start = from + start;
    payload.splice(start..start + n_digits, edge.bytes());
}

/// Gives a packet of HJ 212 the length and the checksum that it has now.
///
/// # Source
/// HJ 212-2017, section 6.3 and appendix A.
fn repair(payload: &mut Vec<u8>) {
    let end = payload.trim_ascii_end().len().saturating_sub(4);
    let segment: Vec<u8> = payload.get(6..end).unwrap_or_default().to_vec();
    let crc = segment.iter().fold(0xffff_u16, |crc, byte| {
        (0..8).fold((crc >> 8) ^ u16::from(*byte), |crc, _| {
            let carry = crc & 1;
            (crc >> 1) ^ (0xa001 * carry)
        })
    });
    *payload = format!("##{:04}", segment.len()).into_bytes();
    payload.extend(segment);
    payload.extend(format!("{crc:04X}\r\n").into_bytes());
}
