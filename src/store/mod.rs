//! `SQLite`: ledger, cache, history.
