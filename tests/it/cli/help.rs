//! The help of every command, word for word.

use super::Home;

#[test]
fn every_command_explains_itself() {
    let home = Home::new();
    for command in [
        "",
        "demo",
        "status",
        "gates",
        "sign",
        "rollback",
        "rollback resume",
        "rollback resolve",
        "verdict",
        "calendar",
        "doctor",
        "changes",
        "where",
        "dora",
        "ledger",
        "ledger list",
        "ledger verify",
        "config",
        "config check",
        "config show",
        "config path",
        "config trust",
    ] {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let ran = home.run(&args).ended(0);
        assert!(ran.err.is_empty(), "{ran:?}");
        let name = format!("help {command}").trim().replace(' ', "_");
        insta::assert_snapshot!(name, ran.out);
    }
}

#[test]
fn the_version_is_told() {
    let ran = Home::new().run(&["--version"]).ended(0);
    assert_eq!(
        ran.out,
        format!("flightdeck {}\n", env!("CARGO_PKG_VERSION"))
    );
}
