//! Cuts a client's byte stream into packets, before the protocol core sees them.
//!
//! A PUBLISH is cut in two: its header, rewritten as a PUBLISH without payload, goes through the
//! core (packet identifiers, aliases, flow control), while the payload goes past it. So an oversized
//! payload can be skipped as it streams, its head kept, and the session lives on; and no payload is
//! copied more than once. No I/O, no clock: any split of the stream gives the same frames.

use bytes::{Buf, Bytes, BytesMut};

use crate::limits::{CONTROL_PACKET_BYTES_MAX, PAYLOAD_HEAD_BYTES, PUBLISH_HEADER_BYTES_MAX};

const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;

/// One whole packet; its bytes for the core are in [`Framer::packet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Anything but PUBLISH, complete.
    Control,
    /// A PUBLISH, whose payload is here and not in the packet.
    Publish(Body),
}

/// The payload of a PUBLISH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// All of it, or its head.
    pub(crate) payload: Bytes,
    /// How long it was on the wire.
    pub(crate) payload_bytes: usize,
    /// The packet identifier; zero for QoS 0.
    pub(crate) identifier: u16,
}

impl Body {
    /// Whether the payload is whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.payload.len() == self.payload_bytes
    }
}

/// Why the stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("malformed packet")]
    Malformed,
    #[error("packet too large")]
    TooLarge,
    #[error("the first packet is not CONNECT")]
    NotConnect,
}

/// Where the framer stands between two calls.
#[derive(Debug)]
enum State {
    /// Nothing but CONNECT may come.
    Fresh,
    Ready,
    /// The rest of an oversized payload is dropped as it comes.
    Skipping {
        body: Body,
        left: usize,
    },
}

/// The cutter of one connection's stream.
#[derive(Debug)]
pub(crate) struct Framer {
    has_properties: bool,
    payload_bytes_max: usize,
    packet: Vec<u8>,
    state: State,
}

/// The two to five bytes every packet begins with.
#[derive(Clone, Copy)]
struct FixedHeader {
    first: u8,
    header_bytes: usize,
    remaining: usize,
}

impl Framer {
    pub(crate) fn new(payload_bytes_max: usize) -> Self {
        Self {
            has_properties: false,
            payload_bytes_max,
            packet: Vec::new(),
            state: State::Fresh,
        }
    }

    /// Tells the version, once CONNECT has: MQTT 5 packets have properties.
    pub(crate) fn set_has_properties(&mut self, has_properties: bool) {
        self.has_properties = has_properties;
    }

    /// The packet of the last frame, as the core is to see it.
    pub(crate) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// The same, to be changed.
    pub(crate) fn packet_mut(&mut self) -> &mut [u8] {
        &mut self.packet
    }

    /// Whether the stream stands in the middle of a packet, after `next` has found none in `input`.
    pub(crate) fn is_within(&self, input: &[u8]) -> bool {
        !input.is_empty() || matches!(self.state, State::Skipping { .. })
    }

