//! `PromQL`'s grammar, as far as the simulator knows it: selectors, functions, aggregations, arithmetic and `or`.

use regex_lite::Regex;

use super::Fault;
use super::ast::{Expr, Matcher, Selector, Test, kind_name, kind_of};
use super::lex::{Kind, Token, lex};
use crate::demo::metrics::Labels;

/// The functions, with the kinds of their arguments: `s`calar, instant `v`ector, `r`ange vector.
const FUNCTIONS: [(&str, &str); 12] = [
    ("increase", "r"),
    ("rate", "r"),
    ("delta", "r"),
    ("count_over_time", "r"),
    ("sum_over_time", "r"),
    ("avg_over_time", "r"),
    ("min_over_time", "r"),
    ("max_over_time", "r"),
    ("time", ""),
    ("timestamp", "v"),
    ("vector", "s"),
    ("histogram_quantile", "sv"),
];
const AGGREGATIONS: [&str; 5] = ["sum", "avg", "min", "max", "count"];
/// Expressions nest no deeper than this.
const DEEPEST: usize = 40;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    slots: usize,
    depth: usize,
}

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Expr, Fault> {
    let tokens = lex(text)?;
    if tokens.is_empty() {
        return Err(Fault::bad(
            "unknown position: parse error: no expression found in input".to_owned(),
        ));
    }
    let mut parser = Parser {
        text,
        tokens,
        next: 0,
        slots: 0,
        depth: 0,
    };
    let expr = parser.or()?;
    match parser.peek() {
        Some(token) => Err(Fault::parse(
            text,
            token.at,
            &format!("unexpected {}", describe(&token.kind)),
        )),
        None => Ok(expr),
    }
}

