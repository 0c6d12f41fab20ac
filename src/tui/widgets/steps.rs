//! The steps of a deploy or a rollback on one row: `✔ build 2m10   ● canary 25 % 1m41   ○ 50 %`.
//! Where there is no room, what is done folds first, then what is to come; the step under way stays.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text;
use crate::config::theme::Role;
use crate::tui::styles::Styles;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Done,
    Active,
    Waiting,
    Failed,
    Skipped,
}

/// A step with its name and how long it took or takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub state: StepState,
    /// A duration in words; empty when there is none.
    pub note: String,
}

const GAP: &str = "   ";

/// Draws the steps into the first row of `area`.
pub fn render(steps: &[Step], area: Rect, buffer: &mut Buffer, styles: &Styles, ascii: bool) {
    let room = usize::from(area.intersection(buffer.area).width);
    let of = |fold: Fold| line(steps, fold, styles, ascii);
    let folds = [
        Fold {
            done: false,
            waiting: false,
        },
        Fold {
            done: true,
            waiting: false,
        },
        Fold {
            done: true,
            waiting: true,
        },
    ];
    let fitting = folds
        .into_iter()
        .map(of)
        .find(|line| text::line_width(line) <= room);
    let line = fitting.unwrap_or_else(|| {
        // Not even that: the step that matters alone, cut if it must be.
        let matters = |s: &&Step| matches!(s.state, StepState::Active | StepState::Failed);
        let step = steps.iter().rfind(matters).or(steps.last());
        Line::from(step.map(|s| piece(s, styles, ascii)).unwrap_or_default())
    });
    text::put_line(buffer, area, &line);
}

/// Which steps are shown as a number only.
#[derive(Debug, Clone, Copy)]
struct Fold {
    done: bool,
    waiting: bool,
}

fn line(steps: &[Step], fold: Fold, styles: &Styles, ascii: bool) -> Line<'static> {
    let folded = |state| match state {
        StepState::Done | StepState::Skipped => fold.done,
        StepState::Waiting => fold.waiting,
        StepState::Active | StepState::Failed => false,
    };
    let count = |waiting: bool| {
        steps
            .iter()
            .filter(|s| folded(s.state) && (s.state == StepState::Waiting) == waiting)
            .count()
    };
    let mut pieces: Vec<Vec<Span<'static>>> = Vec::new();
    let summary = |n: usize, state: StepState, word: &str| {
        piece(
            &Step {
                name: format!("{n} {word}"),
                state,
                note: String::new(),
            },
            styles,
            ascii,
        )
    };
    if count(false) > 0 {
        pieces.push(summary(count(false), StepState::Done, "done"));
    }
    pieces.extend(
        steps
            .iter()
            .filter(|s| !folded(s.state))
            .map(|s| piece(s, styles, ascii)),
    );
    if count(true) > 0 {
        pieces.push(summary(count(true), StepState::Waiting, "to go"));
    }
    let mut spans = Vec::new();
    for (i, piece) in pieces.into_iter().enumerate() {
        if i > 0 {
            spans.push(Span::raw(GAP));
        }
        spans.extend(piece);
    }
    Line::from(spans)
}

/// One step: symbol, name, note.
fn piece(step: &Step, styles: &Styles, ascii: bool) -> Vec<Span<'static>> {
    let (symbol, plain, role) = match step.state {
        StepState::Done => ("✔", "+", Role::Good),
        StepState::Active => ("●", "*", Role::Accent),
        StepState::Waiting => ("○", "o", Role::Muted),
        StepState::Failed => ("✖", "x", Role::Bad),
        StepState::Skipped => ("–", "-", Role::Muted),
    };
    let style = styles.get(role);
    let words = if step.state == StepState::Waiting {
        style
    } else {
        styles.get(Role::Text)
    };
    let mut spans = vec![
        Span::styled(if ascii { plain } else { symbol }, style),
        Span::styled(format!(" {}", step.name), words),
    ];
    if !step.note.is_empty() {
        spans.push(Span::styled(
            format!(" {}", step.note),
            styles.get(Role::Muted),
        ));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_stays_inside, hostile, picture, styles};
    use super::*;
    use proptest::prelude::*;

    fn step(name: &str, state: StepState, note: &str) -> Step {
        Step {
            name: name.to_owned(),
            state,
            note: note.to_owned(),
        }
    }

    fn row(width: u16, ascii: bool) -> String {
        let steps = [
            step("build", StepState::Done, "2m10"),
            step("test", StepState::Done, "3m02"),
            step("canary 25 %", StepState::Active, "1m41"),
            step("50 %", StepState::Waiting, ""),
            step("100 %", StepState::Waiting, ""),
        ];
        picture(width, 1, |area, buffer| {
            render(&steps, area, buffer, &styles(), ascii);
        })
        .trim_end()
        .to_owned()
    }

    #[test]
    fn it_folds_from_both_ends() {
        assert_eq!(
            row(80, false),
            "✔ build 2m10   ✔ test 3m02   ● canary 25 % 1m41   ○ 50 %   ○ 100 %"
        );
        assert_eq!(
            row(60, false),
            "✔ 2 done   ● canary 25 % 1m41   ○ 50 %   ○ 100 %"
        );
        assert_eq!(row(44, false), "✔ 2 done   ● canary 25 % 1m41   ○ 2 to go");
        assert_eq!(row(20, false), "● canary 25 % 1m41");
        assert_eq!(row(10, false), "● canary …");
        assert_eq!(
            row(60, true),
            "+ 2 done   * canary 25 % 1m41   o 50 %   o 100 %"
        );
    }

    proptest! {
        #[test]
        fn it_stays_inside(w in 1u16..120, names in prop::collection::vec((hostile(), 0usize..5), 0..8)) {
            let states = [StepState::Done, StepState::Active, StepState::Waiting, StepState::Failed, StepState::Skipped];
            let steps: Vec<Step> = names.iter().map(|(name, s)| step(name, states[*s], "1m")).collect();
            assert_stays_inside(w, 1, |area, buffer| render(&steps, area, buffer, &styles(), false));
        }
    }
}
