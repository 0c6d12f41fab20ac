//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod github;
#[cfg(test)]
mod http;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod stub;
