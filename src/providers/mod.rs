//! The outside world, behind narrow capability traits.
