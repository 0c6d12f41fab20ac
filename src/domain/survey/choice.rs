//! Conclusions from a survey: the order of environments, ids, the workflow that deploys, the one that takes back, and what goes
//! into its inputs. By names where nothing better is known; what can't be told is said. Pure.

use super::{EnvFacts, InputFacts, InputKind, RepoFacts, WorkflowFacts};
use crate::domain::text::Safe;

/// More environments are rather one for each pull request.
const MOST: usize = 8;

/// How far an environment is from the users: 0 the farthest, [`PRODUCTION`] the users' own.
pub fn rank(name: &str) -> u8 {
    let lower = name.to_ascii_lowercase();
    let plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let has = |words: &[&str]| {
        lower
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| words.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    if plain.starts_with("preprod") || has(&["canary", "preprod", "preproduction", "prelive"]) {
        4
    } else if has(&[
        "nonprod",
        "nonproduction",
        "dev",
        "development",
        "local",
        "sandbox",
        "preview",
        "review",
        "pr",
    ]) || plain.starts_with("nonprod")
    {
        1
    } else if has(&[
        "ci",
        "test",
        "testing",
        "qa",
        "uat",
        "int",
        "integration",
        "acceptance",
    ]) {
        2
    } else if has(&["staging", "stage", "stg"]) {
        3
    } else if has(&["prod", "production", "prd", "live"]) {
        PRODUCTION
    } else if plain == "githubpages" {
        0
    } else {
        // Unknown names lie between: after the tests, before production.
        5
    }
}

/// The rank of the users' own environment.
pub const PRODUCTION: u8 = 6;

/// An environment that is to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// Its id in the configuration.
    pub id: String,
    /// What is known of it; none: the repository has none, this one is made up.
    pub facts: Option<&'a EnvFacts>,
}

impl Chosen<'_> {
    /// Its name at the host.
    pub fn name(&self) -> &str {
        self.facts.map_or(&self.id, |f| f.name.as_str())
    }

    /// Whether users are on it.
    pub fn is_production(&self) -> bool {
        rank(self.name()) >= PRODUCTION
    }
}

/// The environments to watch, in the order a release goes through them, and the names that are left out.
pub fn environments(facts: &RepoFacts) -> (Vec<Chosen<'_>>, Vec<&Safe>) {
    let mut all: Vec<&EnvFacts> = facts.environments.iter().collect();
    all.sort_by_key(|e| rank(e.name.as_str()));
    let passing = |e: &EnvFacts| {
        let name = e.name.as_str().to_ascii_lowercase();
        let numbered = name.ends_with(|c: char| c.is_ascii_digit());
        rank(&name) == 0 || (rank(&name) == 1 && numbered)
    };
    let lasting = all.iter().any(|e| !passing(e));
    let mut out = Vec::new();
    let mut kept: Vec<Chosen<'_>> = Vec::new();
    for env in all {
        let id = slug(env.name.as_str());
        let known = kept.iter().any(|k| k.id == id);
        if id.is_empty() || known || (lasting && passing(env)) {
            out.push(&env.name);
        } else {
            kept.push(Chosen {
                id,
                facts: Some(env),
            });
        }
    }
    // Those nearest to the users stay.
    while kept.len() > MOST {
        let first = kept.remove(0);
        out.extend(first.facts.map(|f| &f.name));
    }
    if kept.is_empty() {
        kept.push(Chosen {
            id: "production".to_owned(),
            facts: None,
        });
    }
    (kept, out)
}

/// A name as an id of the configuration: lower-case letters, digits and `-`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(40);
    out.trim_matches('-').to_owned()
}

/// What goes into a workflow's inputs: name and value.
pub type Inputs = Vec<(String, String)>;

/// What goes into the inputs, in order; `Err` names the first required input for which nothing fits.
///
/// # Errors
/// The input's name.
pub fn inputs(declared: &[InputFacts], env: &str) -> Result<Inputs, String> {
    let mut out = Vec::new();
    for input in declared {
        match value(input, env) {
            Some(value) => out.push((input.name.clone(), value)),
            None if input.required && input.default.is_none() => return Err(input.name.clone()),
            None => {}
        }
    }
    // Said twice is once too often: a commit is enough, and not every commit has a version.
    if out.iter().any(|(_, v)| v == "$to_sha") {
        let asked = |name: &str| declared.iter().any(|i| i.name == name && i.required);
        out.retain(|(name, v)| v != "$to_version" || asked(name));
    }
    Ok(out)
}

