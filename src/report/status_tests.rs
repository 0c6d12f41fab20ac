//! The shape of the status, and its lines.
