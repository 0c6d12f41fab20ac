//! A simulated company behind real HTTP on loopback.
