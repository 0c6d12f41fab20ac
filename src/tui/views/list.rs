//! A long list of rows: where the selection goes, and which rows are seen. The window moves only when the selection leaves it.

use crate::app::action::ActionId;

/// Where a movement leads from row `at` of `rows`, of which `room` are seen; none: the action is no movement.
pub(super) fn moved(at: usize, action: ActionId, rows: usize, room: usize) -> Option<usize> {
    let last = rows.saturating_sub(1);
    let page = room.saturating_sub(1).max(1);
    let to = match action {
        ActionId::Up | ActionId::PreviousMatch => at.saturating_sub(1),
        ActionId::Down | ActionId::NextMatch => at.saturating_add(1),
        ActionId::PageUp => at.saturating_sub(page),
        ActionId::PageDown => at.saturating_add(page),
        ActionId::Home => 0,
        ActionId::End => last,
        _ => return None,
    };
    Some(to.min(last))
}

/// The first row that is seen, so that row `at` is: `top` as it was, where that can be.
pub(super) fn top(top: usize, at: usize, rows: usize, room: usize) -> usize {
    let most = rows.saturating_sub(room);
    let lowest = (at + 1).saturating_sub(room);
    top.clamp(lowest, at.max(lowest)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_window_moves_only_when_it_must() {
        assert_eq!(top(0, 5, 100, 10), 0);
        assert_eq!(top(0, 10, 100, 10), 1);
        assert_eq!(top(1, 5, 100, 10), 1);
        assert_eq!(top(8, 5, 100, 10), 5);
        assert_eq!(top(95, 99, 100, 10), 90);
        assert_eq!(moved(0, ActionId::PageDown, 100, 10), Some(9));
        assert_eq!(moved(3, ActionId::Open, 100, 10), None);
    }

    proptest! {
        #[test]
        fn the_selection_is_always_seen(t in 0usize..300, at in 0usize..200, more in 1usize..200, room in 1usize..60) {
            let rows = at + more;
            let top = top(t, at, rows, room);
            prop_assert!(top <= at && at < top + room);
        }
    }
}
