//! The buffer of records: which slots are free, and which changed since the last upload.

use std::ops::Range;

use super::Upload;
use super::record::{Record, STRIDE};

/// Changed slots this near to one another are uploaded as one range: a call costs as much as
/// copying some 7 kB.
const NEAR_SLOTS: usize = 256;

/// Records by slot.
#[derive(Debug, Default)]
pub(super) struct Slots {
    bytes: Vec<u8>,
    free: Vec<u32>,
    /// A bit for each slot that changed.
    dirty: Vec<u64>,
    all_dirty: bool,
}

impl Slots {
    /// All records.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A slot that is free from now on no more.
    pub(super) fn take(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            return slot;
        }
        let slot = self.bytes.len() / STRIDE;
        self.bytes.resize(self.bytes.len() + STRIDE, 0);
        self.dirty.resize(slot / 64 + 1, 0);
        self.all_dirty = true;
        u32::try_from(slot).unwrap_or(u32::MAX)
    }

    /// Lets a slot be taken again.
    pub(super) fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// Puts a record into its slot.
    pub(super) fn write(&mut self, slot: u32, record: Record) {
        let slot = slot as usize;
        let from = slot * STRIDE;
        if let Some(bytes) = self.bytes.get_mut(from..from + STRIDE) {
            bytes.copy_from_slice(&record.0);
            if let Some(word) = self.dirty.get_mut(slot / 64) {
                *word |= 1 << (slot % 64);
            }
        }
    }

    /// Everything has to go up again.
    pub(super) fn forget_uploads(&mut self) {
        self.all_dirty = true;
    }

    /// What changed since this was last asked.
    pub(super) fn take_upload(&mut self) -> Upload {
        let is_all = std::mem::take(&mut self.all_dirty);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (place, word) in self.dirty.iter_mut().enumerate() {
            let bits = std::mem::take(word);
            if bits == 0 || is_all {
                continue;
            }
            // As fine as a word of slots is fine enough: its ends are exact.
            let first = place * 64 + bits.trailing_zeros() as usize;
            let last = place * 64 + 63 - bits.leading_zeros() as usize;
            let (from, to) = (first * STRIDE, (last + 1) * STRIDE);
            match ranges.last_mut() {
                Some(range) if from - range.end <= NEAR_SLOTS * STRIDE => range.end = to,
                _ => ranges.push(from..to),
            }
        }
        if is_all {
            Upload::All
        } else {
            Upload::Ranges(ranges)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_changes_go_up_together_and_far_ones_apart() {
        let mut slots = Slots::default();
        for _ in 0..1_000 {
            slots.take();
        }
        assert_eq!(slots.take_upload(), Upload::All);
        for slot in [0, 3, 100, 900] {
            slots.write(slot, Record([0; STRIDE]));
        }
        let ranges = vec![0..101 * STRIDE, 900 * STRIDE..901 * STRIDE];
        assert_eq!(slots.take_upload(), Upload::Ranges(ranges));
        assert_eq!(slots.take_upload(), Upload::Ranges(vec![]));
    }

    #[test]
    fn a_tenth_of_all_changing_is_few_uploads() {
        let mut slots = Slots::default();
        for _ in 0..20_000 {
            slots.take();
        }
        slots.take_upload();
        for slot in (0..20_000).step_by(10) {
            slots.write(slot, Record([0; STRIDE]));
        }
        let Upload::Ranges(ranges) = slots.take_upload() else {
            unreachable!("nothing grew")
        };
        assert_eq!(ranges.len(), 1);
    }
}
