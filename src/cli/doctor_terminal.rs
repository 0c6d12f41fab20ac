//! The terminal, as the environment tells of it: colours, UTF-8, tmux, size. Nothing is asked of the terminal itself, so the
//! answer is the same through a pipe.

use std::collections::BTreeMap;

use crate::report::doctor::{Check, Severity};

/// The findings on the terminal.
pub(super) fn look(env: &BTreeMap<String, String>) -> Vec<Check> {
    let var = |name: &str| {
        env.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let mut found = vec![colours(&var), letters(&var)];
    if var("TMUX").is_some() {
        found.extend(tmux(&var));
    }
    found.extend(size());
    found
}

fn colours<'a>(var: &dyn Fn(&str) -> Option<&'a str>) -> Check {
    let id = "terminal.colours";
    let term = match var("TERM") {
        None | Some("dumb") => {
            return Check::new(
                id,
                Severity::Warning,
                "TERM names no terminal: the cockpit can't open here, the commands work",
            )
            .fix("export TERM=xterm-256color");
        }
        Some(term) => term,
    };
    if var("NO_COLOR").is_some() {
        return Check::new(id, Severity::Info, "no colours, since NO_COLOR is set");
    }
    let deep = var("COLORTERM").is_some_and(|c| matches!(c, "truecolor" | "24bit"));
    if deep || term.ends_with("-direct") {
        Check::good(id, &format!("{term}, true colours"))
    } else if term.contains("256") || matches!(term, "xterm-kitty" | "alacritty" | "foot") {
        Check::good(id, &format!("{term}, 256 colours"))
    } else {
        Check::new(
            id,
            Severity::Info,
            &format!("{term}: 16 colours at most are certain"),
        )
        .fix("export TERM=xterm-256color, where the terminal has them; else the theme mono reads best")
    }
}

fn letters<'a>(var: &dyn Fn(&str) -> Option<&'a str>) -> Check {
    let id = "terminal.letters";
    let named = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| Some((name, var(name)?)));
    let lower = named.map(|(_, value)| value.to_ascii_lowercase());
    let utf8 = lower.is_some_and(|v| v.contains("utf-8") || v.contains("utf8"));
    match (utf8, named) {
        (true, Some((name, value))) => Check::good(id, &format!("UTF-8 ({name}={value})")),
        (_, named) => {
            let said = named.map_or_else(
                || "no locale is set".to_owned(),
                |(name, value)| format!("{name}={value} is not UTF-8"),
            );
            Check::new(
                id,
                Severity::Warning,
                &format!("{said}: lines and symbols may come out wrong"),
            )
            .fix("export LANG=C.UTF-8, or set ui.ascii = true")
        }
    }
}

fn tmux<'a>(var: &dyn Fn(&str) -> Option<&'a str>) -> Vec<Check> {
    let mut found = vec![
        Check::new(
            "terminal.tmux-copy",
            Severity::Info,
            "inside tmux: copying (y) reaches your clipboard only if tmux passes it on",
        )
        .fix("tmux set -g set-clipboard on"),
    ];
    if !var("TERM").is_some_and(|term| term.contains("256") || term.contains("direct")) {
        found.push(
            Check::new(
                "terminal.tmux-colours",
                Severity::Warning,
                "tmux offers few colours",
            )
            .fix("tmux set -g default-terminal tmux-256color, then a new window"),
        );
    }
    found
}

/// The size, where standard output is a terminal.
fn size() -> Option<Check> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    let (columns, rows) = (size.ws_col, size.ws_row);
    let shown = format!("{columns}x{rows}");
    Some(if columns < 60 || rows < 16 {
        Check::new(
            "terminal.size",
            Severity::Warning,
            &format!("{shown} is small: only the deploy and its verdict fit"),
        )
        .fix("make it 80x24 or larger")
    } else {
        Check::good("terminal.size", &shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severities(pairs: &[(&str, &str)]) -> Vec<(String, Severity)> {
        let env = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let all = look(&env).into_iter();
        all.filter(|c| c.id != "terminal.size")
            .inspect(|c| assert!(c.severity != Severity::Warning || c.fix.is_some(), "{c:?}"))
            .map(|c| (c.id.replacen("terminal.", "", 1), c.severity))
            .collect()
    }

    #[test]
    fn each_finding_on_the_terminal() {
        use Severity::{Info, Ok, Warning};
        let good = [("TERM", "xterm-256color"), ("LANG", "de_DE.UTF-8")];
        let of = |more: &[(&str, &str)]| severities(&[&good, more].concat());
        let two = |colours, letters| {
            vec![
                ("colours".to_owned(), colours),
                ("letters".to_owned(), letters),
            ]
        };
        assert_eq!(of(&[]), two(Ok, Ok));
        assert_eq!(of(&[("COLORTERM", "truecolor")]), two(Ok, Ok));
        assert_eq!(of(&[("NO_COLOR", "1")]), two(Info, Ok));
        assert_eq!(of(&[("TERM", "vt220")]), two(Info, Ok));
        assert_eq!(of(&[("TERM", "dumb")]), two(Warning, Ok));
        assert_eq!(of(&[("LC_ALL", "C")]), two(Ok, Warning));
        assert_eq!(severities(&[]), two(Warning, Warning));
        let tmux = of(&[("TMUX", "/tmp/x"), ("TERM", "screen")]);
        assert_eq!(
            tmux[2..],
            [
                ("tmux-copy".to_owned(), Info),
                ("tmux-colours".to_owned(), Warning)
            ]
        );
    }
}
