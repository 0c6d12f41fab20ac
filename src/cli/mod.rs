//! The commands: arguments, and one file per command.