fn value(input: &InputFacts, env: &str) -> Option<String> {
    let name = input.name.to_ascii_lowercase().replace('-', "_");
    let takes = |text: &str| match &input.kind {
        InputKind::Choice(options) => options.iter().any(|o| o == text),
        InputKind::Yes => false,
        InputKind::Text | InputKind::Environment => true,
    };
    if input.kind == InputKind::Environment || ENVIRONMENT.contains(&name.as_str()) {
        return takes(env).then(|| env.to_owned());
    }
    if input.kind == InputKind::Yes {
        let sure = input.required && input.default.is_none() && name.contains("dry");
        return sure.then(|| "false".to_owned());
    }
    let free = input.kind == InputKind::Text;
    let found = match name.as_str() {
        n if COMMIT.contains(&n) => "$to_sha",
        n if VERSION.contains(&n) => "$to_version",
        n if SERVICE.contains(&n) => "$service",
        n if CORRELATION.contains(&n) => "$correlation_id",
        n if REASON.contains(&n) && input.required => "rollback by flightdeck",
        _ => return None,
    };
    free.then(|| found.to_owned())
}

const ENVIRONMENT: &[&str] = &[
    "environment",
    "env",
    "target_environment",
    "target_env",
    "stage",
    "deploy_env",
];
const COMMIT: &[&str] = &[
    "sha",
    "commit",
    "commit_sha",
    "git_sha",
    "target_sha",
    "to_sha",
    "revision",
    "ref",
    "git_ref",
    "target",
    "target_ref",
    "to",
    "checkout_ref",
    "commitish",
];
const VERSION: &[&str] = &[
    "version",
    "tag",
    "release",
    "to_version",
    "image_tag",
    "target_version",
    "release_tag",
];
const SERVICE: &[&str] = &["service", "app", "application", "component"];
const CORRELATION: &[&str] = &["cockpit_id", "correlation_id", "flightdeck_id"];
const REASON: &[&str] = &["reason", "message", "description", "note", "comment"];

/// Whether any of these inputs says where to go.
fn aims(values: &Inputs) -> bool {
    values
        .iter()
        .any(|(_, v)| v == "$to_sha" || v == "$to_version")
}

fn named(workflow: &WorkflowFacts, words: &[&str]) -> bool {
    let text = format!("{} {}", workflow.file, workflow.name).to_ascii_lowercase();
    words.iter().any(|w| text.contains(w))
}

const BACK: &[&str] = &["rollback", "roll-back", "roll back", "revert"];
const FORTH: &[&str] = &["deploy", "promote", "rollout"];

/// The workflow that deploys to an environment: the one that made its deployments, else the one that is called so.
pub fn deploys<'a>(facts: &'a RepoFacts, env: &Chosen<'_>) -> Option<&'a WorkflowFacts> {
    let by_deed = env.facts.and_then(|e| e.workflow.as_deref());
    if let Some(found) = by_deed.and_then(|file| facts.workflows.iter().find(|w| w.file == file))
        && !named(found, BACK)
    {
        return Some(found);
    }
    let mut by_name: Vec<&WorkflowFacts> = facts
        .workflows
        .iter()
        .filter(|w| named(w, FORTH) && !named(w, BACK))
        .collect();
    by_name.sort_by_key(|w| (!named(w, &[env.name()]), w.inputs.is_none()));
    by_name.first().copied()
}

