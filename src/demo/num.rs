//! Conversions between the kinds of numbers, each with its bounds stated once, so that no other file of the simulator casts.

/// A non-negative float as a count; NaN and negative values are 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub(crate) fn count(x: f64) -> u64 {
    x.max(0.0) as u64
}

/// A float as whole milliseconds (or any whole number), rounded.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, which is what is wanted"
)]
pub(crate) fn whole(x: f64) -> i64 {
    x.round() as i64
}

/// A count that is known to be small, as 32 bits.
pub(crate) fn small(x: u64) -> u32 {
    u32::try_from(x).unwrap_or(u32::MAX)
}

/// A 64-bit hash as an index below `len` (0 when `len` is 0).
pub(crate) fn index(hash: u64, len: usize) -> usize {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    usize::try_from(hash.checked_rem(len).unwrap_or(0)).unwrap_or(0)
}

/// A length or position as 64 bits.
pub(crate) fn wide(x: usize) -> u64 {
    u64::try_from(x).unwrap_or(u64::MAX)
}

/// A position on the tick axis as a usable index, if it is not negative.
pub(crate) fn position(x: i64) -> Option<usize> {
    usize::try_from(x).ok()
}
