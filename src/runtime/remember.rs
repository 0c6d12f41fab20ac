//! The last screen on disk: packed as JSON, one row in the cache, read before anything else runs.

use crate::app::remember::{Memory, memory};
use crate::app::world::World;

/// More than that is not kept: reading it would hold up the first frame.
const MAX_BYTES: usize = 4 << 20;

/// What is kept of a World, as bytes.
pub(super) fn pack(world: &World) -> Option<Vec<u8>> {
    let bytes = serde_json::to_vec(&memory(world)?).ok()?;
    (bytes.len() <= MAX_BYTES).then_some(bytes)
}

/// What was kept. Another version's bytes are ignored.
pub(super) fn unpack(bytes: &[u8]) -> Option<Memory> {
    serde_json::from_slice(bytes).ok()
}
