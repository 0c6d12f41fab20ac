//! What the commands ask on their own: the doctor, the survey of `config init`, and the answers that scripts read.

use super::{Judge, asked};
use crate::cli::{Home, Ran, Served};
use crate::support::hop::Hop;

#[test]
fn what_the_commands_ask_keeps_to_the_description() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let real = demo.hello["github_url"].as_str().unwrap();
    let hop = Hop::start(real, None);
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let config = home.write("hop.toml", &text.replace(real, &hop.url));
    let config = config.to_str().unwrap();
    for args in [
        &["status"][..],
        &["gates"],
        &["verdict"],
        &["doctor"],
        &["rollback", "--dry-run"],
        &["calendar"],
        &["changes", "--mine", "--service", "checkout"],
        &["where", "v2.14.0", "--now"],
    ] {
        let ran = home.run(&[args, &["--json", "--config", config]].concat());
        assert!([0, 1, 3, 4].contains(&ran.code), "{args:?}: {ran:?}");
    }
    let mut init = home.command(&["config", "init", "--print", "--repo", "acme/checkout"]);
    init.args(["--github", &hop.url])
        .env("FLIGHTDECK_GITHUB__MAIN__API", &hop.url)
        .env("GH_TOKEN", demo.token());
    Ran::of(init.spawn().unwrap()).ended(0);
    let seen = hop.taken();
    for address in [
        "GET /rate_limit",
        "GET /repos/acme/checkout",
        "GET /repos/acme/checkout/contents/.github/workflows/rollback.yml",
        "GET /repos/acme/checkout/environments/production",
        "GET /repos/acme/checkout/actions/workflows",
        "GET /repos/acme/checkout/rules/branches/main",
    ] {
        let asked = asked(&seen);
        assert!(asked.contains(address), "{address}: {asked:#?}");
    }
    Judge::new().all_well(&seen);
}
