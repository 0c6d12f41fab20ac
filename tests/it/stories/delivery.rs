//! The past of the shop as a store would keep it, and the stories of its changes: what is live, on staging, in no release, taken
//! back; the first reading; a source that fails; names as nobody wants them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use flightdeck::app::delivery::{Done, Look, Progress};
use flightdeck::app::msg::Msg;
use flightdeck::domain::change::delivery::Delivered;
use flightdeck::domain::change::dora::{self, Counting, Sheet, Window};
use flightdeck::domain::change::flags::{Flag, Flags};
use flightdeck::domain::change::lead_time::{Boundary, Moment, Moments, Stage};
use flightdeck::domain::change::listing::{Ask, Candidate, Figures, Listing, MOST, Tally, Whose};
use flightdeck::domain::change::marks::Reverted;
use flightdeck::domain::change::origin::{self, Named};
use flightdeck::domain::change::repository::Repository;
use flightdeck::domain::change::synced::{
    Batch, CommitRow, DeploymentRow, IncidentRow, PullRow, ReleaseRow, Snapshot,
};
use flightdeck::domain::change::tiers::Year;
use flightdeck::domain::fetched::{Fault, FaultKind};
use flightdeck::domain::ids::{CommitSha, ServiceId, Target};
use flightdeck::domain::text::Safe;
use flightdeck::domain::units::Now;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::shop::{Shop, at, fault, hostile};
use super::tales::{first_start, healthy};

/// What is kept of the past.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// The repositories, by service.
    pub(crate) kept: BTreeMap<String, Snapshot>,
    /// What reading a source does; none: it is still under way.
    pub(crate) reading: Option<Result<Done, Fault>>,
    /// The store fails.
    pub(crate) broken: Option<Fault>,
}

fn named() -> Vec<Named> {
    ["staging", "production"]
        .map(|e| (e.parse().unwrap(), e.to_owned()))
        .to_vec()
}

impl Past {
    fn services(&self, whose: &Whose) -> Vec<(ServiceId, Repository)> {
        let wanted = |name: &String| !matches!(whose, Whose::Service(id) if id.as_str() != name);
        let kept = self.kept.iter().filter(|(name, _)| wanted(name));
        kept.map(|(name, s)| (name.parse().unwrap(), Repository::new(s.clone())))
            .collect()
    }

    /// What a store would answer.
    pub(crate) fn listing(&self, ask: &Ask, now: Now) -> Result<Listing, Fault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        let from = now.0 - SignedDuration::from_hours(24 * i64::from(ask.days));
        let mut tally = Tally::new(from, now, ask.bots);
        let (mut rows, mut queues) = (Vec::new(), Vec::new());
        for (service, repository) in self.services(&ask.whose) {
            let (all, waiting) = origin::derive(&service, &repository, &named());
            rows.extend(all.into_iter().filter(|row| is_asked(row, ask)));
            queues = waiting;
        }
        rows.retain(|row| {
            let measured = row.measured(now);
            let figures = Figures {
                ended: row.moments.at(Boundary::Deployed),
                lead_s: measured.lead.map(|d| d.as_secs()),
                stages_s: Stage::ALL.map(|s| measured.stage(s).map(|d| d.as_secs())),
                flags: measured.flags,
            };
            tally.take(row.moved(now), &figures)
        });
        rows.sort_by_key(|row| (std::cmp::Reverse(row.moved(now)), row.id.clone()));
        rows.truncate(MOST);
        let as_of = self.kept.values().map(|s| s.as_of).min().flatten();
        Ok(Listing {
            rows,
            queues: if matches!(ask.whose, Whose::Service(_)) {
                queues
            } else {
                Vec::new()
            },
            as_of,
            ..tally.listing()
        })
    }

    /// As the store would compute it.
    pub(crate) fn sheet(&self, target: &Target, days: u32, now: Now) -> Result<Box<Sheet>, Fault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        let snapshot = self.kept.get(target.service.as_str());
        let snapshot = snapshot.cloned().unwrap_or_default();
        let as_of = snapshot.as_of;
        let repository = Repository::new(snapshot);
        let envs = named();
        let place = envs.iter().position(|(env, _)| *env == target.env).unwrap();
        let (stream, source) = origin::stream(&repository, &target.service, (&envs, place), &[]);
        let window = Window::last(days, now, TimeZone::get("Europe/Berlin").unwrap());
        let dora = dora::compute(
            &stream,
            &repository.changes,
            &repository.incidents,
            &window,
            (Year::Y2024, Counting::default()),
        );
        Ok(Box::new(Sheet {
            dora,
            stream,
            changes: repository.changes,
            incidents: repository.incidents,
            source: Safe::new(source.label()),
            as_of,
        }))
    }
}

