//! Numbers and sets of assets as bytes, and back. What cannot be read ends the reading.

/// Writes a number as LEB128.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Writes assets, rising: as distances, or as bits where that is shorter.
pub(super) fn put_toggled(bytes: &mut Vec<u8>, assets: &[u32]) {
    let mut distances = Vec::with_capacity(assets.len());
    let mut next = 0;
    for asset in assets {
        put(&mut distances, u64::from(asset.saturating_sub(next)));
        next = asset.saturating_add(1);
    }
    let n_bits = (next as usize).div_ceil(8);
    if distances.len() <= n_bits {
        put(bytes, (distances.len() as u64) << 1);
        bytes.extend_from_slice(&distances);
        return;
    }
    let mut bits = vec![0_u8; n_bits];
    for asset in assets {
        if let Some(byte) = bits.get_mut((asset / 8) as usize) {
            *byte |= 1 << (asset % 8);
        }
    }
    put(bytes, (n_bits as u64) << 1 | 1);
    bytes.extend_from_slice(&bits);
}

/// The bytes still to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next number.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// The next bytes, after their number.
    pub(super) fn sized(&mut self) -> Option<&'a [u8]> {
        let n_bytes = self.number()?;
        self.bytes(n_bytes)
    }

    fn bytes(&mut self, n_bytes: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(n_bytes).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Calls `each` with every asset that [`put_toggled`] wrote.
    pub(super) fn toggled(&mut self, mut each: impl FnMut(u32)) -> Option<()> {
        let head = self.number()?;
        let bytes = self.bytes(head >> 1)?;
        if head & 1 == 1 {
            for (first, byte) in (0_u32..).step_by(8).zip(bytes) {
                let mut rest = *byte;
                while rest != 0 {
                    each(first + rest.trailing_zeros());
                    rest &= rest - 1;
                }
            }
            return Some(());
        }
        let mut distances = Reader(bytes);
        let mut next = 0_u32;
        while !distances.0.is_empty() {
            let distance = u32::try_from(distances.number()?).ok()?;
            let asset = next.checked_add(distance)?;
            each(asset);
            next = asset.saturating_add(1);
        }
        Some(())
    }
}
