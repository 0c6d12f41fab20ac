//! Faults that tests ask for: the next requests to an address fail in a chosen way, before or after they took effect, or
//! in the middle of their answer.

use serde::Deserialize;

/// How a request fails.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Another status, `status` in the order (default 500).
    Status,
    /// The connection is closed without an answer.
    Reset,
    /// The answer comes `delay_ms` later (real time).
    Delay,
    /// A page of HTML with status 200 (or `status`).
    Html,
    /// The answer breaks off in the middle.
    Cut,
    /// The first half of the answer, as if it were whole.
    Torn,
    /// Nothing is said for `delay_ms` (real time), then the connection is closed.
    Silence,
    /// A body of 50 MB.
    Huge,
}

/// When a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// It never reaches the company.
    Before,
    /// It takes effect, and its answer fails half way: the head and half of the body come through.
    During,
    /// It takes effect, only its answer is lost.
    After,
}

/// An order for faults.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The path starts with this, or contains it when it begins with `*`.
    #[serde(default)]
    pub(crate) path_prefix: String,
    /// Only this method; any when left out.
    pub(crate) method: Option<String>,
    pub(crate) mode: Mode,
    /// How many requests fail; left out: 1.
    #[serde(default = "once")]
    pub(crate) times: u64,
    #[serde(default = "before")]
    pub(crate) when: When,
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// For mode `status`: the body, and headers besides.
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) headers: std::collections::BTreeMap<String, String>,
}

fn once() -> u64 {
    1
}

fn before() -> When {
    When::Before
}

/// The orders that are open.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds an order; the oldest fitting one is used first.
    pub(crate) fn order(&mut self, fault: Fault) {
        if self.0.len() < 1_000 {
            self.0.push(fault);
        }
    }

    /// Forgets all orders.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request, if one was ordered; it is used up by that.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fits = |f: &Fault| {
            let method_fits = f
                .method
                .as_ref()
                .is_none_or(|m| m.eq_ignore_ascii_case(method));
            let path_fits = match f.path_prefix.strip_prefix('*') {
                Some(part) => path.contains(part),
                None => path.starts_with(&f.path_prefix),
            };
            f.times > 0 && method_fits && path_fits
        };
        let place = self.0.iter().position(fits)?;
        let fault = self.0.get_mut(place)?;
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(place);
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_as_often_as_ordered_and_only_where_it_fits() {
        let mut faults = Faults::default();
        let order = r#"{"path_prefix":"*/dispatches","method":"post","mode":"reset","times":2,"when":"after"}"#;
        faults.order(serde_json::from_str(order).unwrap());
        assert!(faults.take("GET", "/repos/a/b/dispatches").is_none());
        assert!(faults.take("POST", "/user").is_none());
        for _ in 0..2 {
            assert_eq!(
                faults.take("POST", "/repos/a/b/dispatches").unwrap().when,
                When::After
            );
        }
        assert!(faults.take("POST", "/repos/a/b/dispatches").is_none());
        assert!(serde_json::from_str::<Fault>(r#"{"mode":"explode"}"#).is_err());
    }
}