fn is_asked(row: &Delivered, ask: &Ask) -> bool {
    let author = row.author.as_ref().map_or("", Safe::as_str).to_lowercase();
    let labels: Vec<String> = row
        .labels
        .iter()
        .map(|l| l.as_str().to_lowercase())
        .collect();
    let words = format!("{} {} {author} {}", row.id, row.title, row.service).to_lowercase();
    let candidate = Candidate {
        service: row.service.as_str(),
        author: &author,
        labels: &labels.join("\n"),
        words: &words,
    };
    let theirs = match &ask.whose {
        Whose::People(people) => people
            .iter()
            .any(|p| p.as_str().eq_ignore_ascii_case(&author)),
        Whose::Service(_) | Whose::All => true,
    };
    let bots = ask.bots || !row.flags.has(Flag::Bot);
    theirs && bots && candidate.holds(&ask.words)
}

fn sha(n: u64) -> CommitSha {
    let mixed = |k: u64| {
        (n + 11)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ k)
            .rotate_left(29)
    };
    let text = format!("{:016x}{:016x}{:016x}", mixed(1), mixed(77), mixed(4_001));
    text.get(..40).unwrap().parse().unwrap()
}

fn ago(hours: f64) -> Timestamp {
    at("13:00:00") - SignedDuration::from_secs_f64(hours * 3600.0)
}

/// A pull request: number, title, author, the hours before one o'clock of its merge, the hours of its stages before that.
#[derive(Clone, Copy)]
struct Told<'a>(u64, &'a str, &'a str, f64, [f64; 4]);

fn moment(hours: f64, source: &str, url: Option<&str>) -> Moment {
    Moment {
        at: ago(hours),
        source: Safe::new(source),
        url: url.map(Safe::new),
    }
}

fn pull(told: Told<'_>, repo: &str) -> PullRow {
    let Told(number, title, author, merged, [code, pickup, review, wait]) = told;
    let url = format!("https://github.com/acme/{repo}/pull/{number}");
    let mut moments = Moments::default();
    let mut hours = merged + code + pickup + review + wait;
    let own = sha(number * 31).short().to_owned();
    for (boundary, length, source) in [
        (Boundary::FirstCommit, code, format!("author date of {own}")),
        (Boundary::Opened, pickup, format!("pull request #{number}")),
        (Boundary::FirstReview, review, "review by @li".to_owned()),
        (Boundary::Approved, wait, "approval by @li".to_owned()),
        (Boundary::Merged, 0.0, format!("merge of #{number}")),
    ] {
        // A pull request without a review has neither.
        let reviewed = !matches!(boundary, Boundary::FirstReview | Boundary::Approved);
        if reviewed || review > 0.0 {
            let page = (boundary != Boundary::FirstCommit).then_some(url.as_str());
            moments.set(boundary, Some(moment(hours, &source, page)));
        }
        hours -= length;
    }
    let mut flags = Flags::default();
    flags.put(Flag::Bot, author.ends_with("bot"));
    flags.put(Flag::Hotfix, title.starts_with("hotfix"));
    let back = title.strip_prefix("Revert #");
    flags.put(Flag::Revert, back.is_some());
    let back = back.and_then(|rest| rest.split(' ').next()?.parse().ok());
    let labels: &[&str] = match number % 4 {
        0 => &["bug"],
        1 => &["tax", "needs docs"],
        _ => &[],
    };
    PullRow {
        number,
        title: Safe::new(title),
        author: (!author.is_empty()).then(|| Safe::new(author)),
        url: Some(Safe::new(&url)),
        branch: Safe::new(&format!("change/{number}")),
        labels: labels.iter().map(|l| Safe::new(l)).collect(),
        moments,
        merged: ago(merged),
        merge: Some(sha(number)),
        commits: Vec::new(),
        reverts: back.map(Reverted::Number).into_iter().collect(),
        closes: Vec::new(),
        flags: flags.bits(),
        updated: ago(merged),
    }
}

const TITLES: [&str; 17] = [
    "round totals half to even",
    "cart: keep coupons over a login",
    "retry the ledger call once",
    "split the address form",
    "faster price lookup",
    "no tracking without consent",
    "log the basket's id",
    "drop the old tax table",
    "invoice: show the VAT id",
    "guard against empty carts",
    "move fonts to our own host",
    "typo in the footer",
    "cache shipping zones",
    "feature flag for gift cards",
    "show stock while ordering",
    "rate limit the search box",
    "translate error pages",
];
const AUTHORS: [&str; 7] = [
    "maria",
    "noor",
    "li",
    "maria",
    "sam",
    "ana",
    "renovate[bot]",
];

