//! The service's part of a first configuration: its environments in order, how what is live is known, what deploys, and the way
//! back.

use std::fmt::Write as _;

use super::{list, literal, one_line, quoted};
use crate::domain::ids::RepoSlug;
use crate::domain::survey::choice::{self, Chosen, Inputs, PRODUCTION, rank};
use crate::domain::survey::{RepoFacts, Survey, WorkflowFacts};
use crate::domain::text::Safe;

/// The id of a repository's service.
pub(super) fn id(repo: &RepoSlug) -> String {
    let id = choice::slug(&repo.name);
    if id.is_empty() {
        "service".to_owned()
    } else {
        id
    }
}

/// Writes the service; answers the environments that have a way back.
pub(super) fn write(survey: &Survey, out: &mut String) -> Vec<String> {
    let facts = &survey.repo;
    let id = id(&facts.repo);
    let (chosen, left_out) = choice::environments(facts);
    let ids: Vec<&str> = chosen.iter().map(|c| c.id.as_str()).collect();
    let _ = write!(
        out,
        "\n# The id stays, whatever the repository is called one day: the ledger refers to it.\n\
         [services.{id}]\nrepo = {}\n",
        quoted(&facts.repo.to_string())
    );
    let signals = survey.metrics.as_ref().and_then(|m| m.signals.as_ref());
    if let Some(signals) = signals {
        out.push_str("metrics = \"prom\"\n");
        if let Some(value) = &signals.service {
            let _ = writeln!(out, "labels = {{ service = {} }}", quoted(value));
        }
    }
    if facts.environments.is_empty() {
        out.push_str(
            "# The repository has no environments and no deployments: this one is made up.\n",
        );
    } else {
        out.push_str("# In the order a release goes through them, guessed from their names.\n");
    }
    if !left_out.is_empty() {
        let names: Vec<String> = left_out.iter().map(|n| one_line(n.as_str())).collect();
        let _ = writeln!(out, "# Left out: {}.", names.join(", "));
    }
    let _ = writeln!(out, "environments = {}", list(ids.iter().copied()));
    release(facts, out);
    let mut ways = Vec::new();
    for (n, env) in chosen.iter().enumerate() {
        let last = n + 1 == chosen.len();
        if environment(facts, &id, env, last, out) {
            ways.push(env.id.clone());
        }
    }
    ways
}

/// Which tags are versions: `v*`, `checkout-v*`.
fn pattern(tags: &[Safe]) -> String {
    let prefix = |tag: &Safe| -> Option<String> {
        let text = tag.as_str();
        let at = text.find(|c: char| c.is_ascii_digit())?;
        text.get(..at).map(str::to_owned)
    };
    let first = tags
        .iter()
        .find_map(prefix)
        .unwrap_or_else(|| "v".to_owned());
    // A pattern's own letters stand for themselves nowhere in a version.
    format!(
        "{}*",
        first.replace(['*', '?', '[', ']', '{', '}', '\\', '!'], "?")
    )
}

fn release(facts: &RepoFacts, out: &mut String) {
    let from = if !facts.tags.is_empty() {
        "tags"
    } else if facts.releases {
        "releases"
    } else {
        out.push_str("# There are neither tags nor releases: the head of the default branch is the candidate.\n");
        "branch"
    };
    let _ = writeln!(
        out,
        "release = {{ tags = {}, from = \"{from}\" }}",
        quoted(&pattern(&facts.tags))
    );
}

