//! The configuration from outside: a corpus of files with their exact diagnostics, layers and origins, trust, show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flightdeck::config::{self, Diagnostics, Folders, Loaded, Sources};
use tempfile::TempDir;

/// A home, a repository and a folder in it, all temporary.
struct Machine {
    _keep: TempDir,
    home: PathBuf,
    repository: PathBuf,
    env: BTreeMap<String, String>,
    flags: Vec<(String, String, String)>,
    trusted: bool,
}

const SERVICE: &str = "[services.checkout]\nrepo = \"acme/checkout\"\nenvironments = [\"production\"]\n[services.checkout.env.production]\n";

impl Machine {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = keep.path().canonicalize().unwrap();
        let (home, repository) = (root.join("home"), root.join("repo"));
        std::fs::create_dir_all(home.join(".config/flightdeck")).unwrap();
        std::fs::create_dir_all(repository.join(".git")).unwrap();
        std::fs::create_dir_all(repository.join("deep/er")).unwrap();
        Self {
            _keep: keep,
            home,
            repository,
            env: BTreeMap::new(),
            flags: Vec::new(),
            trusted: true,
        }
    }
    fn user(self, text: &str) -> Self {
        std::fs::write(self.home.join(".config/flightdeck/config.toml"), text).unwrap();
        self
    }
    fn project(self, text: &str) -> Self {
        std::fs::create_dir_all(self.repository.join(".flightdeck")).unwrap();
        std::fs::write(self.repository.join(".flightdeck/config.toml"), text).unwrap();
        self
    }
    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }
    fn flag(mut self, key: &str, value: &str, flag: &str) -> Self {
        self.flags
            .push((key.to_owned(), value.to_owned(), flag.to_owned()));
        self
    }
    fn untrusted(mut self) -> Self {
        self.trusted = false;
        self
    }
    fn sources(&self) -> Sources {
        let home = BTreeMap::from([("HOME".to_owned(), self.home.display().to_string())]);
        Sources {
            env: self.env.clone(),
            flags: self.flags.clone(),
            trusted: self.trusted,
            ..Sources::new(
                self.repository.join("deep/er"),
                Folders::new(&home).unwrap(),
            )
        }
    }
    fn load(&self) -> Result<Loaded, Diagnostics> {
        config::load(&self.sources())
    }
    fn good(&self) -> Loaded {
        self.load().unwrap_or_else(|faults| panic!("{faults}"))
    }
    fn origin(&self, key: &str) -> String {
        let loaded = self.good();
        let origin = loaded
            .origins
            .of(key)
            .unwrap_or_else(|| panic!("{key} has no origin"));
        let text = origin.to_string();
        text.replace(&self.home.display().to_string(), "~")
            .replace(&self.repository.display().to_string(), "REPO")
    }
    fn faults(&self) -> String {
        self.load().map(|_| ()).unwrap_err().to_string()
    }
}

