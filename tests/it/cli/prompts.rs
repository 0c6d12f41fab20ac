//! The questions of `config init` and `config trust` on a real terminal: nothing but a clear yes writes anything, and afterwards the
//! terminal is as it was.

use super::init::clone_of;
use super::{Home, Served};

/// What a person may do at a question, and whether that is a yes.
const ANSWERS: [(&str, &[u8], bool); 8] = [
    ("n", b"n\r", false),
    ("nothing", b"\r", false),
    ("another word", b"yup\r", false),
    ("the end of input", b"\x04", false),
    ("Ctrl-C", b"\x03", false),
    ("Ctrl-C behind a yes", b"y\x03", false),
    ("taken back", b"y\x7fn\r", false),
    ("yes", b"YES\r", true),
];

/// Runs a command up to its question, answers, and says how it ended.
fn answered(home: &Home, args: &[&str], more: &[(&str, &str)], keys: &[u8]) -> Option<u32> {
    let mut flight = home.fly(args, more, (100, 40));
    let terminal = flight.terminal();
    flight.wait_for("[y/N]");
    flight.press(keys);
    let code = flight.end();
    assert!(
        terminal.is_cooked(),
        "{args:?}: the terminal is not as it was"
    );
    flight.assert_given_back();
    code
}

#[test]
fn config_init_writes_after_a_yes_only() {
    let home = clone_of("git@github.com:acme/checkout.git");
    let demo = Served::start(&home, &[]);
    let api = demo.hello["github_url"].as_str().unwrap();
    let more = [
        ("FLIGHTDECK_GITHUB__MAIN__API", api),
        ("GH_TOKEN", demo.token()),
    ];
    let folder = home.path("work/.flightdeck");
    for (what, keys, yes) in ANSWERS {
        let code = answered(&home, &["config", "init"], &more, keys);
        assert_eq!(folder.join("config.toml").exists(), yes, "{what}");
        assert!(yes || !folder.exists(), "{what} left something behind");
        let broken_off = keys.contains(&3);
        assert_eq!(code == Some(0), !broken_off, "{what}: {code:?}");
    }
    home.run(&["config", "check"]).ended(0);
}

#[test]
fn config_trust_trusts_after_a_yes_only() {
    let home = Home::new();
    home.write("work/.git/HEAD", "ref: refs/heads/main\n");
    let service = "[services.a]\nrepo = \"a/b\"\nenvironments = [\"p\"]\n[services.a.env.p]\nprobe = { url = \"https://a.example\", version = \"text\" }\n";
    home.write("work/.flightdeck/config.toml", service);
    for (what, keys, yes) in ANSWERS {
        let code = answered(&home, &["config", "trust"], &[], keys);
        let listed = home.run(&["config", "trust", "--list"]).ended(0).out;
        assert_eq!(
            listed.contains("work/.flightdeck/config.toml"),
            yes,
            "{what}: {listed}"
        );
        let wanted = match (yes, keys.contains(&3)) {
            (true, _) => Some(0),
            (false, false) => Some(3),
            (false, true) => None,
        };
        assert_eq!(code, wanted, "{what}");
    }
}
