//! Themes: about 16 roles, each with a paint. One TOML file a theme; the built-in ones are embedded from `themes/`.
//! Nothing on the screen relies on colour alone, so `mono` (attributes only) says as much as the others.

use std::fmt;

use toml::{Table, Value};

/// What a piece of the screen is; the theme says how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    Muted,
    Border,
    BorderFocused,
    Title,
    Accent,
    Good,
    Warn,
    Bad,
    Info,
    ChartMain,
    ChartBaseline,
    ChartThreshold,
    ChartMarker,
    Selection,
    Key,
    Banner,
}

impl Role {
    /// Every role, with its name in the files.
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::Text, "text"),
        (Self::Muted, "muted"),
        (Self::Border, "border"),
        (Self::BorderFocused, "border-focused"),
        (Self::Title, "title"),
        (Self::Accent, "accent"),
        (Self::Good, "good"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
        (Self::Info, "info"),
        (Self::ChartMain, "chart-main"),
        (Self::ChartBaseline, "chart-baseline"),
        (Self::ChartThreshold, "chart-threshold"),
        (Self::ChartMarker, "chart-marker"),
        (Self::Selection, "selection"),
        (Self::Key, "key"),
        (Self::Banner, "banner"),
    ];
}

/// A colour as the file names it; the screen reduces it to what the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// One of the terminal's own 16 colours: the cheapest to send and the user's choice.
    Named(u8),
    /// One of the 256 colours of xterm's palette.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// The names of the terminal's own colours, at their numbers.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "gray",
    "dark-gray",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "white",
];

impl Color {
    /// Reads a name, a number 0-255 or `#rrggbb`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase().replace('_', "-");
        if let Some(at) = NAMES.iter().position(|name| *name == text) {
            return u8::try_from(at).ok().map(Self::Named);
        }
        if let Some(hex) = text.strip_prefix('#') {
            let all_hex = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            let [_, r, g, b] = u32::from_str_radix(hex, 16)
                .ok()
                .filter(|_| all_hex)?
                .to_be_bytes();
            return Some(Self::Rgb(r, g, b));
        }
        text.parse().ok().map(Self::Indexed)
    }
}

/// How a role is painted; `None` is the terminal's own colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent attributes, as the file names them"
)]
pub struct Paint {
    pub fg: Option<Color>,
    pub bg: Option<Color>,
    pub bold: bool,
    pub dim: bool,
    pub underline: bool,
    pub reverse: bool,
}

/// What is wrong in a theme's file; the message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    #[error("not TOML: {0}")]
    Syntax(String),
    #[error("`{0}` is no key here: a theme has `name` and the table `[roles]`")]
    Key(String),
    #[error("no role is called `{name}`{}", or_nearest(*.nearest))]
    Role {
        name: String,
        nearest: Option<&'static str>,
    },
    #[error("role `{role}`: `{key}` is no property{}; there are fg, bg, bold, dim, underline, reverse", or_nearest(*.nearest))]
    Property {
        role: &'static str,
        key: String,
        nearest: Option<&'static str>,
    },
    #[error(
        "role `{role}`: `{value}` is no colour: write a name (red, bright-blue, gray, ...), a number 0-255 or \"#rrggbb\""
    )]
    Color { role: &'static str, value: String },
    #[error("role `{role}`: `{key}` is true or false, not {value}")]
    Flag {
        role: &'static str,
        key: String,
        value: String,
    },
    #[error("role `{0}` is a table like {{ fg = \"red\", bold = true }}")]
    Shape(String),
}

/// The tail of a message that names the nearest known word.
fn or_nearest(word: Option<&'static str>) -> impl fmt::Display {
    word.map(|w| format!("; the nearest is `{w}`"))
        .unwrap_or_default()
}

/// A name and a paint for every role; a role that a file leaves out is plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub name: String,
    paints: Vec<(Role, Paint)>,
}

/// The themes that come with the program.
const BUILT_IN: [(&str, &str); 4] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../themes/high-contrast.toml"),
    ),
    ("mono", include_str!("../../themes/mono.toml")),
];

impl Theme {
    /// The names of the built-in themes, in the order in which the theme key takes them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in theme.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// The theme to use: with `NO_COLOR` set (to anything but nothing) only attributes, whatever is configured.
    /// `None` when no built-in theme has this name.
    pub fn choose(name: &str, no_color: Option<&str>) -> Option<Self> {
        let name = if no_color.is_some_and(|v| !v.is_empty()) {
            "mono"
        } else {
            name
        };
        Self::built_in(name)
    }

