//! The screen: the Driver, input and the writer.
