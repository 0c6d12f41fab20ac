//! What the doctor finds because of what the configuration asks for, of where it is asked from, and of how long it takes.

use std::time::Duration;

use serde_json::json;

use super::{Office, WORKFLOW, file, finds, ill, limits, well};
use crate::cli::Home;
use crate::stub::{self, Stub};

/// Within the limit of a single answer.
const SLOW: Duration = Duration::from_millis(250);

#[tokio::test]
async fn what_takes_too_long_is_said() {
    // Nothing at all.
    let (mute, _) = stub::bare(stub::Bare::Hang).await;
    let args = &["--json", "--timeout", "400ms"];
    let ran = Office::new(&mute, &mute).look_with(args, vec![]).await;
    finds(&ran, "github.main.reach", "error", "in time");
    finds(&ran, "metrics.prom.reach", "error", "in time");

    // Each answer comes within the limit, but there are too many of them, one after the other.
    let stub = Stub::start(|seen, _| {
        let path = seen.path();
        if path.contains("/environments/") {
            return stub::late(SLOW, &json!({"protection_rules": []}));
        }
        if path.ends_with("/undo.yml") && path.contains("/contents/") {
            let jobs = (0..9).map(|n| format!("  j{n}: {{runs-on: x, environment: e{n}}}\n"));
            let jobs: Vec<String> = jobs.collect();
            let (head, _) = WORKFLOW.split_once("jobs:\n").unwrap();
            return file(&format!("{head}jobs:\n{}", jobs.concat()));
        }
        if seen.field("query").is_some_and(|q| q.contains("http_")) {
            let data =
                json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, "42"]}]});
            return stub::late(SLOW, &json!({"status": "success", "data": data}));
        }
        well(seen)
    })
    .await;
    let office = Office::new(&stub.url, &stub.url);
    let envs: Vec<String> = (0..12).map(|n| format!("\"e{n}\"")).collect();
    office.change(
        "environments = [\"production\"]",
        &format!("environments = [{}, \"production\"]", envs.join(", ")),
    );
    let ran = office.look_with(args, vec![]).await;
    let id = "services.checkout.production.rollback";
    finds(&ran, id, "error", "takes too long to look at");
    finds(
        &ran,
        "metrics.prom.reach",
        "error",
        "takes too long to look at",
    );
    assert!(ran.out.contains("--timeout"), "{ran:?}");
}

#[tokio::test]
async fn what_the_configuration_asks_for_shows() {
    let fine = Stub::start(|seen, _| well(seen)).await;
    // Without scopes in the answer only the kind of token tells whether it may write.
    let silent = ill("/rate_limit", "", || limits(4_000, &[])).await;
    let office = Office::new(&silent.url, &silent.url);
    std::fs::write(office.home.path("token"), "github_pat_0123456789").unwrap();
    let writes = "services.checkout.writes";
    finds(&office.look().await, writes, "info", "takes Actions: write");

    // What a gate asks for may not be missing.
    let stub = ill("/repos/acme/checkout/pulls", "", || {
        stub::json(403, &json!({}))
    })
    .await;
    let office = Office::new(&stub.url, &stub.url);
    finds(
        &office.look().await,
        "services.checkout.pulls",
        "warning",
        "the changes in a release",
    );
    let gate = "[gates.reviews]\nstage = \"test\"\napprovals = { min = 1 }\n[metrics.prom]";
    office.change("[metrics.prom]", gate);
    finds(
        &office.look().await,
        "services.checkout.pulls",
        "error",
        "a gate asks for them",
    );

    // A branch that is known only with the target.
    let office = Office::new(&fine.url, &fine.url);
    office.change("ref = \"main\"", "ref = \"$to_version\"");
    let workflow = "services.checkout.production.rollback.workflow";
    finds(
        &office.look().await,
        workflow,
        "info",
        "depends on the target",
    );

    // A password that is nowhere.
    let office = Office::new(&fine.url, &fine.url);
    let auth = "auth = { bearer = { from = \"env\", name = \"PROM_TOKEN\" } }\n[services.checkout]";
    office.change("[services.checkout]", auth);
    finds(
        &office.look().await,
        "metrics.prom.token",
        "error",
        "PROM_TOKEN is not set",
    );

    // A token that anybody on the way could read.
    let office = Office::new("http://flightdeck.invalid", &fine.url);
    let ran = office.look().await;
    finds(&ran, "config.warning-1", "warning", "plain http");
    finds(&ran, "github.main.reach", "error", "flightdeck.invalid");

    // The keyring, in a build without it.
    #[cfg(not(feature = "keyring"))]
    {
        let office = Office::new(&fine.url, &fine.url);
        let token = office.home.path("token").display().to_string();
        let file = format!("{{ from = \"file\", path = \"{token}\" }}");
        office.change(&file, "{ from = \"keyring\" }");
        let ran = office.look().await;
        finds(
            &ran,
            "github.main.token",
            "error",
            "built without the keyring",
        );
    }
}

#[test]
fn what_the_size_of_the_terminal_shows() {
    let home = Home::new();
    let looked = |size: (u16, u16), says: &str| {
        let flight = home.fly(&["doctor", "--json"], &[], size);
        let said = || String::from_utf8_lossy(&flight.output()).into_owned();
        flight.wait(says, |_| said().contains(says));
    };
    looked((50, 12), "50x12 is small");
    looked((80, 24), "\"message\":\"80x24\"");
}

#[tokio::test]
async fn servers_that_speak_only_ipv6_are_as_good_as_others() {
    let Some(six) = Stub::start_on("[::1]:0", |seen, _| well(seen)).await else {
        eprintln!("skipped: this machine has no IPv6");
        return;
    };
    let ran = Office::new(&six.url, &six.url).look().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    finds(&ran, "github.main.reach", "ok", "answers");
    finds(&ran, "metrics.prom.reach", "ok", "answers");
}
