//! What a free name may look like: headers, labels, workflow inputs, actions.

/// Whether `name` can be the name of a `what`.
pub(crate) fn is_name(what: &str, name: &str) -> bool {
    let bytes = || name.bytes();
    !name.is_empty()
        && name.len() <= 100
        && match what {
            "header" => {
                bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
            }
            "label" => {
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            }
            "workflow input" => {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            }
            _ => bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.'),
        }
}

/// The rule, in words.
pub(crate) fn name_rule(what: &str) -> &'static str {
    match what {
        "header" => "use letters, digits and `-`",
        "label" => {
            "use lower-case letters, digits and `_`, a letter first: a query writes it as $name"
        }
        "workflow input" => "use letters, digits, `_` and `-`, a letter first",
        _ => "use letters, digits, `-`, `_` and `.`",
    }
}
