//! The cache of answers that the providers use, kept by the store's thread.

use crate::providers::{Answer, CacheKey, CachedResponse, ResponseCache};
use crate::store;

use super::disk::DiskHandle;

/// Validators and bodies on disk.
#[derive(Debug)]
pub(super) struct StoreCache {
    disk: DiskHandle,
}

impl StoreCache {
    pub(super) fn new(disk: DiskHandle) -> Self {
        Self { disk }
    }
}

fn key_of(key: &CacheKey) -> store::CacheKey {
    store::CacheKey {
        host: key.host.clone(),
        account: key.account.clone(),
        accept: key.accept.clone(),
        uri: key.uri.clone(),
    }
}

impl ResponseCache for StoreCache {
    fn get<'a>(&'a self, key: &'a CacheKey) -> Answer<'a, Option<CachedResponse>> {
        let (key, disk) = (key_of(key), self.disk.clone());
        Box::pin(async move {
            let found = disk.ask(move |disk| disk.cached(&key)).await.flatten()?;
            // The validator's first line is the ETag; a second one is the `Link` header that a 304 need not repeat.
            let (etag, link) = match found.etag.split_once('\n') {
                Some((etag, link)) => (etag.to_owned(), Some(link.to_owned())),
                None => (found.etag, None),
            };
            Some(CachedResponse {
                etag,
                body: found.body.into(),
                link,
                stored_at: found.stored_at,
            })
        })
    }

    fn put(&self, key: CacheKey, response: CachedResponse) -> Answer<'_, ()> {
        let key = key_of(&key);
        let etag = match response.link {
            Some(link) => format!("{}\n{link}", response.etag),
            None => response.etag,
        };
        self.disk.run(move |disk| {
            disk.cache
                .put(&key, &etag, &response.body, response.stored_at);
        });
        Box::pin(async {})
    }
}
