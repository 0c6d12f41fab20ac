//! The frame gate: when a frame may be drawn, so that at most about one is on its way to the *terminal*.
//! `write(2)` being done says nothing over SSH, whose buffers hold seconds of pictures. So a frame that brings the
//! unanswered bytes over [`FREE`] carries a question (DA1, `ESC [ c`) that every terminal answers once it has drawn
//! it, and nothing is drawn until then. Pure: frames, answers and the time in; "now", "at", "wait" out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The question appended to a frame: primary device attributes.
pub const QUESTION: &[u8] = b"\x1b[c";
/// Bytes that may be on their way without an answer.
pub const FREE: usize = 1024;
/// A terminal that never answered within this time is mute: then the writer alone is the gate.
pub const MUTE_AFTER: Duration = Duration::from_secs(2);
/// A terminal that used to answer and has been silent for this time gets a frame every [`LOST_EVERY`].
pub const LOST_AFTER: Duration = Duration::from_secs(5);
/// The pace while answers are missing.
pub const LOST_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two frames for new data: about 30 a second.
pub const FRAME: Duration = Duration::from_millis(33);

/// Why a frame is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A key, a click, a resize: the person waits, so the pace of [`FRAME`] does not hold.
    Person,
    /// Data or a clock.
    Data,
}

/// Whether a frame may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Now.
    Now,
    /// Not before this time, if nothing happens until then.
    At(Instant),
    /// When the writer is done.
    Wait,
}

/// What is known of the terminal; for the debug pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// No question was asked yet, or the first is open.
    Unknown,
    /// Answers come.
    Answers,
    /// It never answered: frames are paced by the writer.
    Mute,
    /// It used to answer: one frame a second.
    Lost,
}

impl Link {
    /// One word and its meaning, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Unknown => "terminal not yet heard",
            Self::Answers => "terminal answers",
            Self::Mute => "terminal never answers: frames paced by the writer alone",
            Self::Lost => "terminal stopped answering: one frame a second",
        }
    }
}

/// The state of the gate.
#[derive(Debug, Clone)]
pub struct Gate {
    link: Link,
    writing: bool,
    /// Bytes sent since the last question.
    since_question: usize,
    /// Open questions, oldest first: when asked, and the bytes they stand for.
    open: VecDeque<(Instant, usize)>,
    last_frame: Option<Instant>,
    last_answer: Option<Instant>,
    /// Answers came back after a silence while questions are still open: some of these may never be answered.
    recovering: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// An open gate before a terminal of which nothing is known. Take a new one when the terminal is entered again.
    pub fn new() -> Self {
        Self {
            link: Link::Unknown,
            writing: false,
            since_question: 0,
            open: VecDeque::new(),
            last_frame: None,
            last_answer: None,
            recovering: false,
        }
    }

    /// A frame of `bytes` is given to the writer. True: append [`QUESTION`] to it.
    pub fn frame(&mut self, bytes: usize, now: Instant) -> bool {
        self.writing = true;
        self.last_frame = Some(now);
        self.since_question += bytes;
        let ask = self.unanswered() > FREE && self.link != Link::Mute;
        if ask {
            self.open
                .push_back((now, std::mem::take(&mut self.since_question)));
        }
        ask
    }

    /// The writer has handed its frame to the system.
    pub fn written(&mut self) {
        self.writing = false;
    }

    /// An answer (DA1) arrived.
    pub fn answer(&mut self, now: Instant) {
        // An answer nobody waits for belongs to a question given up or asked by somebody else.
        if self.open.pop_front().is_none() {
            return;
        }
        self.recovering = !self.open.is_empty();
        self.link = Link::Answers;
        self.last_answer = Some(now);
    }

