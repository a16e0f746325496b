//! How much the maps of this page hold on the graphics card, for who watches over the page.

use std::cell::Cell;

thread_local! {
    static HELD_BYTES: Cell<u64> = const { Cell::new(0) };
}

/// A buffer that held `before` bytes holds `after` from now on.
pub(super) fn resized(before: usize, after: usize) {
    let bytes = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    HELD_BYTES.set(
        HELD_BYTES
            .get()
            .saturating_sub(bytes(before))
            .saturating_add(bytes(after)),
    );
}

/// What all buffers hold. Bytes.
pub(crate) fn held_bytes() -> u64 {
    HELD_BYTES.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_buffers_hold_adds_up_and_goes_with_them() {
        resized(0, 100);
        resized(0, 50);
        resized(100, 300);
        assert_eq!(held_bytes(), 350);
        resized(300, 0);
        resized(50, 0);
        assert_eq!(held_bytes(), 0);
    }
}