fn corpus(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/config")
        .join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn load_file(path: &Path) -> Result<Loaded, Diagnostics> {
    let machine = Machine::new();
    config::load(&Sources {
        config_flag: Some(path.to_owned()),
        ..machine.sources()
    })
}

#[test]
fn valid_files_load() {
    for path in corpus("valid") {
        if let Err(faults) = load_file(&path) {
            panic!("{}:\n{faults}", path.display());
        }
    }
}

#[test]
fn invalid_files_say_what_to_write_instead() {
    let mut wrong = Vec::new();
    for path in corpus("invalid") {
        let faults = load_file(&path).map(|_| ()).unwrap_err();
        let folder = format!("{}/", path.parent().unwrap().display());
        let text = faults.render(false).replace(&folder, "") + "\n";
        assert!(!text.contains("LEAKED"), "{}", text);
        for finding in faults.findings() {
            assert!(finding.hint.is_some(), "{finding:?}");
            assert!(
                finding.line.is_some() && finding.column.is_some(),
                "{finding:?}"
            );
            let shown = format!(
                "{}:{}:{}",
                path.file_name().unwrap().display(),
                finding.line.unwrap(),
                finding.column.unwrap()
            );
            assert!(text.contains(&shown), "{shown} is not in\n{text}");
        }
        let beside = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&beside, &text).unwrap();
        }
        if std::fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as in the .txt beside (UPDATE=1 rewrites them):\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_configuration_is_fine() {
    let loaded = Machine::new().good();
    assert!(!loaded.is_configured());
    assert!(loaded.files.iter().all(|file| !file.found));
    assert_eq!(
        loaded.config.github.get("main").unwrap().api.as_str(),
        "https://api.github.com"
    );
    assert!((loaded.config.defaults.verdict.alpha - 0.01).abs() < 1e-12);
}

#[test]
fn each_layer_beats_the_lower_ones() {
    let mut machine = Machine::new();
    assert_eq!(machine.origin("ui.theme"), "default");
    machine = machine.user("[ui]\ntheme = \"one\"\n");
    assert_eq!(
        machine.origin("ui.theme"),
        "user ~/.config/flightdeck/config.toml:2"
    );
    machine = machine.project("\n\n[ui]\ntheme = \"two\"\n");
    assert_eq!(
        machine.origin("ui.theme"),
        "project REPO/.flightdeck/config.toml:4"
    );
    machine = machine.env("FLIGHTDECK_UI__THEME", "three");
    assert_eq!(machine.origin("ui.theme"), "env FLIGHTDECK_UI__THEME");
    assert_eq!(machine.good().config.ui.theme, "three");
    machine = machine.flag("ui.theme", "four", "--theme");
    assert_eq!(machine.origin("ui.theme"), "flag --theme");
    assert_eq!(machine.good().config.ui.theme, "four");
}

#[test]
fn layers_override_one_entry_and_keep_the_order() {
    let machine = Machine::new()
        .user(&format!("{SERVICE}bake = \"10m\"\n[services.zebra]\nrepo = \"a/z\"\nenvironments = [\"x\"]\n[services.zebra.env.x]\n"))
        .project("[services.apple]\nrepo = \"a/a\"\nenvironments = [\"b\", \"a\"]\n[services.apple.env]\nb = {}\na = {}\n[services.checkout.env.production]\nconfirm = \"key\"\n");
    let config = machine.good().config;
    assert_eq!(
        config.services.keys().collect::<Vec<_>>(),
        ["checkout", "zebra", "apple"]
    );
    let production = config
        .services
        .get("checkout")
        .unwrap()
        .env
        .get("production")
        .unwrap();
    assert_eq!(production.bake.0.as_mins(), 10);
    assert_eq!(production.confirm, config::model::Confirm::Key);
    let order: Vec<&str> = config
        .services
        .get("apple")
        .unwrap()
        .environments
        .iter()
        .map(flightdeck::domain::ids::EnvId::as_str)
        .collect();
    assert_eq!(order, ["b", "a"]);
}

#[test]
fn a_token_is_replaced_whole() {
    let machine = Machine::new()
        .user("[github.main]\ntoken = { from = \"env\", name = \"MINE\" }\n")
        .project("[github.main]\ntoken = { from = \"auto\" }\n");
    assert_eq!(
        machine.good().config.github.get("main").unwrap().token,
        config::model::TokenRef::Auto {}
    );
}

#[test]
fn a_given_file_stands_for_both() {
    let machine = Machine::new()
        .user("[ui]\ntheme = \"one\"\n")
        .project("[ui]\nbanner = \"P\"\n");
    std::fs::write(machine.home.join("other.toml"), SERVICE).unwrap();
    let other = machine.home.join("other.toml");
    let by_env = machine.env("FLIGHTDECK_CONFIG", &other.display().to_string());
    let config = by_env.good().config;
    assert_eq!(
        (config.ui.theme.as_str(), config.ui.banner.as_str()),
        ("dark", "")
    );
    assert_eq!(config.services.len(), 1);
    let gone = by_env.env("FLIGHTDECK_CONFIG", "/nowhere/at.toml");
    assert!(
        gone.faults()
            .contains("environment variable FLIGHTDECK_CONFIG: there is no file /nowhere/at.toml")
    );
}

#[test]
fn a_file_above_the_repository_is_nobodys() {
    let machine = Machine::new();
    let above = machine.repository.parent().unwrap().join(".flightdeck");
    std::fs::create_dir_all(&above).unwrap();
    std::fs::write(above.join("config.toml"), "[ui]\nbanner = \"OTHER\"\n").unwrap();
    assert_eq!(machine.good().config.ui.banner, "");
}

#[test]
fn variables_are_read_by_what_the_key_wants() {
    let machine = Machine::new()
        .user(&format!("[services.my-api]\nrepo = \"a/b\"\nenvironments = [\"production\"]\n[services.my-api.env.production]\n{SERVICE}"))
        .env("FLIGHTDECK_DEFAULTS__VERDICT__ALPHA", "0.05")
        .env("FLIGHTDECK_UI__ASCII", "true")
        .env("FLIGHTDECK_SERVICES__MY_API__TAGS", "a, b")
        .env("FLIGHTDECK_SERVICES__MY_API__ENV__PRODUCTION__BAKE", "5m")
        .env("FLIGHTDECK_GITHUB__MAIN__TOKEN", "{ from = \"env\", name = \"T\" }")
        .env("FLIGHTDECK_UI__BANNER", "42")
        .env("FLIGHTDECK_NONSENSE", "ignored")
        .env("OTHER__THING", "ignored");
    let config = machine.good().config;
    assert!((config.defaults.verdict.alpha - 0.05).abs() < 1e-12);
    assert!(config.ui.ascii);
    assert_eq!(config.ui.banner, "42");
    let api = config.services.get("my-api").unwrap();
    assert_eq!(api.tags, ["a", "b"]);
    assert_eq!(api.env.get("production").unwrap().bake.0.as_mins(), 5);
}

#[test]
fn bad_variables_and_flags_are_named() {
    let machine = Machine::new()
        .user("[ui]\nascii = false\n")
        .env("FLIGHTDECK_UI__ASCII", "yes")
        .env("FLIGHTDECK_UI__THEEM", "dark")
        .env("FLIGHTDECK_GITHUB__MAIN__TOKEN", "ghp_LEAKED")
        .env("FLIGHTDECK_GITHUB__MAIN__TOKEN__FROM", "auto")
        .env("FLIGHTDECK_SERVICES__X__REPO", "nonsense")
        .flag("ui.mouse", "of", "--mouse");
    let text = machine.faults();
    insta::assert_snapshot!(text);
    assert!(!text.contains("LEAKED"));
    assert!(!text.contains("config.toml"), "a file is not to blame");
    let findings = machine.load().map(|_| ()).unwrap_err().findings();
    assert_eq!(findings.last().unwrap().source, "--mouse");
    assert_eq!(findings.last().unwrap().line, None);
}

#[test]
fn faults_of_all_files_come_at_once() {
    let text = Machine::new()
        .user("[ui]\ntheem = \"x\"\nascii = 1\n")
        .project("[services.a]\nrepo = 5\n")
        .env("FLIGHTDECK_UI__MOUSE", "x")
        .faults();
    for part in [
        "theem",
        "`ui.ascii`",
        "`services.a.repo`",
        "lacks `environments`",
        "FLIGHTDECK_UI__MOUSE",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(
        !text.contains("lacks `repo`"),
        "told once is enough:\n{text}"
    );
}

const REDIRECTING: &str = r#"
[github.main]
api = "https://evil.example"
token = { from = "command", argv = ["sh", "-c", "evil"] }
budget = 0.1
[metrics.prom]
url = "https://evil.example"
auth = { bearer = { from = "env", name = "HOME" } }
headers = { X = "y" }
ca_file = "evil.pem"
[state]
profile = "other"
[services.checkout]
repo = "acme/checkout"
metrics = "prom"
labels = { url = "not a key" }
environments = ["production", "deploy"]
[services.checkout.env.deploy]
[services.checkout.env.production]
bake = "7m"
deploy = { workflow = "d.yml", ref = "main" }
rollback = { ladder = ["stop"], way = { stop = { github_cancel = {} } } }
"#;

#[test]
fn an_untrusted_project_asks_no_address_for_a_gate() {
    let project = format!(
        "{SERVICE}[gates]\ncov = {{ stage = \"test\", http = {{ get = \"https://x.example/$sha\", path = \"$.n\", at_least = 1 }} }}\nci = {{ stage = \"test\", checks = {{}} }}\n"
    );
    let loaded = Machine::new().project(&project).untrusted().good();
    let named: Vec<&str> = loaded.withheld.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(named, ["gates.cov.http"]);
    let ids: Vec<&String> = loaded.config.gates.keys().collect();
    assert_eq!(
        ids,
        ["ci"],
        "the gate without its kind is gone, the harmless one holds"
    );
    let trusted = Machine::new().project(&project).good();
    assert_eq!(trusted.config.gates.len(), 2);
}

#[test]
fn an_untrusted_project_redirects_nothing() {
    let machine = Machine::new().project(REDIRECTING).untrusted();
    let loaded = machine.good();
    let named: Vec<&str> = loaded.withheld.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(
        named,
        [
            "github.main.api",
            "github.main.token",
            "metrics.prom.url",
            "metrics.prom.auth",
            "metrics.prom.headers",
            "metrics.prom.ca_file",
            "state",
            "services.checkout.env.production.deploy",
            "services.checkout.env.production.rollback",
        ]
    );
    assert_eq!(loaded.withheld[0].place.line_column(), Some((3, 1)));
    let main = loaded.config.github.get("main").unwrap();
    assert_eq!(main.api.as_str(), "https://api.github.com");
    assert_eq!(main.token, config::model::TokenRef::Auto {});
    assert!(loaded.config.metrics.is_empty());
    assert_eq!(loaded.config.state.profile, "default");
    let checkout = loaded.config.services.get("checkout").unwrap();
    assert_eq!(checkout.metrics, None);
    let production = checkout.env.get("production").unwrap();
    assert!(production.rollback.is_none() && production.deploy.is_none());
    assert_eq!(production.bake.0.as_mins(), 7, "the harmless rest holds");

    let trusted = Machine::new().project(REDIRECTING).good();
    assert!(trusted.withheld.is_empty());
    assert!(
        trusted
            .config
            .services
            .get("checkout")
            .unwrap()
            .env
            .get("production")
            .unwrap()
            .rollback
            .is_some()
    );
}

#[test]
fn the_users_own_source_stays_when_a_projects_is_withheld() {
    let machine = Machine::new()
        .user("[metrics.prom]\nurl = \"https://good.example\"\n")
        .project(REDIRECTING)
        .untrusted();
    let config = machine.good().config;
    assert_eq!(
        config.metrics.get("prom").unwrap().url.as_str(),
        "https://good.example"
    );
    assert_eq!(
        config.services.get("checkout").unwrap().metrics.as_deref(),
        Some("prom")
    );
}

#[test]
fn the_users_file_is_never_withheld() {
    let loaded = Machine::new().user(REDIRECTING).untrusted().good();
    assert!(loaded.withheld.is_empty());
    assert_eq!(loaded.config.state.profile, "other");
}

#[test]
fn show_is_toml_that_says_who_set_what_and_hides_secrets() {
    let file = corpus("valid")
        .into_iter()
        .find(|path| path.ends_with("whole.toml"))
        .unwrap();
    let loaded = load_file(&file).unwrap();
    let text = config::show(&loaded);
    assert!(!text.contains("very-secret-header"));
    assert!(!format!("{loaded:?}").contains("very-secret-header"));
    let folder = format!("{}/", file.parent().unwrap().display());
    insta::assert_snapshot!(text.replace(&folder, ""));
    // What is shown is a configuration again, with the same effective keys.
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.toml");
    std::fs::write(&again, &text).unwrap();
    let again = load_file(&again).unwrap_or_else(|faults| panic!("{faults}"));
    let values = |loaded: &Loaded| {
        loaded
            .origins
            .all()
            .iter()
            .map(|key| (key.path.clone(), key.value.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&again), values(&loaded));
}

#[test]
fn paths_in_files_start_from_the_file_and_from_home() {
    let machine = Machine::new().user("[metrics.p]\nurl = \"https://p.example\"\nca_file = \"ca.pem\"\nauth = { bearer = { from = \"file\", path = \"~/token\" } }\n");
    let config = machine.good().config;
    let source = config.metrics.get("p").unwrap();
    assert_eq!(
        source.ca_file,
        Some(machine.home.join(".config/flightdeck/ca.pem"))
    );
    let token = config::model::TokenRef::File {
        path: machine.home.join("token"),
    };
    assert_eq!(source.auth, Some(config::model::Auth::Bearer(token)));
}

#[test]
fn own_keys_name_actions_that_exist() {
    fn chord(text: &str) -> Result<(), String> {
        if text == "R" {
            Ok(())
        } else {
            Err("this is not a chord".to_owned())
        }
    }
    let machine = Machine::new().user("[ui.keys]\nrollbck = \"R\"\nrollback = [\"R\", \"Q-Q\"]\n");
    let faults = config::load(&Sources {
        actions: vec!["rollback".to_owned(), "help".to_owned()],
        chord: Some(chord),
        ..machine.sources()
    })
    .map(|_| ())
    .unwrap_err();
    let text = faults.to_string();
    assert!(
        text.contains("did you mean `rollback`?") && text.contains("this is not a chord"),
        "{text}"
    );
    assert_eq!(faults.0.len(), 2);
}

#[test]
fn plain_http_with_a_token_is_a_warning() {
    let loaded = Machine::new().user("[github.main]\napi = \"http://ghe.example/api/v3\"\n[github.demo]\napi = \"http://127.0.0.1:1\"\n").good();
    assert_eq!(loaded.warnings.len(), 1);
    assert!(
        config::check(&loaded, false).contains("`github.main.api` sends secrets over plain http")
    );
    assert_eq!(
        loaded.config.github.get("main").unwrap().graphql_url(),
        "http://ghe.example/api/graphql"
    );
    assert_eq!(
        loaded.config.github.get("demo").unwrap().graphql_url(),
        "http://127.0.0.1:1/graphql"
    );
}

#[test]
fn folders_follow_xdg_and_profiles_split_them() {
    let env = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let folders = Folders::new(&env(&[
        ("HOME", "/h"),
        ("XDG_STATE_HOME", "/s"),
        ("XDG_CACHE_HOME", "relative"),
    ]))
    .unwrap();
    let paths = folders.profile("demo-1");
    assert_eq!(
        paths.database,
        Path::new("/s/flightdeck/demo-1/flightdeck.db")
    );
    assert_eq!(
        paths.responses,
        Path::new("/h/.cache/flightdeck/demo-1/responses.cache")
    );
    assert_eq!(
        folders.user_file(),
        Path::new("/h/.config/flightdeck/config.toml")
    );
}

#[test]
fn a_file_that_does_not_parse_blames_nothing_else() {
    let text = Machine::new()
        .user("[metrics.prom\n")
        .project(&format!("{SERVICE}[services.checkout.release]\nfrom = \"tag\"\n[services.other]\nmetrics = \"prom\"\n"))
        .faults();
    assert!(
        text.contains("unclosed table") && text.contains("did you mean \"tags\""),
        "{text}"
    );
    assert!(
        !text.contains("no such metrics source") && !text.contains("lacks"),
        "{text}"
    );
}

#[test]
fn a_folder_in_place_of_a_file_is_said() {
    let machine = Machine::new();
    std::fs::create_dir_all(machine.home.join(".config/flightdeck/config.toml")).unwrap();
    assert!(machine.faults().contains("this is not a file"));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let faults = Machine::new()
        .user("[ui]\ntheem = 1\n")
        .load()
        .map(|_| ())
        .unwrap_err();
    assert!(faults.render(true).contains("\u{1b}["));
    assert!(!faults.render(false).contains('\u{1b}'));
}

#[test]
fn a_default_query_needs_the_label_of_every_service() {
    let text = Machine::new()
        .user(&format!(
            "{SERVICE}[defaults.signals]\nerrors = 'sum(e{{team=\"$team\"}})'\n"
        ))
        .faults();
    assert!(
        text.contains("the variable $team means nothing here"),
        "{text}"
    );
    let labelled = Machine::new().user(&format!(
        "{SERVICE}[services.checkout.labels]\nteam = \"shop\"\n[defaults.signals]\nerrors = 'sum(e{{team=\"$team\"}})'\n"
    ));
    let config = labelled.good().config;
    let signals = config.signals(config.services.get("checkout").unwrap());
    assert_eq!(signals.errors.as_deref(), Some("sum(e{team=\"$team\"})"));
    assert!(signals.requests.is_some() && signals.latency.is_some());
}

#[test]
fn check_and_path_say_what_was_read() {
    let machine = Machine::new()
        .user(SERVICE)
        .project(REDIRECTING)
        .untrusted();
    let loaded = machine.good();
    let check = config::check(&loaded, false);
    assert!(
        check.contains("withheld until the file is trusted: github.main.api"),
        "{check}"
    );
    assert!(check.ends_with("ok: 2 files, 1 service\n"), "{check}");
    let path = config::path(&Machine::new().user("").good());
    let lines: Vec<&str> = path.lines().collect();
    assert!(
        lines[0].starts_with("user ") && lines[0].ends_with("config.toml"),
        "{path}"
    );
    assert!(
        lines[1].starts_with("project ") && lines[1].ends_with("(not there)"),
        "{path}"
    );
}

const PLANNED: &str = "[releases.next]\nservice = \"checkout\"\nenvironment = \"production\"\nversion = \"v3\"\nat = \"2026-11-24T15:30\"\nkind = \"minor\"\n";

#[test]
fn the_plan_lies_in_the_repository_and_each_release_has_its_place() {
    let with = |plan: &str| {
        let project = format!("{SERVICE}[calendar]\nplan = \".flightdeck/plan.toml\"\n");
        let machine = Machine::new().project(&project).untrusted();
        std::fs::write(machine.repository.join(".flightdeck/plan.toml"), plan).unwrap();
        machine
    };
    let loaded = with(&format!("# what comes\n{PLANNED}")).good();
    let next = &loaded.plan[0];
    assert_eq!(
        (next.version.as_str(), next.service.as_str()),
        ("v3", "checkout")
    );
    assert_eq!(next.place.line_column(), Some((2, 11)));
    assert!(loaded.withheld.is_empty() && loaded.warnings.is_empty());
    for (bad, says, at) in [
        (
            PLANNED.replace("checkout", "checkuot"),
            "did you mean \"checkout\"",
            "plan.toml:2:11",
        ),
        (
            PLANNED.replace("production", "prod"),
            "\"production\"",
            "plan.toml:3:15",
        ),
        (
            PLANNED.replace("T15:30", "T35:30"),
            "not a point in time",
            "plan.toml:5:6",
        ),
        (
            PLANNED.replace("version", "verzion"),
            "did you mean `version`",
            "plan.toml:4:1",
        ),
        (
            PLANNED.replace("minor", "tiny"),
            "\"hotfix\"",
            "plan.toml:6:8",
        ),
        (PLANNED.replace("at = ", "at "), "not TOML", "plan.toml:5:"),
    ] {
        let faults = with(&bad).faults();
        assert!(faults.contains(says) && faults.contains(at), "{faults}");
    }
}

#[test]
fn a_plan_that_is_not_there_is_a_warning() {
    let project = format!("{SERVICE}[calendar]\nplan = \".flightdeck/plan.toml\"\n");
    let loaded = Machine::new().project(&project).good();
    assert!(loaded.plan.is_empty());
    assert!(
        loaded.warnings[0]
            .render_warning(false)
            .contains("there is no file")
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(200) })]
    /// Whatever is cut out of a file or typed into it: an answer, never a panic, and nothing raw for the terminal.
    #[test]
    fn damaged_files_are_answered(at in 0..1500_usize, cut in 0..60_usize, typed in ".{0,8}") {
        let whole = include_str!("../fixtures/config/valid/whole.toml");
        let chars: Vec<char> = whole.chars().collect();
        let from = at.min(chars.len());
        let to = (from + cut).min(chars.len());
        let text: String = chars[..from].iter().chain(typed.chars().collect::<Vec<_>>().iter()).chain(&chars[to..]).collect();
        if let Err(faults) = Machine::new().user(&text).load() {
            let shown = faults.render(false);
            proptest::prop_assert!(!shown.is_empty());
            proptest::prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        }
    }
}
