//! Numbers to bytes and back: what the columns of a tile's binary form are made of.
//!
//! A varint has seven bits a byte, low ones first, as in postcard. Reading never fails loudly: a
//! form that ends early or holds what cannot be is `None`.

/// Bytes that are being written.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// A byte as it is.
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number in as few bytes as it takes.
    pub(super) fn number(&mut self, mut number: u64) {
        loop {
            let low = u8::try_from(number & 0x7f).unwrap_or_default();
            number >>= 7;
            if number == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    /// How many there are of something.
    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Two bytes, low one first.
    pub(super) fn short(&mut self, short: u16) {
        self.0.extend_from_slice(&short.to_le_bytes());
    }

    /// A text with its length.
    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Numbers, each as its distance from the one before: short if they rise slowly.
    pub(super) fn rising(&mut self, numbers: impl Iterator<Item = u32>) {
        let mut before = 0_u32;
        for number in numbers {
            self.number(number.wrapping_sub(before).into());
            before = number;
        }
    }
}

/// Bytes that are being read.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next number.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The next number of at most 32 bits.
    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// How many things follow, each of which takes a byte at least.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    /// The next `n` bytes.
    pub(super) fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(bytes)
    }

    /// The next `n` shorts.
    pub(super) fn shorts(&mut self, n: usize) -> Option<impl Iterator<Item = u16> + use<'a>> {
        let (pairs, _) = self.bytes(n.checked_mul(2)?)?.as_chunks::<2>();
        Some(pairs.iter().map(|pair| u16::from_le_bytes(*pair)))
    }

    /// The next text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let n = self.count()?;
        std::str::from_utf8(self.bytes(n)?).ok()
    }

    /// The next `n` rising numbers.
    pub(super) fn rising(&mut self, n: usize) -> Option<Vec<u32>> {
        let mut before = 0_u32;
        let next = |_| {
            before = before.wrapping_add(self.small()?);
            Some(before)
        };
        (0..n).map(next).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_and_take_few_bytes() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (16_384, 3), (u64::MAX, 10)] {
            let mut writer = Writer::default();
            writer.number(number);
            assert_eq!(writer.0.len(), bytes);
            assert_eq!(Reader(&writer.0).number(), Some(number));
        }
    }

    #[test]
    fn what_ends_early_or_promises_too_much_is_nothing() {
        assert_eq!(Reader(&[0x80]).number(), None);
        assert_eq!(Reader(&[0xff; 11]).number(), None);
        assert_eq!(Reader(&[5, b'a']).text(), None);
        assert_eq!(Reader(&[9, 1, 2]).count(), None);
    }
}
