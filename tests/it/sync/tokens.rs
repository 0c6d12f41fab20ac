//! Two sources at one address, each with a token that sees only its own organization's repositories.

use std::fmt::Write as _;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::runtime::sync::{self, Report};
use tempfile::TempDir;

use super::host::{Host, Past};
use super::scale::{clock, well};
use crate::support::{load, sealed, write_private};

/// A sync of what is configured: one service of `acme`, one of `globex`, read by these tokens' files.
async fn synced(host: &Host, dir: &TempDir, files: [&str; 2]) -> Report {
    let at = &host.stub.url;
    let mut text = "schema = 1\n".to_owned();
    for (name, file) in ["main", "work"].into_iter().zip(files) {
        let token = dir.path().join(file).display().to_string();
        write!(
            text,
            "[github.{name}]\napi = \"{at}\"\ntoken = {{ from = \"file\", path = \"{token}\" }}\n"
        )
        .unwrap();
    }
    for (service, repo, name) in [
        ("shop", "acme/shop", "main"),
        ("till", "globex/till", "work"),
    ] {
        write!(
            text,
            "[services.{service}]\nrepo = \"{repo}\"\ngithub = \"{name}\"\nenvironments = [\"production\"]\n"
        )
        .unwrap();
    }
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let env = sealed(dir.path());
    let config = load(&file, &env).config;
    let clock = clock();
    let hosts = sync::hosts(&config, &env, &clock).await;
    let place = (dir.path(), &clock);
    let terms = sync::terms(&config);
    sync::sync(&sync::repos(&config), &hosts, &terms, place, &|_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_reads_with_its_own_token() {
    let mut past = Past::of(3, 3, 3, 3);
    past.tokens = [("acme", "of-acme"), ("globex", "of-globex")].into();
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    write_private(&dir.path().join("acme"), "of-acme");
    write_private(&dir.path().join("globex"), "of-globex");
    let report = synced(&host, &dir, ["acme", "globex"]).await;
    assert_eq!(report.outcomes.len(), 2);
    well(&report);

    // A token that is not there holds up only its own source.
    let report = synced(&host, &dir, ["acme", "none"]).await;
    assert_eq!(report.outcomes[0].rows, Ok(0), "{report:?}");
    let fault = report.outcomes[1].rows.as_ref().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Auth);
}
