//! The checksum of HJ 212.
//!
//! It is called a CRC-16 and has the polynomial of one, but takes each byte in its own way: the
//! register's low byte is dropped where a CRC would keep it. No set of parameters of a CRC gives
//! it, so no library has it. It has 256 different values only: one garbled packet in 256 passes,
//! unless its length betrays it.

/// What the register begins with.
const BEGIN: u16 = 0xffff;

/// The polynomial, lowest bit first.
const POLYNOMIAL: u16 = 0xa001;

/// The checksum of a data segment.
///
/// # Source
/// HJ 212-2017, appendix A.
pub(super) fn checksum(segment: &[u8]) -> u16 {
    segment.iter().fold(BEGIN, |register, byte| {
        let taken = (register >> 8) ^ u16::from(*byte);
        (0..8).fold(taken, |register, _| match register & 1 {
            0 => register >> 1,
            _ => (register >> 1) ^ POLYNOMIAL,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of HJ 212-2017, appendix A.
    #[test]
    fn the_standards_example_has_the_standards_checksum() {
        let segment = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;\
                        Flag=5;CP=&&RtdInterval=30&&";
        assert_eq!(segment.len(), 101);
        assert_eq!(checksum(segment), 0x1c80);
        assert_eq!(checksum(b""), 0xffff);
    }
}