    /// The built-in name nearest to `name`, for a message.
    pub fn nearest_name(name: &str) -> Option<&'static str> {
        nearest_of(name, Self::names())
    }

    /// Reads a theme's file; all mistakes at once.
    pub fn parse(text: &str) -> Result<Self, Vec<ThemeError>> {
        let table: Table = text
            .parse()
            .map_err(|e: toml::de::Error| vec![ThemeError::Syntax(e.message().to_owned())])?;
        let mut theme = Self {
            name: "unnamed".to_owned(),
            paints: Vec::new(),
        };
        let mut errors = Vec::new();
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("name", Value::String(name)) => theme.name.clone_from(name),
                ("roles", Value::Table(roles)) => {
                    for (name, value) in roles {
                        match role(name, value, &mut errors) {
                            Ok(row) => theme.paints.push(row),
                            Err(error) => errors.push(error),
                        }
                    }
                }
                _ => errors.push(ThemeError::Key(key.clone())),
            }
        }
        if errors.is_empty() {
            Ok(theme)
        } else {
            Err(errors)
        }
    }

    /// How a role is painted.
    pub fn paint(&self, role: Role) -> Paint {
        self.paints
            .iter()
            .find(|(r, _)| *r == role)
            .map_or_else(Paint::default, |(_, paint)| *paint)
    }

    /// The roles this theme's file leaves out.
    pub fn missing(&self) -> Vec<&'static str> {
        let here = |role| self.paints.iter().any(|(r, _)| *r == role);
        Role::ALL
            .iter()
            .filter(|(role, _)| !here(*role))
            .map(|(_, name)| *name)
            .collect()
    }
}

/// Reads one role's table; mistakes inside go to `errors`.
fn role(
    name: &str,
    value: &Value,
    errors: &mut Vec<ThemeError>,
) -> Result<(Role, Paint), ThemeError> {
    let Some((role, name)) = Role::ALL.iter().copied().find(|(_, known)| *known == name) else {
        let nearest = nearest_of(name, Role::ALL.iter().map(|(_, known)| *known));
        return Err(ThemeError::Role {
            name: name.to_owned(),
            nearest,
        });
    };
    let Value::Table(properties) = value else {
        return Err(ThemeError::Shape(name.to_owned()));
    };
    let mut paint = Paint::default();
    for (key, value) in properties {
        let flag = match key.as_str() {
            "fg" | "bg" => {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                match Color::parse(&text) {
                    None => errors.push(ThemeError::Color {
                        role: name,
                        value: text,
                    }),
                    color if key == "fg" => paint.fg = color,
                    color => paint.bg = color,
                }
                continue;
            }
            "bold" => &mut paint.bold,
            "dim" => &mut paint.dim,
            "underline" => &mut paint.underline,
            "reverse" => &mut paint.reverse,
            _ => {
                let nearest = nearest_of(key, ["fg", "bg", "bold", "dim", "underline", "reverse"]);
                errors.push(ThemeError::Property {
                    role: name,
                    key: key.clone(),
                    nearest,
                });
                continue;
            }
        };
        match value.as_bool() {
            Some(on) => *flag = on,
            None => errors.push(ThemeError::Flag {
                role: name,
                key: key.clone(),
                value: value.to_string(),
            }),
        }
    }
    Ok((role, paint))
}

/// The known word most like `word`, when it is near enough to be meant.
fn nearest_of(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let word = word.to_lowercase().replace('_', "-");
    let likeness = |k: &'static str| (strsim::jaro_winkler(&word, k), k);
    known
        .into_iter()
        .map(likeness)
        .filter(|(l, _)| *l > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_defines_every_role() {
        for (name, text) in BUILT_IN {
            let theme = Theme::parse(text).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            assert_eq!(theme.name, name);
            assert_eq!(theme.missing(), Vec::<&str>::new(), "{name}");
        }
    }

    #[test]
    fn mono_has_no_colour_and_still_tells_bad_from_good() {
        let mono = Theme::choose("dark", Some("1")).unwrap();
        assert_eq!(mono.name, "mono");
        for (role, name) in Role::ALL {
            let paint = mono.paint(role);
            assert!(paint.fg.is_none() && paint.bg.is_none(), "{name}");
        }
        assert_ne!(mono.paint(Role::Bad), mono.paint(Role::Good));
        assert_ne!(mono.paint(Role::BorderFocused), mono.paint(Role::Border));
        assert_eq!(Theme::choose("dark", Some("")).unwrap().name, "dark");
    }

    #[test]
    fn the_forms_of_a_colour() {
        assert_eq!(Color::parse("bright-red"), Some(Color::Named(9)));
        assert_eq!(Color::parse("Dark_Gray"), Some(Color::Named(8)));
        assert_eq!(Color::parse("208"), Some(Color::Indexed(208)));
        assert_eq!(Color::parse("#ff8000"), Some(Color::Rgb(255, 128, 0)));
        for bad in ["256", "#ff80", "#ggg000", "#+12345", "reddish", ""] {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_mistake_says_what_to_write() {
        let text = |toml: &str| {
            let errors = Theme::parse(toml).unwrap_err();
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(
            text("[roles]\nborder-focussed = {}"),
            "no role is called `border-focussed`; the nearest is `border-focused`"
        );
        assert!(
            text("[roles]\nbad = { fg = 'reddish' }")
                .contains("`reddish` is no colour: write a name")
        );
        assert!(text("[roles]\nbad = { fg = 300 }").contains("`300` is no colour"));
        assert!(
            text("[roles]\nbad = { blod = true }")
                .contains("`blod` is no property; the nearest is `bold`")
        );
        assert!(text("[roles]\nbad = { bold = 'yes' }").contains("true or false"));
        assert!(text("[roles]\nbad = 'red'").contains("is a table like"));
        assert!(text("colour = 1").contains("`[roles]`"));
        assert!(text("[roles").starts_with("not TOML"));
        assert_eq!(
            text("[roles]\nx = {}\nbad = { fg = 'q' }").lines().count(),
            2
        );
    }
}
