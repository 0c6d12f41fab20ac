//! A small part of `PromQL`, enough for a cockpit's queries: selectors, ranges, `increase` and its kin, aggregations, quantiles,
//! arithmetic and `or`. What is not known is refused with a parse error, never answered wrongly.

mod ast;
mod eval;
mod histogram;
mod lex;
mod parse;

pub(crate) use eval::{Value, eval, load};
pub(crate) use lex::duration;
pub(crate) use parse::{parse, parse_selector};

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Prometheus' `errorType`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Fault {
    /// A request that can't be understood.
    pub(crate) fn bad(text: String) -> Self {
        Self {
            kind: "bad_data",
            text,
        }
    }

    /// An expression that is understood but can't be computed.
    pub(crate) fn execution(text: String) -> Self {
        Self {
            kind: "execution",
            text,
        }
    }

    /// A fault at a byte position of an expression.
    fn parse(expr: &str, at: usize, text: &str) -> Self {
        let before = expr.get(..at).unwrap_or(expr);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self::bad(format!("{line}:{column}: parse error: {text}"))
    }
}
