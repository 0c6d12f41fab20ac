//! The views beside the cockpit: pages of rows, each row opens into its evidence. To add one: its file with a `Page`, one line
//! in the table below, and its key in the table of actions.

mod calendar;
mod calendar_rows;
pub(in crate::tui) mod changes;
mod deploy;
mod gates;
mod ledger;
mod list;
mod page;
mod words;

pub(super) use calendar_rows::rule_of;
pub(super) use page::{Frame, Page, evidence, places, render};
pub(super) use words::{happened, is_open};

use super::panes::View;
use crate::app::action::ActionId;

/// Declares [`ViewId`] and the pages together, so that neither can exist without the other.
macro_rules! views {
    ($($id:ident $name:literal $title:literal $action:ident $field:ident: $page:ty;)*) => {
        /// A view of the screen.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub enum ViewId {
            /// The panes together.
            #[default]
            Cockpit,
            $(#[doc = $title] $id),*
        }

        impl ViewId {
            /// Every view, in the order of the tabs.
            pub const ALL: &'static [Self] = &[Self::Cockpit, $(Self::$id),*];

            /// The word of `--view`.
            pub fn name(self) -> &'static str {
                match self {
                    Self::Cockpit => "cockpit",
                    $(Self::$id => $name),*
                }
            }

            /// The word in the tabs.
            pub fn title(self) -> &'static str {
                match self {
                    Self::Cockpit => "Cockpit",
                    $(Self::$id => $title),*
                }
            }

            /// What shows it.
            pub fn action(self) -> ActionId {
                match self {
                    Self::Cockpit => ActionId::ViewCockpit,
                    $(Self::$id => ActionId::$action),*
                }
            }
        }

        /// The pages, each with its own focus, scroll and zoom.
        #[derive(Debug, Clone, Default)]
        pub(super) struct Pages {
            $($field: ($page, Frame)),*
        }

        impl Pages {
            /// A view's page; none: it is the cockpit.
            pub(super) fn of(&self, view: ViewId) -> Option<(&dyn Page, &Frame)> {
                match view {
                    ViewId::Cockpit => None,
                    $(ViewId::$id => Some((&self.$field.0, &self.$field.1))),*
                }
            }

            /// As [`Self::of`], to be changed.
            pub(super) fn of_mut(&mut self, view: ViewId) -> Option<(&mut dyn Page, &mut Frame)> {
                match view {
                    ViewId::Cockpit => None,
                    $(ViewId::$id => Some((&mut self.$field.0, &mut self.$field.1))),*
                }
            }
        }
    };
}

views! {
//  view      --view      tab         key             page
    Calendar  "calendar"  "Calendar"  ViewCalendar    calendar: calendar::Agenda;
    Gates     "gates"     "Gates"     ViewGates       gates: gates::Gates;
    Deploy    "deploy"    "Deploy"    ViewDeploy      deploy: deploy::Deploy;
    Changes   "changes"   "Changes"   ViewChanges     changes: changes::Changes;
    Ledger    "ledger"    "Ledger"    ViewLedger      ledger: ledger::Record;
}

impl ViewId {
    /// The view that an action shows.
    pub fn of_action(action: ActionId) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.action() == action)
    }

    /// The view with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|v| v.name().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_view_has_a_name_a_tab_and_a_key_of_its_own() {
        let pages = Pages::default();
        let mut keys = HashSet::new();
        for view in ViewId::ALL.iter().copied() {
            assert_eq!(ViewId::by_name(view.name()), Some(view));
            assert_eq!(ViewId::of_action(view.action()), Some(view));
            assert!(keys.insert(view.action()), "{view:?}");
            assert_eq!(pages.of(view).is_none(), view == ViewId::Cockpit);
        }
        assert_eq!(ViewId::by_name("nothing"), None);
        assert_eq!(ViewId::of_action(ActionId::Quit), None);
    }
}
