//! The configuration: a typed tree, layers with origins, diagnostics with their place.

pub mod theme;