    /// Whether a frame may be drawn now. Call it when there is something to draw.
    pub fn may_draw(&mut self, why: Why, now: Instant) -> Draw {
        if self.writing {
            return Draw::Wait;
        }
        let paced = self
            .last_frame
            .filter(|_| why == Why::Data)
            .map(|last| last + FRAME)
            .filter(|at| *at > now);
        if let Some(at) = paced {
            return Draw::At(at);
        }
        let Some((asked, _)) = self.open.front().copied() else {
            return Draw::Now;
        };
        match self.link {
            Link::Mute => Draw::Now,
            Link::Unknown if now >= asked + MUTE_AFTER => {
                self.link = Link::Mute;
                Draw::Now
            }
            Link::Unknown => Draw::At(asked + MUTE_AFTER),
            Link::Answers if self.recovering => {
                // The rest of the questions of a silence: wait a little, then count them as lost.
                let until = self.last_answer.map_or(now, |last| last + MUTE_AFTER);
                if now < until {
                    return Draw::At(until);
                }
                self.open.clear();
                self.recovering = false;
                Draw::Now
            }
            Link::Answers if now >= asked + LOST_AFTER => {
                self.link = Link::Lost;
                Draw::Now
            }
            Link::Answers => Draw::At(asked + LOST_AFTER),
            Link::Lost => {
                let next = self.last_frame.map_or(now, |last| last + LOST_EVERY);
                if now >= next {
                    Draw::Now
                } else {
                    Draw::At(next)
                }
            }
        }
    }

