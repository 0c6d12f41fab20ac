//! The command line that does the same as what is on the screen: to be copied, read in a review, run elsewhere. Quoted for a
//! POSIX shell, so that no remote text in it can mean anything but itself.

use crate::domain::ids::Target;
use crate::domain::release::VersionRef;

/// Rolls a target back; `to` none: the last known good; `way` none: the first of the ladder that fits.
pub fn rollback(
    target: &Target,
    to: Option<&VersionRef>,
    way: Option<&str>,
    reason: &str,
) -> String {
    let mut out = with_target("flightdeck rollback", target);
    if let Some(to) = to {
        let name = to
            .version
            .as_ref()
            .map_or_else(|| to.sha.as_str(), |v| v.as_str());
        out.push_str(" --to ");
        out.push_str(&quote(name));
    }
    if let Some(way) = way {
        out.push_str(" --way ");
        out.push_str(&quote(way));
    }
    if !reason.trim().is_empty() {
        out.push_str(" --reason ");
        out.push_str(&quote(reason));
    }
    out
}

/// Follows a rollback that is open.
pub fn resume(target: &Target) -> String {
    with_target("flightdeck rollback resume", target)
}

/// Closes an open rollback by hand; the reason is the person's to write.
pub fn resolve(target: &Target) -> String {
    format!(
        "{} --reason \"…\"",
        with_target("flightdeck rollback resolve", target)
    )
}

/// Signs a manual gate, in a slot where it has some, for exactly this candidate.
pub fn sign(
    target: &Target,
    (gate, slot): (&str, Option<&str>),
    reason: &str,
    no: bool,
    candidate: &VersionRef,
) -> String {
    let mut out = with_target(&format!("flightdeck sign {}", quote(gate)), target);
    out.push_str(" --candidate ");
    out.push_str(candidate.sha.as_str());
    if let Some(slot) = slot {
        out.push_str(" --slot ");
        out.push_str(&quote(slot));
    }
    if no {
        out.push_str(" --no");
    }
    if !reason.trim().is_empty() {
        out.push_str(" --reason ");
        out.push_str(&quote(reason));
    }
    out
}

/// Says where a target stands.
pub fn status(target: &Target) -> String {
    with_target("flightdeck status", target)
}

fn with_target(command: &str, target: &Target) -> String {
    format!(
        "{command} --service {} --env {}",
        quote(target.service.as_str()),
        quote(target.env.as_str())
    )
}

/// A word as a POSIX shell reads it back: as it is where it has no meaning to the shell, else in double quotes when these
/// are enough to be read easily, else in single quotes. Controls are left out: they have no place in a command to paste.
pub fn quote(word: &str) -> String {
    let word: String = word.chars().filter(|c| !c.is_control()).collect();
    let plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | '=' | ',')
    };
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    if !word.contains(['$', '`', '"', '\\', '!']) {
        return format!("\"{word}\"");
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Safe;
    use proptest::prelude::*;

    fn target() -> Target {
        Target {
            service: "checkout".parse().unwrap(),
            env: "production".parse().unwrap(),
        }
    }

    #[test]
    fn commands_read_as_one_would_type_them() {
        let to = VersionRef {
            sha: "a".repeat(40).parse().unwrap(),
            version: Some(Safe::new("v2.14.0")),
        };
        assert_eq!(
            rollback(
                &target(),
                Some(&to),
                Some("old-run"),
                "errors x7.5 after v2.15.0"
            ),
            "flightdeck rollback --service checkout --env production --to v2.14.0 --way old-run --reason \"errors x7.5 after v2.15.0\""
        );
        assert_eq!(
            rollback(&target(), None, None, " "),
            "flightdeck rollback --service checkout --env production"
        );
        assert_eq!(
            resume(&target()),
            "flightdeck rollback resume --service checkout --env production"
        );
    }

    #[test]
    fn nothing_escapes_its_quotes() {
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote("it's $(rm -rf ~)"), r"'it'\''s $(rm -rf ~)'");
        assert_eq!(quote("it's fine"), "\"it's fine\"");
        assert_eq!(quote("a\nb\u{1b}"), "ab");
    }

    /// What a shell makes of a word in its quotes; none when something outside quotes or special stands in it.
    fn read_back(text: &str) -> Option<String> {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\'' => loop {
                    match chars.next()? {
                        '\'' => break,
                        c => out.push(c),
                    }
                },
                '"' => loop {
                    match chars.next()? {
                        '"' => break,
                        '$' | '`' | '\\' | '!' => return None,
                        c => out.push(c),
                    }
                },
                '\\' => out.push(chars.next()?),
                ' ' | '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '#'
                | '~' => return None,
                c => out.push(c),
            }
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_same_word(word in "\\PC{0,40}") {
            let expected: String = word.chars().filter(|c| !c.is_control()).collect();
            prop_assert_eq!(read_back(&quote(&word)), Some(expected));
        }
    }
}
