//! What is looked at in a CONNECT before the core sees it, which would let pass or choke on it.

use crate::limits::TOPIC_ALIAS_SEND_MAX;

/// The flag that the standard keeps back.
const RESERVED: u8 = 0b1;

/// Identifier of the property with the topic aliases that the client takes.
const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;

const VERSION_5: u8 = 5;

/// Where things stand in a CONNECT.
struct Layout {
    version: u8,
    flags: u8,
    /// Where what follows the keep-alive begins.
    rest: usize,
}

/// Whether a CONNECT sets the flag that the standard keeps back, which the core lets pass.
///
/// # Source
/// MQTT 5.0 section 3.1.2.3, MQTT-3.1.2-3.
pub(crate) fn has_reserved_flag(packet: &[u8]) -> bool {
    layout(packet).is_some_and(|layout| layout.flags & RESERVED != 0)
}

/// Brings the topic aliases that a client takes within what the core can do with: it has no use for a
/// zero, and would keep as many as it is told. Gives what the client said, zero if it said nothing.
pub(crate) fn bound_topic_aliases(packet: &mut [u8]) -> u16 {
    let Some(at) = find_topic_alias_maximum(packet) else {
        return 0;
    };
    let Some(value) = packet.get_mut(at..at + 2) else {
        return 0;
    };
    let said = match value {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => return 0,
    };
    value.copy_from_slice(&said.clamp(1, TOPIC_ALIAS_SEND_MAX).to_be_bytes());
    said
}

/// Type, length (up to four bytes, the last without its top bit), name, level, flags, keep-alive.
fn layout(packet: &[u8]) -> Option<Layout> {
    let (_, name) = variable_integer(packet, 1)?;
    let level = name + 2 + usize::from(short(packet, name)?);
    Some(Layout {
        version: *packet.get(level)?,
        flags: *packet.get(level + 1)?,
        rest: level + 4,
    })
}

/// Where the value of the property stands, if there is one.
fn find_topic_alias_maximum(packet: &[u8]) -> Option<usize> {
    let layout = layout(packet)?;
    if layout.version != VERSION_5 {
        return None;
    }
    let (properties_bytes, mut at) = variable_integer(packet, layout.rest)?;
    let end = at + properties_bytes;
    while at < end {
        let identifier = *packet.get(at)?;
        at += 1;
        if identifier == TOPIC_ALIAS_MAXIMUM {
            return Some(at);
        }
        at += match identifier {
            // Request problem information, request response information.
            0x17 | 0x19 => 1,
            // Receive maximum.
            0x21 => 2,
            // Session expiry interval, maximum packet size.
            0x11 | 0x27 => 4,
            // Authentication method and data.
            0x15 | 0x16 => 2 + usize::from(short(packet, at)?),
            // User property.
            0x26 => {
                let name = 2 + usize::from(short(packet, at)?);
                name + 2 + usize::from(short(packet, at + name)?)
            }
            // The core will refuse it.
            _ => return None,
        };
    }
    None
}

fn short(packet: &[u8], at: usize) -> Option<u16> {
    let bytes = packet.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}

/// A variable byte integer, and where what follows it begins.
fn variable_integer(packet: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0;
    for (place, &byte) in packet.get(at..)?.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, at + place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use mqtt_protocol_core::mqtt::packet::{
        ReceiveMaximum, TopicAliasMaximum, UserProperty, v3_1_1, v5_0,
    };

    use super::*;

    #[test]
    fn aliases_are_found_behind_any_other_property_and_brought_within_bounds() {
        for (said, expected) in [(0, 1), (1, 1), (64, 64), (65_535, 64)] {
            let properties = vec![
                UserProperty::new("name", "value").unwrap().into(),
                ReceiveMaximum::new(9).unwrap().into(),
                TopicAliasMaximum::new(said).unwrap().into(),
            ];
            let connect = v5_0::Connect::builder().client_id("c").unwrap();
            let connect = connect.props(properties).build().unwrap();
            let mut bytes = connect.to_continuous_buffer();
            assert_eq!(bound_topic_aliases(&mut bytes), said);
            assert_eq!(bound_topic_aliases(&mut bytes), expected);
        }
    }

    #[test]
    fn a_connect_without_them_is_left_as_it_is() {
        let v5 = v5_0::Connect::builder().client_id("c").unwrap();
        let v3 = v3_1_1::Connect::builder().client_id("c").unwrap();
        let v3 = v3.clean_session(true).build().unwrap();
        for bytes in [
            v5.build().unwrap().to_continuous_buffer(),
            v3.to_continuous_buffer(),
            b"\x10\xff\xff".to_vec(),
        ] {
            let mut after = bytes.clone();
            assert_eq!(bound_topic_aliases(&mut after), 0);
            assert_eq!(after, bytes);
            assert!(!has_reserved_flag(&bytes));
        }
    }
}
