//! The state on disk: the ledger (append-only, hash-chained), the trust in project files, and the cache of answers and of the
//! last screen. Synchronous: the runtime calls it on a thread of its own.
//!
//! `flightdeck.db` in the state folder must survive everything and is synced at each append; `responses.cache` in the cache
//! folder may be lost at any time and never fails the program. Both are shared by all processes of one profile.

mod cache;
mod db;
mod delivered;
mod error;
mod head;
mod history;
mod holders;
mod intents;
mod ledger;
mod owner;
mod pages;
mod paths;
mod rows;
mod screen;
mod trust;
mod turns;
mod verify;

pub use cache::{Cache, CacheKey, CachedResponse, Limits};
pub use error::{StoreError, StoreWarning};
pub use history::{History, RepoKey};
pub use intents::{IntentOutcome, Stamp, TakeOver, already_done, intent_draft};
pub use ledger::{Ledger, Listing};
pub use owner::{Alive, is_alive, own};
pub use paths::Paths;
pub use screen::{LastScreen, read_last_screen};
pub use trust::Trusted;
pub use turns::Standing;
pub use verify::Verification;
