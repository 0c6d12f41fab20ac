//! Comma-separated values (RFC 4180), safe to open in a spreadsheet: a text that would be taken for a formula is quoted as text.

/// A text as a cell.
pub(super) fn text(raw: &str) -> String {
    // `=HYPERLINK(...)` in a title must not become one.
    let formula = raw.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula {
        format!("'{raw}")
    } else {
        raw.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// A number as a cell; nothing where it is not known.
pub(super) fn number(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// A line of cells.
pub(super) fn row(out: &mut String, cells: &[String]) {
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_texts() {
        assert_eq!(text("tax, \"new\""), "\"tax, \"\"new\"\"\"");
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(text("plain"), "plain");
        assert_eq!(
            (number(Some(2.5)), number(None)),
            ("2.5".to_owned(), String::new())
        );
    }
}