    /// Takes the next frame off the front of `input`, or `None` if it is not complete yet.
    ///
    /// # Errors
    /// The connection must be closed: the stream has no further packet boundary.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        if let State::Skipping { body, left } = &mut self.state {
            let skipped = input.len().min(*left);
            input.advance(skipped);
            *left -= skipped;
            if *left > 0 {
                return Ok(None);
            }
            let body = body.clone();
            self.state = State::Ready;
            return Ok(Some(Frame::Publish(body)));
        }
        let Some(fixed) = FixedHeader::parse(input)? else {
            return Ok(None);
        };
        if matches!(self.state, State::Fresh) && fixed.kind() != CONNECT {
            return Err(FrameError::NotConnect);
        }
        if fixed.kind() == PUBLISH {
            self.publish(input, fixed)
        } else {
            self.control(input, fixed)
        }
    }

    fn control(
        &mut self,
        input: &mut BytesMut,
        fixed: FixedHeader,
    ) -> Result<Option<Frame>, FrameError> {
        let total = fixed.header_bytes + fixed.remaining;
        if total > CONTROL_PACKET_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        let Some(bytes) = input.get(..total) else {
            return Ok(None);
        };
        self.packet.clear();
        self.packet.extend_from_slice(bytes);
        input.advance(total);
        self.state = State::Ready;
        Ok(Some(Frame::Control))
    }

    fn publish(
        &mut self,
        input: &mut BytesMut,
        fixed: FixedHeader,
    ) -> Result<Option<Frame>, FrameError> {
        let available = input.get(fixed.header_bytes..).unwrap_or_default();
        let available = available.get(..fixed.remaining).unwrap_or(available);
        let Some((variable_bytes, identifier)) =
            self.variable_header_bytes(available, fixed.first)?
        else {
            return if available.len() == fixed.remaining {
                Err(FrameError::Malformed)
            } else if available.len() > PUBLISH_HEADER_BYTES_MAX {
                Err(FrameError::TooLarge)
            } else {
                Ok(None)
            };
        };
        let payload_bytes = fixed.remaining - variable_bytes;
        let is_oversized = payload_bytes > self.payload_bytes_max;
        let kept = if is_oversized {
            payload_bytes.min(PAYLOAD_HEAD_BYTES)
        } else {
            payload_bytes
        };
        let Some((variable, rest)) = available.split_at_checked(variable_bytes) else {
            return Ok(None);
        };
        let Some(payload) = rest.get(..kept) else {
            return Ok(None);
        };
        let payload = Bytes::copy_from_slice(payload);
        let body = Body {
            payload,
            payload_bytes,
            identifier,
        };
        self.packet.clear();
        self.packet.push(fixed.first);
        push_variable_integer(&mut self.packet, variable_bytes);
        self.packet.extend_from_slice(variable);
        input.advance(fixed.header_bytes + variable_bytes + kept);
        if kept == payload_bytes {
            return Ok(Some(Frame::Publish(body)));
        }
        self.state = State::Skipping {
            body,
            left: payload_bytes - kept,
        };
        self.next(input)
    }

    /// The length of topic, packet identifier and properties together, and the identifier; `None` if
    /// they are not all there.
    fn variable_header_bytes(
        &self,
        from: &[u8],
        first: u8,
    ) -> Result<Option<(usize, u16)>, FrameError> {
        let Some(&[high, low]) = from.first_chunk::<2>() else {
            return Ok(None);
        };
        let has_identifier = first & 0b0110 != 0;
        let mut length = 2 + usize::from(u16::from_be_bytes([high, low]));
        let mut identifier = 0;
        if has_identifier {
            let Some(&[high, low]) = from.get(length..).and_then(<[u8]>::first_chunk) else {
                return Ok(None);
            };
            identifier = u16::from_be_bytes([high, low]);
            if identifier == 0 {
                return Err(FrameError::Malformed);
            }
            length += 2;
        }
        if self.has_properties {
            let Some(properties) = from.get(length..) else {
                return Ok(None);
            };
            let Some((bytes, used)) = parse_variable_integer(properties)? else {
                return Ok(None);
            };
            length += used + bytes;
        }
        if length > PUBLISH_HEADER_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        Ok((from.len() >= length).then_some((length, identifier)))
    }
}

impl FixedHeader {
    fn parse(input: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some((&first, rest)) = input.split_first() else {
            return Ok(None);
        };
        let Some((remaining, used)) = parse_variable_integer(rest)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            first,
            header_bytes: 1 + used,
            remaining,
        }))
    }

    fn kind(self) -> u8 {
        self.first >> 4
    }
}

/// A variable byte integer and how many bytes it took; `None` if it is not all there.
fn parse_variable_integer(input: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let mut value = 0;
    for (at, &byte) in input.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    if input.len() < 4 {
        Ok(None)
    } else {
        Err(FrameError::Malformed)
    }
}

fn push_variable_integer(out: &mut Vec<u8>, mut value: usize) {
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "masked to seven bits")]
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests;
