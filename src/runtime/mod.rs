//! The Driver: owns the World, runs update, turns effects into tasks and answers into messages.
