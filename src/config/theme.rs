//! Themes: about 16 roles, one TOML each.