/// The last three months of a service: a change every day or two, a release after every fifth.
fn snapshot(repo: &str, days: u32, newest: &[Told<'_>]) -> Snapshot {
    let mut rows = Batch::default();
    let mut told: Vec<(PullRow, bool)> = Vec::new();
    let first = 4_832 - u64::from(days);
    for n in 0..u64::from(days) {
        let merged = f64::from(days) * 24.0 - n as f64 * 24.0 + 60.0;
        let spread = |k: u64, most: f64| (n * k % 13) as f64 / 13.0 * most + 0.2;
        // Every sixth goes without a review.
        let review = if n % 6 == 5 { 0.0 } else { spread(5, 20.0) };
        let pickup = if review > 0.0 { spread(11, 9.0) } else { 0.0 };
        let stages = [spread(7, 14.0), pickup, review, spread(3, 2.0)];
        let at = usize::try_from(n).unwrap();
        let title = TITLES[at % TITLES.len()];
        let author = AUTHORS[at % AUTHORS.len()];
        told.push((
            pull(Told(first + n, title, author, merged, stages), repo),
            n % 5 == 4,
        ));
    }
    told.extend(newest.iter().map(|t| (pull(*t, repo), false)));
    let mut parent: Option<CommitSha> = None;
    let mut minor = 2;
    let mut deployed = 0;
    for (row, released) in told {
        let sha = row.merge.clone().unwrap();
        rows.commits.push(CommitRow {
            sha: sha.clone(),
            parents: parent.into_iter().collect(),
            authored: row.merged,
            committed: row.merged,
            author: row.author.clone(),
            subject: row.title.clone(),
            reverts: row.reverts.clone(),
            pull: None,
        });
        parent = Some(sha.clone());
        let merged = row.merged;
        rows.pulls.push(row);
        if !released {
            continue;
        }
        minor += 1;
        let tag = format!("v2.{}.{}", minor / 3, minor % 3);
        let wait = |h: i64| merged + SignedDuration::from_mins(60 * h + 17);
        release(&mut rows, repo, &tag, &sha, wait(20));
        for (env, after) in [("staging", 3), ("production", 22)] {
            deployed += 1;
            let id = 3_000 + deployed;
            deploy(&mut rows, repo, (id, env), (&tag, &sha), wait(after));
        }
    }
    rows.commits.reverse();
    Snapshot {
        rows,
        as_of: Some(at("13:09:00")),
        ..Snapshot::default()
    }
}

fn release(rows: &mut Batch, repo: &str, tag: &str, sha: &CommitSha, when: Timestamp) {
    let url = format!("https://github.com/acme/{repo}/releases/tag/{tag}");
    rows.releases.push(ReleaseRow {
        tag: Safe::new(tag),
        sha: sha.clone(),
        published: when,
        prerelease: false,
        url: Some(Safe::new(&url)),
    });
}

fn deploy(
    rows: &mut Batch,
    repo: &str,
    (id, env): (u64, &str),
    (tag, sha): (&str, &CommitSha),
    when: Timestamp,
) {
    let url = format!("https://github.com/acme/{repo}/actions/runs/{id}/job/1");
    rows.deployments.push(DeploymentRow {
        id,
        environment: Safe::new(env),
        sha: sha.clone(),
        name: Some(Safe::new(tag)),
        created: when - SignedDuration::from_mins(4),
        succeeded: Some(when),
        failed: false,
        url: Some(Safe::new(&url)),
    });
}

/// What happened to checkout: v2.15.0 went live at 12:58, what came later is on staging or nowhere.
fn checkout() -> Snapshot {
    let newest = [
        Told(
            4_832,
            "Revert #4829 drop the old tax table",
            "li",
            52.0,
            [0.5, 0.0, 0.0, 0.3],
        ),
        Told(
            4_833,
            "new tax engine",
            "maria",
            26.0,
            [18.0, 2.5, 9.0, 1.0],
        ),
        Told(4_836, "retry budget", "maria", 23.5, [4.0, 1.0, 3.0, 0.5]),
        Told(
            4_838,
            "hotfix: rounding of totals",
            "noor",
            5.0,
            [1.0, 0.3, 0.5, 0.1],
        ),
        Told(
            4_841,
            "new address form",
            "maria",
            2.2,
            [30.0, 5.0, 11.0, 0.4],
        ),
        Told(
            4_844,
            "gift cards behind a flag",
            "sam",
            1.9,
            [9.0, 2.0, 6.0, 0.2],
        ),
        Told(
            4_847,
            "gift cards: fewer queries",
            "",
            1.5,
            [3.0, 1.0, 2.0, 0.1],
        ),
        Told(
            4_848,
            "Revert #4844 gift cards behind a flag",
            "sam",
            0.9,
            [0.2, 0.1, 0.2, 0.1],
        ),
        Told(
            4_850,
            "typo on the receipt",
            "maria",
            0.4,
            [0.3, 0.2, 0.0, 0.1],
        ),
    ];
    let mut out = snapshot("checkout", 95, &newest);
    let rows = &mut out.rows;
    let live = sha(4_838);
    release(rows, "checkout", "v2.15.0", &live, at("12:40:00"));
    deploy(
        rows,
        "checkout",
        (988, "staging"),
        ("v2.15.0", &live),
        at("12:11:00"),
    );
    deploy(
        rows,
        "checkout",
        (991, "production"),
        ("v2.15.0", &live),
        at("12:58:40"),
    );
    let next = sha(4_841);
    deploy(
        rows,
        "checkout",
        (995, "staging"),
        ("main", &next),
        at("12:59:30"),
    );
    // Some weeks ago a release was rolled back within the hour, and brought again two days later.
    let production: Vec<DeploymentRow> = rows
        .deployments
        .iter()
        .filter(|d| d.environment.as_str() == "production")
        .cloned()
        .collect();
    for (bad, id, after) in [(4, 3_901, 57), (9, 3_902, 102)] {
        let (before, failed) = (&production[bad - 1], &production[bad]);
        let tag = before.name.clone().unwrap();
        let back = failed.succeeded.unwrap() + SignedDuration::from_mins(after);
        let from = (id, "production");
        deploy(rows, "checkout", from, (tag.as_str(), &before.sha), back);
        let again = back + SignedDuration::from_hours(47);
        let tag = failed.name.clone().unwrap();
        let from = (id + 50, "production");
        deploy(rows, "checkout", from, (tag.as_str(), &failed.sha), again);
    }
    let opened = production[14].succeeded.unwrap() + SignedDuration::from_mins(55);
    rows.incidents.push(IncidentRow {
        number: 77,
        title: Safe::new("orders are slow"),
        opened,
        closed: Some(opened + SignedDuration::from_mins(95)),
        shas: vec![production[14].sha.short().to_owned()],
        numbers: Vec::new(),
        versions: Vec::new(),
        url: Some(Safe::new("https://github.com/acme/checkout/issues/77")),
        updated: opened,
    });
    // Nobody has closed this one yet.
    let blamed = &production[production.len() - 3];
    rows.incidents.push(IncidentRow {
        number: 81,
        title: Safe::new("some invoices lack the VAT id"),
        opened: ago(20.0),
        closed: None,
        shas: vec![blamed.sha.short().to_owned()],
        numbers: Vec::new(),
        versions: Vec::new(),
        url: Some(Safe::new("https://github.com/acme/checkout/issues/81")),
        updated: ago(20.0),
    });
    rows.deployments
        .sort_by_key(|d| std::cmp::Reverse(d.created));
    out
}

fn done() -> Done {
    Done {
        repositories: 3,
        changed: 1,
        requests: 4,
        faults: Vec::new(),
        paused_until: None,
    }
}

fn with(past: Past) -> Shop {
    static BEFORE: OnceLock<Shop> = OnceLock::new();
    let mut shop = BEFORE.get_or_init(healthy).clone();
    shop.past = past;
    shop
}

/// Checkout's changes, and some of search.
pub(crate) fn delivered() -> Shop {
    let search = [Told(
        4_960,
        "faster suggestions",
        "maria",
        30.0,
        [5.0, 1.0, 2.0, 0.2],
    )];
    let kept = [
        ("checkout".to_owned(), checkout()),
        ("search".to_owned(), snapshot("search", 40, &search)),
    ];
    with(Past {
        kept: kept.into(),
        reading: Some(Ok(done())),
        broken: None,
    })
}

/// What went live at 12:58 was rolled back ten minutes later.
pub(crate) fn taken_back() -> Shop {
    let mut shop = delivered();
    let rows = &mut shop.past.kept.get_mut("checkout").unwrap().rows;
    let mut production = rows
        .deployments
        .iter()
        .filter(|d| d.environment.as_str() == "production" && d.id > 3_000 && d.id < 3_900);
    let before = production.next().unwrap().clone();
    let tag = before.name.clone().unwrap();
    let from = (1_002, "production");
    deploy(
        rows,
        "checkout",
        from,
        (tag.as_str(), &before.sha),
        at("13:08:00"),
    );
    shop
}

/// Nothing was kept before: the first reading is under way.
pub(crate) fn first_reading() -> Shop {
    let mut shop = with(Past::default());
    let progress = Progress {
        repo: Some("acme/checkout".parse().unwrap()),
        repositories: (0, 3),
        rows: 400,
        expected: Some(1_204),
        requests: 12,
    };
    shop.tell(Msg::Reading("github".to_owned(), progress, false));
    shop
}

/// What is kept is shown while GitHub fails.
pub(crate) fn unread() -> Shop {
    let mut shop = delivered();
    let mut broken = fault(
        "GitHub (github): the server failed: down [POST https://api.github.com/graphql -> 502]",
        FaultKind::Unreachable,
        shop.now.0,
    );
    broken.hint = Some(Safe::new("GitHub's status page may say more"));
    shop.past.reading = Some(Err(broken));
    shop
}

/// The token may not read pull requests, and nothing is kept.
pub(crate) fn forbidden() -> Shop {
    let mut shop = with(Past::default());
    let mut refused = fault(
        "GitHub (github): the token may not do that: Resource not accessible [POST https://api.github.com/graphql -> 403]",
        FaultKind::Forbidden,
        shop.now.0,
    );
    refused.hint = Some(Safe::new(
        "give the token the permission Pull requests: read",
    ));
    shop.past.reading = Some(Err(refused));
    shop
}

/// Nothing ever happened.
pub(crate) fn nothing_happened() -> Shop {
    let snapshot = Snapshot {
        as_of: Some(at("13:11:00")),
        ..Snapshot::default()
    };
    with(Past {
        kept: [("checkout".to_owned(), snapshot)].into(),
        reading: Some(Ok(done())),
        broken: None,
    })
}

/// Texts, times and numbers as nobody wants them, more than are listed.
pub(crate) fn hostile_changes() -> Shop {
    let mut shop = first_start();
    shop.now = Now(at("13:12:05"));
    let mut kept = checkout();
    let wide = "漢字🚀".repeat(64);
    let raw = hostile();
    for (n, row) in kept.rows.pulls.iter_mut().enumerate() {
        match n % 4 {
            0 => row.title = Safe::new(&raw),
            1 => row.title = Safe::new(&"x".repeat(256)),
            2 => row.title = Safe::new(&wide),
            _ => row.author = None,
        }
        row.labels = vec![Safe::new(&wide); 3];
        if n % 5 == 0 {
            let never = moment(-9_000.0, &raw, Some(&raw));
            row.moments.set(Boundary::Opened, Some(never));
        }
        if n % 7 == 0 {
            row.moments = Moments::default();
        }
    }
    for row in &mut kept.rows.deployments {
        row.name = Some(Safe::new(&raw));
        row.url = Some(Safe::new(&raw));
    }
    // Commits without a pull request, on top of each other.
    let mut parent = kept.rows.commits.first().map(|c| c.sha.clone());
    for n in 0..1_200 {
        let commit = CommitRow {
            sha: sha(900_000 + n),
            parents: parent.into_iter().collect(),
            authored: ago(0.3),
            committed: ago(0.2),
            author: None,
            subject: Safe::new(&raw),
            reverts: Vec::new(),
            pull: None,
        };
        parent = Some(commit.sha.clone());
        kept.rows.commits.insert(0, commit);
    }
    let mut done = done();
    let refused = fault(&raw, FaultKind::Forbidden, shop.now.0);
    done.faults = vec![("acme/checkout".parse().unwrap(), refused)];
    shop.past = Past {
        kept: [("checkout".to_owned(), kept)].into(),
        reading: Some(Ok(done)),
        broken: None,
    };
    shop.tell(Msg::Tick);
    shop
}

/// Somebody looked at everything, so that all of it is there.
fn looked(mut shop: Shop) -> Shop {
    let target = shop.world.focus.clone().unwrap();
    let ask = Ask {
        whose: Whose::Service(target.service.clone()),
        days: 365,
        words: String::new(),
        bots: true,
    };
    for look in [Look::Changes(ask), Look::Dora(target, 90)] {
        shop.tell(Msg::Look(Some(look)));
    }
    shop
}

/// [`delivered`], all looked at.
pub(crate) fn delivered_seen() -> Shop {
    looked(delivered())
}

/// [`hostile_changes`], all looked at.
pub(crate) fn hostile_seen() -> Shop {
    looked(hostile_changes())
}
