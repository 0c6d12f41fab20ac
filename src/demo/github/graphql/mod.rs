//! GitHub's GraphQL API, as far as a cockpit asks it: a schema, a check against it, and an executor over the company's state.

mod check;
mod exec;
mod nodes;
mod objects;
mod pages;
mod past;
mod value;

pub(crate) use check::Schema;
pub(crate) use exec::answer;
pub(crate) use nodes::{Budget, Graph};
