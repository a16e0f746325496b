//! The kinds of packets that are looked at before the core sees them.

pub(crate) const PUBREC: u8 = 5;
pub(crate) const PUBCOMP: u8 = 7;

/// Kind and packet identifier of a PUBREC or PUBCOMP; `None` for others, and for malformed ones.
pub(crate) fn answer(packet: &[u8]) -> Option<(u8, u16)> {
    let (&first, rest) = packet.split_first()?;
    let kind = first >> 4;
    if !matches!(kind, PUBREC | PUBCOMP) || first & 0b1111 != 0 {
        return None;
    }
    let length_bytes = 1 + rest.iter().position(|byte| byte & 0x80 == 0)?;
    let &[high, low] = rest.get(length_bytes..)?.first_chunk()?;
    let identifier = u16::from_be_bytes([high, low]);
    (identifier > 0).then_some((kind, identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_with_their_identifiers() {
        assert_eq!(answer(&[0x50, 2, 1, 2]), Some((PUBREC, 0x0102)));
        assert_eq!(answer(&[0x70, 4, 0, 9, 0, 0]), Some((PUBCOMP, 9)));
        // A PUBREC with properties longer than 127 bytes has a length of two bytes.
        assert_eq!(answer(&[0x50, 0x80, 1, 0, 9, 0]), Some((PUBREC, 9)));
        for other in [
            &[0x40, 2, 0, 1][..],
            &[0x52, 2, 0, 1],
            &[0x50, 2, 0, 0],
            &[0x50, 2, 0],
            &[0x50],
            &[],
        ] {
            assert_eq!(answer(other), None, "{other:x?}");
        }
    }
}
