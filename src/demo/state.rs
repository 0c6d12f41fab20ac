//! What the servers share: the company, the clock, the budgets, the orders for faults. One lock; requests are answered one after the other.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::{Clock, RealClock};
use super::faults::{Fault, Faults};
use super::github::graphql::{self, Budget, Graph, Schema};
use super::github::{self, Ask, Reply};
use super::journal::Journal;
use super::limits::{self, Bucket, LIMIT};
use super::weather::{Sky, Weather};
use super::world::World;

/// All that the servers share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    clock: Clock,
    real: RealClock,
    token: String,
    schema: Schema,
    core: Bucket,
    points: Bucket,
    pub(crate) faults: Faults,
    weather: Option<Weather>,
    pub(crate) journal: Journal,
}

/// An answer, ready for the wire.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    /// JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![(
            "content-type".to_owned(),
            "application/json; charset=utf-8".to_owned(),
        )];
        Self {
            status,
            headers,
            body: body.to_string().into_bytes(),
        }
    }
}

/// The headers of a request that matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    pub(crate) authorization: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) agent: bool,
}

impl State {
    /// The state at the start.
    pub(crate) fn new(
        world: World,
        clock: Clock,
        real: RealClock,
        token: String,
        schema: Schema,
        weather: Option<Weather>,
    ) -> Self {
        let now = world.now;
        Self {
            world,
            clock,
            real,
            token,
            schema,
            core: Bucket::new("core", LIMIT, now),
            points: Bucket::new("graphql", LIMIT, now),
            faults: Faults::default(),
            weather,
            journal: Journal::default(),
        }
    }

    /// Moves the company on to the virtual present and tells it.
    pub(crate) fn catch_up(&mut self) -> Timestamp {
        let now = self.clock.now((self.real.0)());
        self.world.advance(now);
        self.world.metrics.sync(&self.world.repos);
        self.core.renew(now);
        self.points.renew(now);
        self.world.now
    }

    /// The fault that meets a request: one that was ordered, else the weather's.
    pub(crate) fn fault(&mut self, sky: Option<Sky>, method: &str, path: &str) -> Option<Fault> {
        if let Some(ordered) = self.faults.take(method, path) {
            return Some(ordered);
        }
        let sky = sky.filter(|_| self.weather.is_some())?;
        let now = self.catch_up();
        self.weather.as_ref()?.fault(sky, method, path, now)
    }

    /// Sets what is left of the budgets, so that tests reach the end of them.
    pub(crate) fn set_used(&mut self, core: Option<u64>, points: Option<u64>) {
        self.core.used = core.unwrap_or(self.core.used).min(self.core.limit);
        self.points.used = points.unwrap_or(self.points.used).min(self.points.limit);
    }

    /// Answers a request to GitHub.
    pub(crate) fn github(&mut self, ask: &Ask, headers: &Headers) -> Wire {
        self.catch_up();
        let graphql = ask.raw_path == "/graphql";
        let mut more: Vec<(&'static str, String)> = Vec::new();
        let mut reply = self.gate(ask, headers).unwrap_or_else(|| {
            if graphql {
                return self.graphql(ask);
            }
            if ask.path == ["rate_limit"] {
                return self.rate_limit();
            }
            github::route(ask, &mut self.world)
        });
        more.append(&mut reply.headers);
        let body = reply
            .body
            .as_ref()
            .map(|b| b.to_string().into_bytes())
            .unwrap_or_default();
        let mut status = reply.status;
        let read = ask.method == "GET" || ask.method == "HEAD";
        let free = ask.path == ["rate_limit"];
        let mut body = body;
        if read && status == 200 {
            let etag = limits::etag(&body);
            let known = headers
                .if_none_match
                .as_ref()
                .is_some_and(|h| limits::matches(h, &etag));
            more.push(("etag", etag));
            more.push((
                "cache-control",
                "private, max-age=60, s-maxage=60".to_owned(),
            ));
            if known {
                status = 304;
                body = Vec::new();
                self.journal.unchanged();
            }
        }
        if !graphql && !free && !matches!(status, 304 | 401 | 429) && reply.status != 403 {
            self.core.take();
        }
        more.extend(if graphql {
            self.points.headers()
        } else {
            self.core.headers()
        });
        if reply.status != 401 {
            more.push(("x-oauth-scopes", "repo".to_owned()));
            more.push(("x-accepted-oauth-scopes", "repo".to_owned()));
        }
        more.push(("x-github-media-type", "github.v3; format=json".to_owned()));
        more.push((
            "x-github-api-version-selected",
            headers
                .version
                .clone()
                .unwrap_or_else(|| "2022-11-28".to_owned()),
        ));
        if !body.is_empty() || reply.body.is_some() && status != 304 {
            more.push(("content-type", "application/json; charset=utf-8".to_owned()));
        }
        let headers = more.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Wire {
            status,
            headers,
            body,
        }
    }

    /// Why a request is not even looked at.
    fn gate(&self, ask: &Ask, headers: &Headers) -> Option<Reply> {
        if !headers.agent {
            return Some(Reply::error(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
            ));
        }
        if ask.path == ["versions"] {
            return None;
        }
        if !limits::authorized(headers.authorization.as_deref(), &self.token) {
            return Some(Reply::error(401, "Bad credentials"));
        }
        if headers
            .version
            .as_ref()
            .is_some_and(|v| !matches!(v.as_str(), "2022-11-28" | "2026-03-10"))
        {
            return Some(Reply::error(400, "Unsupported API version"));
        }
        let bucket = if ask.path == ["graphql"] {
            &self.points
        } else {
            &self.core
        };
        if bucket.remaining() == 0 && ask.path != ["rate_limit"] {
            if ask.path == ["graphql"] {
                return Some(Reply::ok(
                    json!({ "errors": [{ "type": "RATE_LIMITED", "message": "API rate limit exceeded" }] }),
                ));
            }
            return Some(Reply::error(
                403,
                "API rate limit exceeded for user ID 70000.",
            ));
        }
        None
    }

    fn rate_limit(&self) -> Reply {
        let now = self.world.now;
        let search = Bucket::new("search", 30, now);
        let core = self.core.shown();
        Reply::ok(json!({
            "resources": { "core": core, "graphql": self.points.shown(), "search": search.shown() },
            "rate": core,
        }))
    }

    fn graphql(&mut self, ask: &Ask) -> Reply {
        if ask.method != "POST" {
            return Reply::missing();
        }
        self.points.take();
        let budget = Budget {
            limit: self.points.limit,
            used: self.points.used,
            reset: self.points.reset,
        };
        let graph = Graph {
            world: &self.world,
            budget,
        };
        let body = graphql::answer(&self.schema, &graph, &ask.body);
        let status = if body.get("documentation_url").is_some() {
            400
        } else {
            200
        };
        Reply {
            status,
            headers: Vec::new(),
            body: Some(body),
        }
    }
}
