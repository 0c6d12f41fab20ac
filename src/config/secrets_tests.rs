//! Tests of `secrets`: sources and their order, unsafe files, programs that fail or hang, and that nothing leaks.

use super::*;

const SECRET: &str = "s3cr3t-value";

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn shell(script: &str) -> TokenRef {
    TokenRef::Command {
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()],
    }
}

fn found(reference: &TokenRef, host: &str, env: &BTreeMap<String, String>) -> (String, String) {
    let secret = resolve(reference, host, env).unwrap();
    let value = secret.for_host(host).unwrap().expose_secret().to_owned();
    (value, secret.source().to_owned())
}

#[test]
fn auto_takes_the_variables_of_the_host_in_order() {
    let auto = TokenRef::Auto {};
    let all = env(&[
        ("GH_TOKEN", "one"),
        ("GITHUB_TOKEN", "two"),
        ("GH_ENTERPRISE_TOKEN", "three"),
        ("GITHUB_ENTERPRISE_TOKEN", "four"),
    ]);
    let source = |host: &str, env: &BTreeMap<String, String>| found(&auto, host, env).1;
    for own in [
        "api.github.com",
        "github.com",
        "api.acme.ghe.com",
        "127.0.0.1:8080",
        "localhost:1",
        "[::1]:80",
    ] {
        assert_eq!(source(own, &all), "GH_TOKEN", "{own}");
    }
    for other in [
        "ghe.example",
        "github.com.evil.example",
        "evilgithub.com",
        "127.0.0.1.evil.example",
    ] {
        assert_eq!(source(other, &all), "GH_ENTERPRISE_TOKEN", "{other}");
    }
    assert_eq!(
        source(
            "api.github.com",
            &env(&[("GH_TOKEN", " "), ("GITHUB_TOKEN", "two")])
        ),
        "GITHUB_TOKEN"
    );
    assert_eq!(
        source("ghe.example", &env(&[("GITHUB_ENTERPRISE_TOKEN", "four")])),
        "GITHUB_ENTERPRISE_TOKEN"
    );
}

#[cfg(unix)]
#[test]
fn auto_asks_gh_last_and_for_the_right_host() {
    // A file of the repository, since a program written here could still be open in a test that forks meanwhile.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/config/bin");
    let env = env(&[("PATH", folder), ("GH_TOKEN", "not-for-this-host")]);
    let answer = found(&TokenRef::Auto {}, "ghe.example:8443", &env);
    assert_eq!(
        answer,
        (
            "auth-token---hostname-ghe.example".to_owned(),
            "gh auth token".to_owned()
        )
    );
}

