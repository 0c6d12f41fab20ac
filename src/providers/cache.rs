//! Storage for validators (`ETag`) and the bodies they stand for. The runtime implements it over the store; a map in memory
//! serves tests and a session without a store. Only answers of `GET` with status 200 are kept.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Mutex;

use bytes::Bytes;
use jiff::Timestamp;

use super::Answer;

/// What an answer depends on. The account is a hash of the credentials, never the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// Scheme, host and port.
    pub host: String,
    /// A hash of the token; `anonymous` without one.
    pub account: String,
    /// The media type asked for.
    pub accept: String,
    /// Path and query.
    pub uri: String,
}

/// An answer with its validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedResponse {
    /// The validator as sent, with quotes and `W/`.
    pub etag: String,
    /// The body.
    pub body: Bytes,
    /// The `Link` header: a 304 need not repeat it, and paging goes on from it.
    pub link: Option<String>,
    /// When it was stored or last confirmed.
    pub stored_at: Timestamp,
}

/// Where validators and bodies are kept. Failing storage is a cache miss, never an error.
pub trait ResponseCache: Debug + Send + Sync {
    /// The stored answer.
    fn get<'a>(&'a self, key: &'a CacheKey) -> Answer<'a, Option<CachedResponse>>;
    /// Stores an answer, replacing an older one.
    fn put(&self, key: CacheKey, response: CachedResponse) -> Answer<'_, ()>;
}

/// A bounded map in memory.
#[derive(Debug, Default)]
pub struct MemoryCache {
    entries: Mutex<HashMap<CacheKey, CachedResponse>>,
}

/// More entries than a session asks for; past it the oldest goes.
const MAX_ENTRIES: usize = 500;

impl ResponseCache for MemoryCache {
    fn get<'a>(&'a self, key: &'a CacheKey) -> Answer<'a, Option<CachedResponse>> {
        let hit = self.entries.lock().ok().and_then(|e| e.get(key).cloned());
        Box::pin(async move { hit })
    }

    fn put(&self, key: CacheKey, response: CachedResponse) -> Answer<'_, ()> {
        if let Ok(mut entries) = self.entries.lock() {
            if entries.len() >= MAX_ENTRIES && !entries.contains_key(&key) {
                let oldest = entries
                    .iter()
                    .min_by_key(|(_, r)| r.stored_at)
                    .map(|(k, _)| k.clone());
                if let Some(oldest) = oldest {
                    entries.remove(&oldest);
                }
            }
            entries.insert(key, response);
        }
        Box::pin(async {})
    }
}