/// The way back to an environment by a workflow, or why there is none.
///
/// # Errors
/// A sentence.
pub fn back<'a>(
    facts: &'a RepoFacts,
    env: &Chosen<'_>,
    last: bool,
) -> Result<(&'a WorkflowFacts, Inputs), String> {
    let startable = |words: &[&str]| {
        let all = facts.workflows.iter();
        let found: Vec<&WorkflowFacts> = all
            .filter(|w| w.inputs.is_some() && named(w, words))
            .collect();
        found
    };
    let mut candidates = startable(BACK);
    let deploying = startable(FORTH);
    candidates.extend(deploying.into_iter().filter(|w| !named(w, BACK)));
    let mut why =
        "no workflow that can be started by hand is called rollback, revert or deploy".to_owned();
    for workflow in candidates {
        let declared = workflow.inputs.as_deref().unwrap_or_default();
        let file = &workflow.file;
        let for_env = declared.iter().any(|i| {
            i.kind == InputKind::Environment
                || ENVIRONMENT.contains(&i.name.to_ascii_lowercase().replace('-', "_").as_str())
        });
        match inputs(declared, env.name()) {
            Err(name) => {
                why = format!("{file} wants `{name}`, and nothing here says what to put there");
            }
            Ok(values) if !aims(&values) => {
                why = format!("{file} has no input that says which version to go to");
            }
            // Without such an input it acts on one environment: the last, unless its name says another.
            Ok(_) if !for_env && !last && !named(workflow, &[env.name()]) => {
                why = format!("{file} has no input for the environment");
            }
            Ok(values) => return Ok((workflow, values)),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Required;

    fn facts(envs: &[&str]) -> RepoFacts {
        RepoFacts {
            repo: "acme/shop".parse().unwrap(),
            branch: Safe::new("main"),
            environments: envs
                .iter()
                .map(|name| EnvFacts {
                    name: Safe::new(name),
                    deployed: true,
                    workflow: None,
                })
                .collect(),
            workflows: Vec::new(),
            required: Required::None,
            reviews: None,
            seen_checks: Vec::new(),
            tags: Vec::new(),
            releases: false,
            missing: Vec::new(),
        }
    }

    fn input(name: &str, required: bool) -> InputFacts {
        InputFacts {
            name: name.to_owned(),
            required,
            kind: InputKind::Text,
            default: None,
        }
    }

    fn workflow(file: &str, inputs: Option<Vec<InputFacts>>) -> WorkflowFacts {
        WorkflowFacts {
            file: file.to_owned(),
            name: Safe::new(file),
            inputs,
            titled: Vec::new(),
        }
    }

    #[test]
    fn environments_stand_in_the_order_of_a_release() {
        let names = [
            "Production (EU)",
            "pr-71",
            "staging",
            "Pre-Prod",
            "qa2",
            "dev",
            "github-pages",
            "eu",
        ];
        let facts = facts(&names);
        let (chosen, out) = environments(&facts);
        let ids: Vec<&str> = chosen.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(
            ids,
            ["dev", "qa2", "staging", "pre-prod", "eu", "production-eu"]
        );
        assert_eq!(chosen[5].name(), "Production (EU)");
        assert!(chosen[5].is_production() && !chosen[4].is_production());
        let out: Vec<&str> = out.into_iter().map(Safe::as_str).collect();
        assert_eq!(out, ["github-pages", "pr-71"]);
        assert_eq!(rank("nonprod"), rank("dev"));
    }

    #[test]
    fn without_environments_there_is_one() {
        let facts = facts(&[]);
        let (chosen, _) = environments(&facts);
        assert_eq!(
            (chosen[0].id.as_str(), chosen[0].facts),
            ("production", None)
        );
    }

    #[test]
    fn a_workflow_is_a_way_back_only_if_its_inputs_can_be_filled() {
        let mut facts = facts(&["staging", "production"]);
        let production = Chosen {
            id: "production".to_owned(),
            facts: None,
        };
        let why = |facts: &RepoFacts| back(facts, &production, true).unwrap_err();
        facts.workflows = vec![workflow("deploy.yml", None)];
        assert!(why(&facts).contains("started by hand"));
        facts.workflows = vec![workflow("rollback.yml", Some(vec![input("ticket", true)]))];
        assert!(why(&facts).contains("`ticket`"));
        facts.workflows = vec![workflow("rollback.yml", Some(vec![]))];
        assert!(why(&facts).contains("which version"));
        facts.workflows = vec![
            workflow("deploy.yml", Some(vec![input("ref", true)])),
            workflow(
                "rollback.yml",
                Some(vec![
                    input("image-tag", true),
                    input("cockpit_id", false),
                    input("colour", false),
                ]),
            ),
        ];
        let (found, values) = back(&facts, &production, true).unwrap();
        assert_eq!(found.file, "rollback.yml");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            values,
            [
                pair("image-tag", "$to_version"),
                pair("cockpit_id", "$correlation_id")
            ]
        );
        let staging = Chosen {
            id: "staging".to_owned(),
            facts: None,
        };
        assert!(
            back(&facts, &staging, false)
                .unwrap_err()
                .contains("environment")
        );
    }

    #[test]
    fn a_commit_is_enough() {
        let both = |version| inputs(&[input("version", version), input("sha", true)], "x").unwrap();
        assert_eq!(both(false), [("sha".to_owned(), "$to_sha".to_owned())]);
        assert_eq!(both(true).len(), 2);
    }

    #[test]
    fn an_environment_that_is_no_choice_is_no_way() {
        let mut env = input("environment", true);
        env.kind = InputKind::Choice(vec!["prod".to_owned()]);
        assert_eq!(
            inputs(&[env.clone()], "prod"),
            Ok(vec![("environment".to_owned(), "prod".to_owned())])
        );
        assert_eq!(inputs(&[env], "staging"), Err("environment".to_owned()));
    }

    #[test]
    fn the_one_that_deployed_deploys() {
        let mut facts = facts(&["production"]);
        facts.environments[0].workflow = Some("ship.yml".to_owned());
        facts.workflows = vec![workflow("deploy.yml", None), workflow("ship.yml", None)];
        let (chosen, _) = environments(&facts);
        assert_eq!(deploys(&facts, &chosen[0]).unwrap().file, "ship.yml");
        facts.environments[0].workflow = None;
        let (chosen, _) = environments(&facts);
        assert_eq!(deploys(&facts, &chosen[0]).unwrap().file, "deploy.yml");
    }
}
