//! The JSON Schemas of the answers, as the tests hold the answers against them.

/// Name and text of each.
pub const ALL: &[(&str, &str)] = &[
    (
        "calendar",
        include_str!("../../tests/schemas/calendar.json"),
    ),
    ("changes", include_str!("../../tests/schemas/changes.json")),
    (
        "config-trust",
        include_str!("../../tests/schemas/config-trust.json"),
    ),
    ("demo", include_str!("../../tests/schemas/demo.json")),
    ("doctor", include_str!("../../tests/schemas/doctor.json")),
    ("dora", include_str!("../../tests/schemas/dora.json")),
    ("error", include_str!("../../tests/schemas/error.json")),
    ("gates", include_str!("../../tests/schemas/gates.json")),
    (
        "ledger-row",
        include_str!("../../tests/schemas/ledger-row.json"),
    ),
    (
        "ledger-verify",
        include_str!("../../tests/schemas/ledger-verify.json"),
    ),
    (
        "rollback",
        include_str!("../../tests/schemas/rollback.json"),
    ),
    ("status", include_str!("../../tests/schemas/status.json")),
    ("verdict", include_str!("../../tests/schemas/verdict.json")),
    ("where", include_str!("../../tests/schemas/where.json")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_listed_and_is_json() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| {
                e.unwrap()
                    .file_name()
                    .to_string_lossy()
                    .replace(".json", "")
            })
            .collect();
        files.sort();
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, files);
        for (name, text) in ALL {
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_ok(),
                "{name}"
            );
        }
    }
}
