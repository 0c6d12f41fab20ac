//! The words of a `PromQL` expression.

use super::Fault;

/// A word with the byte position at which it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Name(String),
    Number(f64),
    /// In milliseconds.
    Duration(i64),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 16] = [
    "=~", "!~", "!=", "==", "=", "{", "}", "(", ")", "[", "]", ",", "+", "-", "*", "/",
];

/// A duration such as `1h30m` or `500ms` in milliseconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let units = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(units)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(millis)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

fn word(rest: &str, keep: impl Fn(char) -> bool) -> &str {
    let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

/// Splits an expression into words.
pub(crate) fn lex(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (kind, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if first == '"' || first == '\'' || first == '`' {
            quoted(rest, first)
                .ok_or_else(|| Fault::parse(text, at, "unterminated quoted string"))?
        } else if first.is_ascii_digit() || first == '.' {
            number(rest).ok_or_else(|| Fault::parse(text, at, "bad number or duration syntax"))?
        } else if first.is_ascii_alphabetic() || first == '_' || first == ':' {
            let name = word(rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
            (Kind::Name(name.to_owned()), name.len())
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            (Kind::Sign(sign), sign.len())
        } else {
            return Err(Fault::parse(
                text,
                at,
                &format!("unexpected character: {first:?}"),
            ));
        };
        tokens.push(Token { at, kind });
        at += len;
    }
    Ok(tokens)
}

fn quoted(rest: &str, quote: char) -> Option<(Kind, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((Kind::Text(out), at + c.len_utf8())),
            '\\' if quote != '`' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other @ ('\\' | '"' | '\'') => out.push(other),
                _ => return None,
            },
            _ => out.push(c),
        }
    }
    None
}

fn number(rest: &str) -> Option<(Kind, usize)> {
    let all = word(rest, |c| c.is_ascii_alphanumeric() || c == '.');
    if let Some(millis) = duration(all) {
        return Some((Kind::Duration(millis), all.len()));
    }
    // An exponent may have a sign.
    let mut len = all.len();
    if all.ends_with(['e', 'E']) {
        let tail = rest.get(len..)?;
        len += usize::from(tail.starts_with(['+', '-']));
        len += word(rest.get(len..)?, |c| c.is_ascii_digit()).len();
    }
    let number = rest.get(..len)?.parse().ok()?;
    Some((Kind::Number(number), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("10s", 10_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("2d", 172_800_000),
        ] {
            assert_eq!(duration(text), Some(millis), "{text}");
        }
        for text in ["", "5", "5x", "m"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_told_apart() {
        let kinds: Vec<Kind> = lex(r#"rate(a_b{c=~"x.*\"",d!='y'}[5m]) + 1.5e-3"#)
            .unwrap()
            .into_iter()
            .map(|t| t.kind)
            .collect();
        assert!(kinds.contains(&Kind::Text("x.*\"".to_owned())));
        assert!(kinds.contains(&Kind::Duration(300_000)));
        assert!(kinds.contains(&Kind::Sign("!=")));
        assert_eq!(kinds.last(), Some(&Kind::Number(0.0015)));
        assert!(lex("a ; b").is_err());
        assert!(lex("\"open").is_err());
    }
}