/// Writes an environment; tells whether there is a way back.
fn environment(
    facts: &RepoFacts,
    service: &str,
    env: &Chosen<'_>,
    last: bool,
    out: &mut String,
) -> bool {
    let table = format!("services.{service}.env.{}", env.id);
    let _ = write!(out, "\n[{table}]\n");
    if env.name() != env.id {
        let _ = writeln!(out, "github_environment = {}", quoted(env.name()));
    }
    let deploys = choice::deploys(facts, env).filter(|w| usable(w));
    let deployed = env.facts.is_some_and(|e| e.deployed);
    let mut live = Vec::new();
    if deployed || deploys.is_none() {
        live.push("deployments");
    }
    if deploys.is_some() {
        live.push("runs");
    }
    if !facts.tags.is_empty() || facts.releases {
        live.push("releases");
    }
    if !deployed {
        out.push_str("# Nothing was deployed here by GitHub's deployments, so runs or releases tell what is live, less surely.\n");
    }
    let _ = writeln!(out, "live = {}", list(live));
    out.push_str("# The service itself may say what it runs; where that differs from what is recorded, it shows:\n");
    out.push_str("#probe = { url = \"https://HOST/healthz\", version = \"$.version\" }\n");
    if let Some(workflow) = deploys {
        let made = env
            .facts
            .is_some_and(|e| e.workflow.as_deref() == Some(workflow.file.as_str()));
        let _ = writeln!(
            out,
            "# {} {}.",
            one_line(workflow.name.as_str()),
            if made {
                "made the newest deployment here"
            } else {
                "is called like one that deploys"
            }
        );
        let values = workflow
            .inputs
            .as_deref()
            .map(|i| choice::inputs(i, env.name()));
        let values = values.and_then(Result::ok).unwrap_or_default();
        let _ = writeln!(
            out,
            "deploy = {{ workflow = {}, ref = {}{} }}",
            quoted(&workflow.file),
            quoted(facts.branch.as_str()),
            inputs(&values)
        );
    }
    let users = rank(env.name()) >= PRODUCTION || last;
    let _ = writeln!(
        out,
        "confirm = \"{}\"",
        if users { "service-name" } else { "key" }
    );
    let back = choice::back(facts, env, last).and_then(|(workflow, values)| {
        if usable(workflow) {
            Ok((workflow, values))
        } else {
            Err(format!("{} can't be named here", workflow.file))
        }
    });
    match back {
        Ok((workflow, values)) => {
            way_back(facts, &table, workflow, &values, out);
            true
        }
        Err(why) => {
            let _ = write!(
                out,
                "# No way back: {}.\n#[{table}.rollback]\n#ladder = [\"workflow\"]\n#[{table}.rollback.way]\n\
                 #workflow = {{ github_workflow = {{ file = \"rollback.yml\", ref = {}, inputs = {{ sha = \"$to_sha\" }} }} }}\n",
                one_line(&why),
                quoted(facts.branch.as_str())
            );
            false
        }
    }
}

fn way_back(
    facts: &RepoFacts,
    table: &str,
    workflow: &WorkflowFacts,
    values: &Inputs,
    out: &mut String,
) {
    let name = one_line(workflow.name.as_str());
    let _ = write!(
        out,
        "\n# `R` starts {name}. Nothing is sent before it was confirmed.\n"
    );
    let correlated = values
        .iter()
        .any(|(input, v)| v == "$correlation_id" && workflow.titled.contains(input));
    if !correlated {
        out.push_str(
            "# To find a run again whose answer was lost, give the workflow an input `cockpit_id`, show it in its `run-name`, and add\n\
             # cockpit_id = \"$correlation_id\" here.\n",
        );
    }
    let _ = write!(
        out,
        "[{table}.rollback]\n# Stopping the deploy under way can be a way of its own: ladder = [\"stop\", \"workflow\"], way stop = {{ github_cancel = {{}} }}\n\
         ladder = [\"workflow\"]\n[{table}.rollback.way]\n\
         workflow = {{ github_workflow = {{ file = {}, ref = {}{} }} }}\n",
        quoted(&workflow.file),
        quoted(facts.branch.as_str()),
        inputs(values)
    );
}

fn inputs(values: &Inputs) -> String {
    if values.is_empty() {
        return String::new();
    }
    let key = |name: &str| {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if plain && !name.is_empty() {
            name.to_owned()
        } else {
            literal(name)
        }
    };
    let pairs: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{} = {}", key(name), quoted(value)))
        .collect();
    format!(", inputs = {{ {} }}", pairs.join(", "))
}

/// Whether the file's name may stand in the configuration.
fn usable(workflow: &WorkflowFacts) -> bool {
    let file = &workflow.file;
    let stem = file
        .strip_suffix(".yml")
        .or_else(|| file.strip_suffix(".yaml"));
    stem.is_some_and(|s| !s.is_empty()) && !file.contains(['/', '\\', '?', '#', '%', ' '])
}