    /// What is known of the terminal.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Bytes sent of which the terminal has not told that it drew them.
    pub fn unanswered(&self) -> usize {
        self.since_question + self.open.iter().map(|(_, bytes)| bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A gate and a clock that starts anywhere.
    struct Rig {
        gate: Gate,
        start: Instant,
    }

    impl Rig {
        fn new() -> Self {
            Self {
                gate: Gate::new(),
                start: Instant::now(),
            }
        }
        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }
        /// A frame that the system takes at once.
        fn frame(&mut self, bytes: usize, ms: u64) -> bool {
            let ask = self.gate.frame(bytes, self.at(ms));
            self.gate.written();
            ask
        }
        fn draw(&mut self, ms: u64) -> Draw {
            let now = self.at(ms);
            self.gate.may_draw(Why::Data, now)
        }
        fn answer(&mut self, ms: u64) {
            let now = self.at(ms);
            self.gate.answer(now);
        }
    }

    #[test]
    fn a_frame_waits_for_the_writer() {
        let mut r = Rig::new();
        assert_eq!(r.draw(0), Draw::Now);
        let now = r.at(0);
        assert!(!r.gate.frame(100, now));
        assert_eq!(r.draw(5_000), Draw::Wait);
        r.gate.written();
        assert_eq!(r.draw(5_000), Draw::Now);
    }

    #[test]
    fn small_frames_stay_free_of_the_question() {
        let mut r = Rig::new();
        for i in 0..10 {
            assert!(!r.frame(100, i * 40), "frame {i}");
            assert_eq!(r.draw((i + 1) * 40), Draw::Now);
        }
        // 1,000 bytes so far: 24 more are free, one beyond asks.
        assert!(!r.frame(24, 400));
        assert!(r.frame(1, 440));
        assert_eq!(r.gate.unanswered(), 1025);
    }

    #[test]
    fn past_a_kilobyte_nothing_is_drawn_before_the_answer() {
        let mut r = Rig::new();
        assert!(r.frame(5_000, 0));
        assert_eq!(r.draw(100), Draw::At(r.at(2_000)));
        r.answer(600);
        assert_eq!(r.gate.link(), Link::Answers);
        assert_eq!(r.draw(600), Draw::Now);
        assert_eq!(r.gate.unanswered(), 0);
        assert!(r.frame(3_000, 700));
        assert_eq!(r.draw(5_699), Draw::At(r.at(5_700)));
    }

    #[test]
    fn thirty_frames_a_second() {
        let mut r = Rig::new();
        r.frame(10, 0);
        assert_eq!(r.draw(1), Draw::At(r.at(33)));
        assert_eq!(r.draw(33), Draw::Now);
        // A key is answered at once, but not past the writer or the terminal.
        let now = r.at(1);
        assert_eq!(r.gate.may_draw(Why::Person, now), Draw::Now);
        r.gate.frame(5_000, now);
        assert_eq!(r.gate.may_draw(Why::Person, now), Draw::Wait);
        r.gate.written();
        assert_eq!(r.gate.may_draw(Why::Person, now), Draw::At(r.at(2_001)));
    }

    #[test]
    fn a_mute_terminal_falls_back_to_the_writer() {
        let mut r = Rig::new();
        assert!(r.frame(5_000, 0));
        assert_eq!(r.draw(1_999), Draw::At(r.at(2_000)));
        assert_eq!(r.draw(2_000), Draw::Now);
        assert_eq!(r.gate.link(), Link::Mute);
        // No more questions, and the next frames need only the writer.
        assert!(!r.frame(5_000, 2_000));
        assert_eq!(r.draw(2_033), Draw::Now);
        // An answer after all (a very slow link) brings the gate back.
        r.answer(3_000);
        assert_eq!(r.gate.link(), Link::Answers);
        assert!(r.frame(2_000, 3_000));
        assert!(matches!(r.draw(3_100), Draw::At(_)));
    }

    #[test]
    fn answers_that_stop_mean_one_frame_a_second() {
        let mut r = Rig::new();
        r.frame(2_000, 0);
        r.answer(100);
        assert!(r.frame(2_000, 200));
        assert_eq!(r.draw(5_199), Draw::At(r.at(5_200)));
        assert_eq!(r.draw(5_200), Draw::Now);
        assert_eq!(r.gate.link(), Link::Lost);
        // Each of these frames asks again, so that a terminal that is back is noticed.
        assert!(r.frame(2_000, 5_200));
        assert_eq!(r.draw(5_300), Draw::At(r.at(6_200)));
        assert_eq!(r.draw(6_200), Draw::Now);
        assert!(r.frame(2_000, 6_200));
    }

    #[test]
    fn after_a_silence_late_answers_and_lost_ones_both_recover() {
        let silence = || {
            let mut r = Rig::new();
            r.frame(2_000, 0);
            r.answer(100);
            r.frame(2_000, 200);
            assert_eq!(r.draw(5_200), Draw::Now);
            r.frame(2_000, 5_200);
            r
        };
        // Both answers were only late: open after the second.
        let mut r = silence();
        r.answer(5_300);
        assert_eq!(r.draw(5_400), Draw::At(r.at(7_300)));
        r.answer(5_500);
        assert_eq!(r.draw(5_500), Draw::Now);
        // The first was lost: after one answer and two quiet seconds the other is given up.
        let mut r = silence();
        r.answer(5_300);
        assert_eq!(r.draw(7_300), Draw::Now);
        assert_eq!(r.gate.link(), Link::Answers);
        assert!(r.frame(2_000, 7_300));
        r.answer(7_400);
        assert_eq!(r.draw(7_400), Draw::Now);
    }

    #[test]
    fn answers_nobody_asked_for_change_nothing() {
        let mut r = Rig::new();
        r.answer(0);
        assert_eq!(r.gate.link(), Link::Unknown);
        r.frame(500, 1);
        r.answer(2);
        assert_eq!(r.gate.unanswered(), 500);
    }

    proptest! {
        /// With a terminal that answers, more than one frame over the free kilobyte is never under way.
        #[test]
        fn never_more_than_a_frame_beyond_the_free_kilobyte(steps in prop::collection::vec((0u64..400, 1usize..20_000, any::<bool>()), 1..80)) {
            let mut r = Rig::new();
            r.frame(1_100, 0);
            r.answer(1);
            let (mut ms, mut flight, mut open) = (40, 0usize, false);
            for (wait, bytes, answer) in steps {
                ms += wait;
                if answer && open {
                    r.answer(ms);
                    (flight, open) = (0, false);
                }
                if r.draw(ms) == Draw::Now && r.gate.link() == Link::Answers {
                    prop_assert!(flight <= FREE, "{flight}");
                    flight += bytes;
                    open = r.frame(bytes, ms);
                } else if r.gate.link() != Link::Answers {
                    break;
                }
            }
        }
    }
}