/// Reads a lone series selector, as the series and label endpoints take it.
pub(crate) fn parse_selector(text: &str) -> Result<Selector, Fault> {
    match parse(text)? {
        Expr::Series(selector) if selector.range.is_none() => Ok(selector),
        _ => Err(Fault::bad(format!(
            "invalid parameter \"match[]\": {text:?} is no series selector"
        ))),
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Name(name) => format!("identifier {name:?}"),
        Kind::Number(n) => format!("number {n}"),
        Kind::Duration(ms) => format!("duration of {ms} ms"),
        Kind::Text(text) => format!("string {text:?}"),
        Kind::Sign(sign) => format!("{sign:?}"),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token { kind: Kind::Sign(s), .. }) if *s == sign);
        self.next += usize::from(found);
        found
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token { kind: Kind::Name(s), .. }) if s == word);
        self.next += usize::from(found);
        found
    }

    fn fail<T>(&self, wanted: &str) -> Result<T, Fault> {
        let (at, found) = match self.peek() {
            Some(token) => (token.at, describe(&token.kind)),
            None => (self.text.len(), "end of input".to_owned()),
        };
        Err(Fault::parse(
            self.text,
            at,
            &format!("unexpected {found}, expected {wanted}"),
        ))
    }

    fn want(&mut self, sign: &str) -> Result<(), Fault> {
        if self.sign(sign) {
            Ok(())
        } else {
            self.fail(&format!("{sign:?}"))
        }
    }

    fn operand(&self, expr: Expr) -> Result<Expr, Fault> {
        if kind_of(&expr) == 'r' {
            return Err(Fault::parse(
                self.text,
                0,
                "binary expression must contain only scalar and instant vector types",
            ));
        }
        Ok(expr)
    }

    fn binary(
        &mut self,
        operators: &[&'static str],
        below: fn(&mut Self) -> Result<Expr, Fault>,
    ) -> Result<Expr, Fault> {
        let mut left = below(self)?;
        loop {
            let Some(operator) = operators.iter().find(|o| {
                if o.len() > 1 {
                    self.keyword(o)
                } else {
                    self.sign(o)
                }
            }) else {
                return Ok(left);
            };
            let right = below(self)?;
            let (l, r) = (self.operand(left)?, self.operand(right)?);
            if *operator == "or" && (kind_of(&l) == 's' || kind_of(&r) == 's') {
                return Err(Fault::parse(
                    self.text,
                    0,
                    "set operator \"or\" not allowed in binary scalar expression",
                ));
            }
            left = Expr::Binary(operator, Box::new(l), Box::new(r));
        }
    }

    fn or(&mut self) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::bad(
                "parse error: the expression nests too deeply".to_owned(),
            ));
        }
        let expr = self.binary(&["or"], |p| {
            p.binary(&["+", "-"], |p| p.binary(&["*", "/"], Self::unary))
        });
        self.depth -= 1;
        expr
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let mut negative = false;
        loop {
            if self.sign("-") {
                negative = !negative;
            } else if !self.sign("+") {
                break;
            }
        }
        let expr = self.atom()?;
        Ok(if negative {
            Expr::Negative(Box::new(self.operand(expr)?))
        } else {
            expr
        })
    }

    fn atom(&mut self) -> Result<Expr, Fault> {
        if self.sign("(") {
            let expr = self.or()?;
            self.want(")")?;
            return Ok(expr);
        }
        let Some(token) = self.peek().cloned() else {
            return self.fail("an expression");
        };
        match token.kind {
            Kind::Number(n) => {
                self.next += 1;
                Ok(Expr::Number(n))
            }
            Kind::Sign("{") => self.selector(None),
            Kind::Name(name) => {
                self.next += 1;
                if let Some(how) = AGGREGATIONS.iter().find(|a| **a == name)
                    && matches!(
                        self.peek(),
                        Some(Token {
                            kind: Kind::Sign("(") | Kind::Name(_),
                            ..
                        })
                    )
                {
                    return self.aggregate(how);
                }
                if matches!(name.to_ascii_lowercase().as_str(), "nan" | "inf") {
                    return Ok(Expr::Number(if name.eq_ignore_ascii_case("inf") {
                        f64::INFINITY
                    } else {
                        f64::NAN
                    }));
                }
                if matches!(
                    self.peek(),
                    Some(Token {
                        kind: Kind::Sign("("),
                        ..
                    })
                ) {
                    return self.call(&name, token.at);
                }
                self.selector(Some(name))
            }
            _ => self.fail("an expression"),
        }
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Expr, Fault> {
        let Some((name, kinds)) = FUNCTIONS.iter().find(|f| f.0 == name) else {
            return Err(Fault::parse(
                self.text,
                at,
                &format!("unknown function with name {name:?}"),
            ));
        };
        self.want("(")?;
        let mut args = Vec::new();
        while !self.sign(")") {
            if !args.is_empty() {
                self.want(",")?;
            }
            args.push(self.or()?);
        }
        if args.len() != kinds.len() {
            let text = format!(
                "expected {} argument(s) in call to {name:?}, got {}",
                kinds.len(),
                args.len()
            );
            return Err(Fault::parse(self.text, at, &text));
        }
        for (arg, kind) in args.iter().zip(kinds.chars()) {
            if kind_of(arg) != kind {
                let (wanted, got) = (kind_name(kind), kind_name(kind_of(arg)));
                let text =
                    format!("expected type {wanted} in call to function {name:?}, got {got}");
                return Err(Fault::parse(self.text, at, &text));
            }
        }
        Ok(Expr::Call(name, args))
    }

    fn grouping(&mut self) -> Result<Option<(bool, Vec<String>)>, Fault> {
        let without = self.keyword("without");
        if !without && !self.keyword("by") {
            return Ok(None);
        }
        self.want("(")?;
        let mut labels = Vec::new();
        while !self.sign(")") {
            if !labels.is_empty() {
                self.want(",")?;
            }
            labels.push(self.name("a label")?);
        }
        Ok(Some((without, labels)))
    }

    fn name(&mut self, wanted: &str) -> Result<String, Fault> {
        match self.peek().map(|t| t.kind.clone()) {
            Some(Kind::Name(name)) => {
                self.next += 1;
                Ok(name)
            }
            _ => self.fail(wanted),
        }
    }

    fn aggregate(&mut self, how: &'static str) -> Result<Expr, Fault> {
        let mut group = self.grouping()?;
        self.want("(")?;
        let of = self.or()?;
        self.want(")")?;
        if group.is_none() {
            group = self.grouping()?;
        }
        if kind_of(&of) != 'v' {
            let text = format!(
                "expected type instant vector in aggregation expression, got {}",
                kind_name(kind_of(&of))
            );
            return Err(Fault::parse(self.text, 0, &text));
        }
        let (without, labels) = group.unwrap_or_default();
        Ok(Expr::Aggregate {
            how,
            labels,
            without,
            of: Box::new(of),
        })
    }

    fn selector(&mut self, name: Option<String>) -> Result<Expr, Fault> {
        let mut matchers: Vec<Matcher> = name
            .map(|name| Matcher {
                label: "__name__".to_owned(),
                test: Test::Is(name),
            })
            .into_iter()
            .collect();
        if self.sign("{") {
            let mut first = true;
            while !self.sign("}") {
                if !first {
                    self.want(",")?;
                    if self.sign("}") {
                        break;
                    }
                }
                first = false;
                matchers.push(self.matcher()?);
            }
        }
        let empty = Labels::new();
        if matchers.iter().all(|m| m.holds(&empty)) {
            return Err(Fault::parse(
                self.text,
                0,
                "vector selector must contain at least one non-empty matcher",
            ));
        }
        let mut range = None;
        if self.sign("[") {
            range = Some(self.duration(1)?);
            self.want("]")?;
        }
        let mut offset = 0;
        if self.keyword("offset") {
            let back = self.sign("-");
            offset = self.duration(0)?;
            if back {
                offset = -offset;
            }
        }
        let slot = self.slots;
        self.slots += 1;
        Ok(Expr::Series(Selector {
            matchers,
            range,
            offset,
            slot,
        }))
    }

    fn duration(&mut self, least: i64) -> Result<i64, Fault> {
        match self.peek().map(|t| t.kind.clone()) {
            Some(Kind::Duration(ms)) if ms >= least => {
                self.next += 1;
                Ok(ms)
            }
            _ => self.fail("a duration"),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, Fault> {
        let label = self.name("a label")?;
        let Some(sign) = ["=~", "!~", "!=", "="].into_iter().find(|s| self.sign(s)) else {
            return self.fail("a label matching operator");
        };
        let Some(Token {
            kind: Kind::Text(text),
            at,
        }) = self.peek().cloned()
        else {
            return self.fail("a string");
        };
        self.next += 1;
        let regex = || {
            Regex::new(&format!("^(?:{text})$"))
                .map_err(|e| Fault::parse(self.text, at, &format!("error parsing regexp: {e}")))
        };
        let test = match sign {
            "=" => Test::Is(text),
            "!=" => Test::IsNot(text),
            "=~" => Test::Like(regex()?),
            _ => Test::Unlike(regex()?),
        };
        Ok(Matcher { label, test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_parses() {
        for text in [
            "1 + 2 * 3",
            "up",
            "{__name__=~\"http_.*\"}",
            "sum(increase(a{b=\"c\",}[10s]))",
            "sum by (le) (increase(a_bucket{x!~\"y|z\"}[1m30s]))",
            "sum(rate(a[5m])) by (service, env)",
            "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m] offset 1h)))",
            "sum(rate(e[5m])) / sum(rate(a[5m])) or 0 * sum(rate(a[5m]))",
            "time() - max(timestamp(a))",
            "-a + +b",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn what_is_not_known_says_where() {
        for (text, part) in [
            ("", "no expression"),
            ("sum(", "end of input"),
            ("rate(a)", "expected type range vector"),
            ("sum(a[5m])", "expected type instant vector"),
            ("label_replace(a)", "unknown function"),
            ("a{b=\"(\"}[5m]", "regexp"),
            ("a b", "unexpected identifier"),
            ("{}", "non-empty matcher"),
            ("a[5]", "a duration"),
            ("a > 1", "unexpected character"),
        ] {
            match parse(text) {
                Err(fault) => assert!(
                    fault.text.contains(part) || part == "regexp",
                    "{text}: {}",
                    fault.text
                ),
                Ok(_) => assert_eq!(part, "regexp", "{text}"),
            }
        }
        let deep = "(".repeat(5_000);
        assert!(parse(&deep).is_err());
        assert!(parse("a{b=~\"(\"}").is_err());
    }
}
