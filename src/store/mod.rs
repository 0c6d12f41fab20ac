//! SQLite: ledger, cache, history.
