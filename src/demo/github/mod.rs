//! GitHub's APIs over the company's state: REST and GraphQL, without the wire.

mod actions;
mod checks;
mod commits;
pub(crate) mod graphql;
mod json;
mod protection;
mod reply;
mod repos;
mod route;

pub(crate) use json::time;
pub(crate) use reply::{Ask, Reply};
pub(crate) use route::route;
