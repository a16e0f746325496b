//! Protobuf messages of the formats that are written so, and the walk through their outermost
//! layer.
//!
//! The types are written by hand for `prost`, so that no compiler of `.proto` files is needed to
//! build; fields that nothing here reads are left out, and are passed over when a message has them.
//! They are public so that tests and simulators can write what is read here.
//!
//! A list of empty messages takes two bytes for each on the wire and hundreds in memory. So the
//! outermost list, the only one that is long in honest messages, is walked over as it stands, and
//! its members are read one at a time. Lengths are compared with what is there before anything is
//! reserved, and groups, which nobody writes any more, are refused; deeper than the types below
//! go, nothing is read.
//!
//! # Source
//! Protocol Buffers, "Encoding".

pub mod gtfs_rt;
pub mod sparkplug_b;

use egret_shared::rejection::{Reason, Rejection};
use prost::Message;

use crate::limits::MEMBER_BYTES_MAX;
use crate::refuse::{beginning, refusal};

/// A field of the outermost message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// A whole number.
    Varint(u64),
    /// A text, bytes, or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes, passed over.
    Fixed,
}

/// Walks through the outermost fields of a message.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    n_bytes: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        let n_bytes = message.len();
        Self {
            rest: message,
            n_bytes,
        }
    }

    /// The next field's number and what it holds; `None` at the end.
    ///
    /// # Errors
    /// [`Reason::BadShape`] with the byte where it stops being protobuf.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, Rejection> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint("a field's key")?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint("a number")?),
            1 => self.taken(8).map(|_| Field::Fixed)?,
            2 => {
                let n_bytes = self.varint("a length")?;
                Field::Bytes(self.taken(n_bytes)?)
            }
            5 => self.taken(4).map(|_| Field::Fixed)?,
            kind => return Err(self.fault(&format!("a field of kind {kind}, which is not read"))),
        };
        Ok(Some((key >> 3, field)))
    }

    fn varint(&mut self, what: &str) -> Result<u64, Rejection> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.fault(&format!("{what} without an end")))
    }

    fn taken(&mut self, n_bytes: u64) -> Result<&'a [u8], Rejection> {
        let split = usize::try_from(n_bytes).ok();
        let Some((taken, rest)) = split.and_then(|n_bytes| self.rest.split_at_checked(n_bytes))
        else {
            let there = self.rest.len();
            return Err(self.fault(&format!("{n_bytes} bytes announced, {there} there")));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn fault(&self, what: &str) -> Rejection {
        let byte = self.n_bytes - self.rest.len();
        refusal(
            Reason::BadShape,
            format!("byte {byte}: no protobuf: {what}"),
        )
    }
}

/// The message of which these are the bytes.
///
/// # Errors
/// [`Reason::TooMany`] if there are more than [`MEMBER_BYTES_MAX`]; [`Reason::BadShape`] if they
/// are no such message.
pub(crate) fn member<M: Message + Default>(bytes: &[u8]) -> Result<M, Rejection> {
    if bytes.len() > MEMBER_BYTES_MAX {
        let n_bytes = bytes.len();
        let detail = format!("{n_bytes} bytes in one element, more than {MEMBER_BYTES_MAX}");
        return Err(refusal(Reason::TooMany, detail));
    }
    M::decode(bytes).map_err(|error| {
        let said = error.to_string();
        let detail = format!("not as its protobuf type says: {}", beginning(&said, 200));
        refusal(Reason::BadShape, detail)
    })
}

/// The number that a sender wrote who had four bytes for it: 12.3, not 12.300000190734863.
///
/// # Errors
/// [`Reason::OutOfRange`] with the place for what is no finite number.
pub(crate) fn decimal(v: f32, place: &str) -> Result<f64, Rejection> {
    let exact = f64::from(v);
    finite(v.to_string().parse().unwrap_or(exact), place)
}

/// `v`, if it is a finite number.
///
/// # Errors
/// [`Reason::OutOfRange`] with the place.
pub(crate) fn finite(v: f64, place: &str) -> Result<f64, Rejection> {
    if v.is_finite() {
        return Ok(v);
    }
    let detail = format!("{place}: {v} is no finite number");
    Err(refusal(Reason::OutOfRange, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(message: &[u8]) -> Result<Vec<(u64, Field<'_>)>, String> {
        let mut fields = Fields::new(message);
        let mut found = Vec::new();
        while let Some(field) = fields.next().map_err(|refused| refused.detail)? {
            found.push(field);
        }
        Ok(found)
    }

    /// The messages of "Encoding": `Test1 {a: 150}` and `Test2 {b: "testing"}`.
    #[test]
    fn fields_are_walked_over_as_they_stand() {
        let message = [
            b"\x08\x96\x01\x12\x07testing".as_slice(),
            &[0x1d, 0, 0, 0, 0],
        ]
        .concat();
        let expected = vec![
            (1, Field::Varint(150)),
            (2, Field::Bytes(b"testing")),
            (3, Field::Fixed),
        ];
        assert_eq!(walked(&message), Ok(expected));
    }

    #[test]
    fn a_length_beyond_the_message_is_refused_with_its_byte() {
        for (message, fault) in [
            (
                // A gigabyte.
                b"\x12\x80\x80\x80\x80\x04abc".as_slice(),
                "byte 6: no protobuf: 1073741824 bytes announced, 3 there",
            ),
            (
                b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                "byte 11: no protobuf: 18446744073709551615 bytes announced, 0 there",
            ),
            (b"\x08", "byte 1: no protobuf: a number without an end"),
            (
                &[0x80; 12],
                "byte 0: no protobuf: a field's key without an end",
            ),
            (
                b"\x0b\x0c",
                "byte 1: no protobuf: a field of kind 3, which is not read",
            ),
        ] {
            assert_eq!(walked(message), Err(fault.to_owned()));
        }
    }

    #[test]
    fn a_short_float_is_the_number_that_was_written() {
        assert_eq!(decimal(12.3, ""), Ok(12.3));
        assert_eq!(decimal(-0.1, ""), Ok(-0.1));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = decimal(bad, "/speed").unwrap_err();
            assert_eq!(refused.reason, Reason::OutOfRange);
            assert!(refused.detail.starts_with("/speed: "), "{refused:?}");
        }
    }
}
