//! Changes and delivery metrics, answered from what is kept of the past (`shelf`) without any network, while the past is read on
//! (`reading`); where a commit is, from what is kept (`place`) or from GitHub (`ask`).

mod ask;
mod place;
mod reading;
mod shelf;
mod who;

pub use ask::ask;
pub use place::{Located, Wanted};
pub(super) use reading::read;
pub use shelf::Shelf;
pub use who::{kept_login, login};

use super::clock::Clock;
use crate::app::msg::Answer;
use crate::domain::change::dora::Counting;
use crate::domain::change::listing::{Ask, MOST};
use crate::domain::change::tiers::Year;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// Changes, read on a thread that may wait.
pub(super) async fn listing(shelf: Shelf, ask: Ask, clock: Clock) -> Answer {
    Answer::Listing(
        waited(&clock, move |now| {
            let span = (ask.from(now), MOST);
            shelf.listing(&ask, span, now)
        })
        .await,
    )
}

/// Metrics, computed on a thread that may wait.
pub(super) async fn sheet(shelf: Shelf, target: Target, days: u32, clock: Clock) -> Answer {
    let how = (days, Year::default(), Counting::default());
    let found = waited(&clock, move |now| shelf.sheet(&target, how, now)).await;
    Answer::Sheet(found.map(Box::new))
}

/// Does something with the store on a thread that may wait.
pub(super) async fn waited<T: Send + 'static>(
    clock: &Clock,
    job: impl FnOnce(Now) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let now = clock.now();
    let task = tokio::task::spawn_blocking(move || job(now));
    task.await.unwrap_or_else(|e| {
        Err(Fault {
            message: Safe::new(&format!("what is kept was not read: {e}")),
            hint: None,
            kind: FaultKind::Internal,
            at: now.0,
            retry_at: None,
        })
    })
}
