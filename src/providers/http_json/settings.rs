//! What may stand in the configuration as a `JSONPath`: RFC 9535, short, not deeply nested, so that reading and asking it stays quick.

/// The longest query, in bytes.
const MAX_BYTES: usize = 2 * 1024;
/// The deepest nesting of brackets and parentheses.
const MAX_DEPTH: usize = 32;
/// How often a query may look at everything below (`..`): each multiplies the work.
const MAX_DESCENTS: usize = 2;

/// Checks a query.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_path(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes"));
    }
    if !text.starts_with('$') {
        return Err("it begins with `$`, the whole answer".to_owned());
    }
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_DEPTH {
        return Err(format!("it is nested more than {MAX_DEPTH} deep"));
    }
    if text.matches("..").count() > MAX_DESCENTS {
        return Err(format!("it has `..` more than {MAX_DESCENTS} times"));
    }
    jsonpath_rust::parser::parse_json_path(text)
        .map(drop)
        .map_err(|_| "it does not read as RFC 9535".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_bounded() {
        assert_eq!(check_path("$.totals.percent"), Ok(()));
        assert_eq!(check_path("$.findings[?@.severity=='critical']"), Ok(()));
        assert!(check_path("totals.percent").is_err());
        assert!(check_path("$.[").is_err());
        assert!(check_path(&format!("${}", ".a".repeat(2000))).is_err());
        assert!(check_path(&format!("$[?{}@.a{}]", "(".repeat(90), ")".repeat(90))).is_err());
        assert!(check_path("$..*..*..*").is_err());
    }
}
