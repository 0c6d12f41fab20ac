//! `PromQL` expressions as a tree.

use regex_lite::Regex;

use crate::demo::metrics::Labels;

/// How a label is compared.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Is(String),
    IsNot(String),
    Like(Regex),
    Unlike(Regex),
}

/// A condition on a label; a label that is missing counts as empty.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    pub(crate) test: Test,
}

impl Matcher {
    pub(crate) fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        match &self.test {
            Test::Is(text) => value == text,
            Test::IsNot(text) => value != text,
            Test::Like(regex) => regex.is_match(value),
            Test::Unlike(regex) => !regex.is_match(value),
        }
    }
}

/// Which series, and which stretch of them.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    pub(crate) matchers: Vec<Matcher>,
    /// Milliseconds, for a range vector.
    pub(crate) range: Option<i64>,
    /// Milliseconds back.
    pub(crate) offset: i64,
    /// Its position among the selectors of the expression.
    pub(crate) slot: usize,
}

impl Selector {
    /// Whether a series is meant.
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|m| m.holds(labels))
    }
}

/// An expression.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Number(f64),
    Series(Selector),
    Call(&'static str, Vec<Expr>),
    Aggregate {
        how: &'static str,
        labels: Vec<String>,
        without: bool,
        of: Box<Expr>,
    },
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
}

/// The kind of value that an expression gives, by its letter in `FUNCTIONS`.
pub(crate) fn kind_of(expr: &Expr) -> char {
    match expr {
        Expr::Number(_) | Expr::Call("time", _) => 's',
        Expr::Series(s) if s.range.is_some() => 'r',
        Expr::Negative(e) => kind_of(e),
        Expr::Binary(_, l, r) if kind_of(l) == 's' && kind_of(r) == 's' => 's',
        _ => 'v',
    }
}

/// Such a kind in words.
pub(crate) fn kind_name(kind: char) -> &'static str {
    match kind {
        's' => "scalar",
        'r' => "range vector",
        _ => "instant vector",
    }
}
