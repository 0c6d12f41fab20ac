//! Chords, contexts, conflicts.
