//! What lies over the cockpit: help, details, the question before leaving, the rollback. One file each.

pub mod detail;
pub mod dry_run;
pub(in crate::tui) mod evidence;
pub mod help;
pub mod progress;
pub mod quit;
pub mod rollback;
mod rollback_facts;
pub mod rollback_form;
mod rollback_holds;
pub mod scroll;
pub mod sign;

use crate::app::action::Context;
use crate::tui::widgets::line_input::LineInput;

use self::detail::Detail;
use self::rollback::Form;
use self::scroll::Scroll;

/// One overlay; they lie on each other.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Every key, and what happened.
    Help(Scroll),
    /// The evidence behind a pane.
    Detail(Detail),
    /// Leaving while a rollback of this process is under way.
    Quit,
    /// The words that rows are filtered by, being typed.
    Filter(LineInput),
    /// The form that signs a manual gate.
    Sign(Box<sign::Form>),
    /// The rollback's form; the progress of the flow once there is one.
    Rollback(Box<Form>),
}

impl Overlay {
    /// Which keys act in it; `typing` is whether the rollback shows its form.
    pub fn context(&self, typing: bool) -> Context {
        match self {
            Self::Rollback(_) if typing => Context::Form,
            Self::Sign(_) | Self::Filter(_) => Context::Form,
            _ => Context::Dialog,
        }
    }
}