#[cfg(unix)]
#[test]
fn without_gh_its_file_is_read_for_the_right_host() {
    use std::os::unix::fs::PermissionsExt as _;
    const HOSTS: &str = "github.com:\n    user: noor\n    oauth_token: gho_own\n    git_protocol: ssh\n\
                         ghe.example:\n    user: li\n    users:\n        noor:\n            oauth_token: gho_other\n        \
                         li:\n            oauth_token: gho_users\nkeyring.example:\n    user: noor\n";
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let write = |below: &str, text: &str, mode| {
        let path = folder.path().join(below).join("hosts.yml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let shown = write("home/.config/gh", HOSTS, 0o600);
    let auto = TokenRef::Auto {};
    let base = [("PATH", "/nowhere"), ("HOME", home.to_str().unwrap())];
    let ask = |host: &str, more: &[(&str, &str)]| {
        resolve(&auto, host, &env(&[&base[..], more].concat())).map(|secret| {
            (
                secret.for_host(host).unwrap().expose_secret().to_owned(),
                secret.source().to_owned(),
            )
        })
    };
    let own = ("gho_own".to_owned(), shown.display().to_string());
    assert_eq!(ask("api.github.com", &[]).unwrap(), own);
    assert_eq!(ask("ghe.example:8443", &[]).unwrap().0, "gho_users");
    // A variable beats the file; a host whose token is in the keyring has none here; nor has an unknown one.
    assert_eq!(
        ask("api.github.com", &[("GITHUB_TOKEN", "ghp_env")])
            .unwrap()
            .1,
        "GITHUB_TOKEN"
    );
    for none in ["keyring.example", "evil.example", "acme.ghe.com"] {
        assert!(
            ask(none, &[("GH_TOKEN", "")])
                .unwrap_err()
                .message
                .starts_with("there is no token for"),
            "{none}"
        );
    }
    // The folders that `gh` itself knows, nearest first.
    let xdg = folder.path().join("xdg");
    write("xdg/gh", "github.com:\n  oauth_token: gho_xdg\n", 0o600);
    let more = [("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
    assert_eq!(ask("github.com", &more).unwrap().0, "gho_xdg");
    let own_dir = folder.path().join("own");
    let path = write("own", "github.com:\n  oauth_token: gho_dir\n", 0o600);
    let more = [more[0], ("GH_CONFIG_DIR", own_dir.to_str().unwrap())];
    assert_eq!(ask("github.com", &more).unwrap().0, "gho_dir");
    // Others can read it: refused, with the mend, and without a word of it.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = ask("github.com", &more).unwrap_err();
    assert_eq!(error.hint, format!("run: chmod 600 {}", path.display()));
    assert!(!format!("{error:?}").contains("gho_"));
    // What is no YAML holds no token.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "[").unwrap();
    assert!(ask("github.com", &more).is_err());
}

#[cfg(unix)]
#[test]
fn gh_is_not_shown_the_variables_of_another_host() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/config/bin/env");
    let all = env(&[
        ("PATH", folder),
        ("GH_TOKEN", "ghp_one"),
        ("GITHUB_TOKEN", "ghp_two"),
    ]);
    let answer = found(&TokenRef::Auto {}, "ghe.example", &all).0;
    assert_eq!(answer, "gh=;github=");
}

#[test]
fn without_any_token_the_error_says_how_to_get_one() {
    let error = resolve(
        &TokenRef::Auto {},
        "api.github.com",
        &env(&[("PATH", "/nowhere")]),
    )
    .unwrap_err();
    assert_eq!(error.message, "there is no token for github.com");
    assert!(
        error.hint.contains("GH_TOKEN")
            && error.hint.contains("gh auth login --hostname github.com")
    );
}

#[test]
fn a_secret_belongs_to_its_host() {
    let reference = TokenRef::Env {
        name: "T".to_owned(),
    };
    let secret = resolve(&reference, "api.github.com", &env(&[("T", SECRET)])).unwrap();
    assert!(secret.for_host("API.github.com").is_some());
    assert!(secret.for_host("evil.example").is_none());
    assert!(!format!("{secret:?}").contains(SECRET));
}

#[test]
fn what_cannot_stand_in_a_header_is_refused_without_being_repeated() {
    let reference = TokenRef::Env {
        name: "T".to_owned(),
    };
    assert_eq!(
        found(&reference, "h", &env(&[("T", " s3cr3t-value\r\n")])).0,
        SECRET
    );
    for bad in [
        "s3cr3t-value\nmore",
        "s3cr3t value",
        "s3cr3t-välue",
        "s3cr3t\u{7f}",
        &"s3cr3t".repeat(2_000),
    ] {
        let error = resolve(&reference, "h", &env(&[("T", bad)])).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("s3cr3t"), "{error}");
    }
    assert!(
        resolve(&reference, "h", &env(&[("T", "  ")]))
            .unwrap_err()
            .message
            .contains("empty")
    );
    assert!(
        resolve(&reference, "h", &env(&[]))
            .unwrap_err()
            .message
            .contains("T is not set")
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let reference = TokenRef::File { path: path.clone() };
    let with_mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        resolve(&reference, "h", &env(&[]))
    };
    for mode in [0o640, 0o604, 0o620, 0o601] {
        let error = with_mode(mode).unwrap_err();
        assert_eq!(error.hint, format!("run: chmod 600 {}", path.display()));
        assert!(!format!("{error:?}").contains(SECRET));
    }
    let secret = with_mode(0o600).unwrap();
    assert_eq!(secret.for_host("h").unwrap().expose_secret(), SECRET);
    let gone = TokenRef::File {
        path: folder.path().join("gone"),
    };
    assert!(
        resolve(&gone, "h", &env(&[]))
            .unwrap_err()
            .message
            .contains("can't be read")
    );
    let folder = TokenRef::File {
        path: folder.path().to_owned(),
    };
    assert!(
        resolve(&folder, "h", &env(&[]))
            .unwrap_err()
            .message
            .contains("is not a file")
    );
}

#[cfg(unix)]
#[test]
fn a_program_prints_the_secret() {
    let env = env(&[("PATH", "/usr/bin:/bin"), ("GIVEN", SECRET)]);
    assert_eq!(
        found(&shell("echo $GIVEN"), "h", &env),
        (SECRET.to_owned(), "/bin/sh".to_owned())
    );
    let failed = resolve(
        &shell("echo s3cr3t-value; echo s3cr3t-value >&2; exit 3"),
        "h",
        &env,
    )
    .unwrap_err();
    assert!(
        failed.message.contains("failed") && !format!("{failed:?}").contains("s3cr3t"),
        "{failed}"
    );
    let nobody = TokenRef::Command {
        argv: vec!["/nowhere/program".to_owned()],
    };
    assert!(
        resolve(&nobody, "h", &env)
            .unwrap_err()
            .message
            .contains("can't be run")
    );
    // Standard input is closed: a program that asks gets nothing instead of hanging.
    assert!(
        resolve(&shell("read line; echo \"$line\""), "h", &env)
            .unwrap_err()
            .message
            .contains("empty")
    );
}

#[cfg(unix)]
#[test]
fn a_program_that_hangs_is_ended() {
    let argv: Vec<String> = ["/bin/sh", "-c", "sleep 60"].map(str::to_owned).to_vec();
    let error = run(
        &argv,
        &env(&[("PATH", "/usr/bin:/bin")]),
        Duration::from_millis(100),
    )
    .unwrap_err();
    assert!(error.message.contains("printed nothing"), "{error}");
}
