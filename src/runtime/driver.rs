//! The Driver: owns the World, runs `update`, hands effects to an [`Executor`], takes its answers back as messages. The screen
//! and the commands run the same Driver: the screen beside its input, a command until its question is answered.

use std::fmt::Debug;
use std::pin::Pin;

use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::clock::Clock;
use crate::app::effect::Effect;
use crate::app::msg::Msg;
use crate::app::update::update;
use crate::app::world::World;
use crate::domain::ids::CorrelationId;
use crate::domain::rollback::Ids;
use crate::domain::units::Now;

/// Messages on their way to the World: bounded, senders wait.
pub const QUEUE: usize = 256;
/// So many messages are taken in at once before somebody may look at the World.
const BATCH: usize = 64;
/// Bakes end and gaps grow without any message: time is looked at that often, in virtual seconds.
const HEARTBEAT_S: i64 = 5;

/// Carries effects out. Answers go to the sender it was made with.
pub trait Executor: Debug + Send {
    /// Starts an effect; never blocks.
    fn execute(&mut self, effect: Effect);
    /// What is worth keeping for the next start is written down.
    fn remember(&mut self, world: &World, now: Now);
    /// Whether a write is under way: leaving now would lose its answer.
    fn is_writing(&self) -> bool;
    /// Done once all that was to be kept so far is on disk.
    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

/// Owns the World.
#[derive(Debug)]
pub struct Driver {
    world: World,
    clock: Clock,
    inbox: mpsc::Receiver<Msg>,
    executor: Box<dyn Executor>,
    remembered_at: Option<jiff::Timestamp>,
}

/// The last screen is kept that often.
const REMEMBER: SignedDuration = SignedDuration::from_secs(30);

impl Driver {
    /// A Driver of a World; the executor answers into the channel that `inbox` belongs to.
    pub fn new(
        world: World,
        clock: Clock,
        inbox: mpsc::Receiver<Msg>,
        executor: Box<dyn Executor>,
    ) -> Self {
        Self {
            world,
            clock,
            inbox,
            executor,
            remembered_at: None,
        }
    }

    /// Everything that is known.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The time.
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes a message in at once.
    pub fn send(&mut self, msg: Msg) {
        let now = self.clock.now();
        for effect in update(&mut self.world, msg, now) {
            self.executor.execute(effect);
        }
    }

    /// Waits for messages or for something to be due, and takes it in. Dropping the future loses nothing.
    pub async fn next(&mut self) {
        let beat = self
            .now()
            .0
            .saturating_add(SignedDuration::from_secs(HEARTBEAT_S))
            .unwrap_or(self.now().0);
        let until = self
            .world
            .schedule
            .next_due()
            .map_or(beat, |due| due.min(beat));
        let first = tokio::select! {
            biased;
            msg = self.inbox.recv() => msg,
            () = self.clock.sleep_until(until) => Some(Msg::Tick),
        };
        let Some(first) = first else {
            // No executor is left to answer: only time passes.
            self.clock.sleep_until(until).await;
            self.send(Msg::Tick);
            return;
        };
        self.send(first);
        for _ in 1..BATCH {
            match self.inbox.try_recv() {
                Ok(msg) => self.send(msg),
                Err(_) => break,
            }
        }
        let now = self.now();
        if self
            .remembered_at
            .is_none_or(|at| now.since(at).abs() >= REMEMBER)
        {
            self.remembered_at = Some(now.0);
            self.executor.remember(&self.world, now);
        }
    }

    /// Whether a write is under way: leaving now would lose its answer.
    pub fn is_writing(&self) -> bool {
        self.executor.is_writing()
    }

    /// Keeps what is worth keeping; called when the program ends. Done once it is on disk.
    pub fn remember(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let now = self.now();
        self.executor.remember(&self.world, now);
        self.executor.kept()
    }

    /// New ids for the writes of one rollback.
    pub fn ids() -> Ids {
        let new = || CorrelationId::from_bits(uuid::Uuid::now_v7().as_u128());
        Ids {
            operation: new(),
            dispatch: new(),
            cancel: new(),
        }
    }
}
