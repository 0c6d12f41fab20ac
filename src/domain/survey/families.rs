//! The names under which common libraries and meshes count requests, errors and durations, and the queries that fit a service's
//! labels. Counts, never ratios. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// A family of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// In words.
    pub name: &'static str,
    /// The counter of requests.
    pub requests: &'static str,
    /// The histogram's buckets.
    pub buckets: &'static str,
    /// The unit of `le`.
    pub unit: &'static str,
    /// Labels that hold the status, the usual one first.
    pub status: &'static [&'static str],
    /// What a status of a failed request looks like.
    pub failed: &'static str,
    /// Labels that name the service before the general ones are tried.
    pub service: &'static [&'static str],
    /// A matcher that belongs into every query, with a comma.
    pub always: &'static str,
}

const HTTP: &[&str] = &[
    "code",
    "status",
    "status_code",
    "http_status",
    "http_status_code",
];
const OTEL: &[&str] = &[
    "http_response_status_code",
    "http_status_code",
    "http.response.status_code",
];
const FIVE: &str = "5..";

const BASE: Family = Family {
    name: "Prometheus client conventions",
    requests: "http_requests_total",
    buckets: "http_request_duration_seconds_bucket",
    unit: "s",
    status: HTTP,
    failed: FIVE,
    service: &[],
    always: "",
};

/// The known ones, the most telling first: what the service counts itself before what stands in front of it.
pub const FAMILIES: &[Family] = &[
    BASE,
    Family {
        requests: "http_request_duration_seconds_count",
        ..BASE
    },
    Family {
        name: "OpenTelemetry http.server",
        requests: "http_server_request_duration_seconds_count",
        buckets: "http_server_request_duration_seconds_bucket",
        status: OTEL,
        ..BASE
    },
    Family {
        name: "OpenTelemetry http.server",
        requests: "http.server.request.duration_count",
        buckets: "http.server.request.duration_bucket",
        status: OTEL,
        ..BASE
    },
    Family {
        name: "OpenTelemetry http.server (before 1.0)",
        requests: "http_server_duration_milliseconds_count",
        buckets: "http_server_duration_milliseconds_bucket",
        unit: "ms",
        status: OTEL,
        ..BASE
    },
    Family {
        name: "gRPC",
        requests: "grpc_server_handled_total",
        buckets: "grpc_server_handling_seconds_bucket",
        status: &["grpc_code"],
        failed: "Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss",
        ..BASE
    },
    Family {
        name: "Istio",
        requests: "istio_requests_total",
        buckets: "istio_request_duration_milliseconds_bucket",
        unit: "ms",
        status: &["response_code"],
        service: &[
            "destination_canonical_service",
            "destination_app",
            "destination_service_name",
            "destination_workload",
        ],
        always: ",reporter=\"destination\"",
        ..BASE
    },
    Family {
        name: "ingress-nginx",
        requests: "nginx_ingress_controller_requests",
        buckets: "nginx_ingress_controller_request_duration_seconds_bucket",
        status: &["status"],
        service: &["exported_service", "service", "ingress"],
        ..BASE
    },
    Family {
        name: "Traefik",
        requests: "traefik_service_requests_total",
        buckets: "traefik_service_request_duration_seconds_bucket",
        status: &["code"],
        service: &["exported_service", "service"],
        ..BASE
    },
];

const SERVICE: &[&str] = &[
    "service",
    "service_name",
    "app",
    "app_kubernetes_io_name",
    "application",
    "exported_job",
    "job",
    "container",
    "deployment",
];
const ENVIRONMENT: &[&str] = &[
    "env",
    "environment",
    "deployment_environment",
    "deployment_environment_name",
    "stage",
    "namespace",
    "exported_namespace",
    "destination_service_namespace",
    "kubernetes_namespace",
    "cluster",
];

/// The labels of a series.
pub type Labels = BTreeMap<String, String>;

/// Queries with `$service`, `$env` and `$bin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queries {
    /// Requests in a bin.
    pub requests: String,
    /// Requests that failed.
    pub errors: String,
    /// The histogram and its unit, if there is one.
    pub latency: Option<(String, &'static str)>,
}

/// How a family fits a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The queries.
    pub queries: Queries,
    /// The value behind `$service`, where it is not the service's id.
    pub service: Option<String>,
}

/// The queries of a family for a service with these environments, from the labels of its series; `Err` says what is lacking.
///
/// # Errors
/// A sentence.
pub fn fit(
    family: &Family,
    series: &[Labels],
    buckets: bool,
    service: &str,
    environments: &[&str],
) -> Result<Fit, String> {
    let values = |label: &str| -> BTreeSet<&str> {
        series
            .iter()
            .filter_map(|l| l.get(label))
            .map(String::as_str)
            .collect()
    };
    let metric = family.requests;
    let Some(status) = family.status.iter().find(|s| !values(s).is_empty()) else {
        return Err(format!(
            "{metric} has no label for the status ({})",
            family.status.join(", ")
        ));
    };
    let general = family.service.iter().chain(SERVICE);
    let exact = general
        .clone()
        .find(|l| values(l).contains(service))
        .map(|l| (*l, None));
    let near = || {
        general.clone().find_map(|label| {
            let mut like = values(label).into_iter().filter(|v| v.contains(service));
            // Two that look like it are one too many to guess.
            match (like.next(), like.next()) {
                (Some(only), None) => Some((*label, Some(only.to_owned()))),
                _ => None,
            }
        })
    };
    let Some((service_label, other)) = exact.or_else(near) else {
        return Err(format!("no label of {metric} names {service}"));
    };
    let of_service = other.as_deref().unwrap_or(service);
    let ours: Vec<&Labels> = series
        .iter()
        .filter(|l| l.get(service_label).is_some_and(|v| v == of_service))
        .collect();
    let last = environments.last().copied().unwrap_or_default();
    let env_label = ENVIRONMENT.iter().find(|label| {
        ours.iter()
            .any(|l| l.get(**label).is_some_and(|v| v == last))
    });
    let env = match env_label {
        Some(label) => format!(",{}=\"$env\"", quoted(label)),
        None if environments.len() == 1 => String::new(),
        None => {
            return Err(format!(
                "no label of {metric} tells {last} from the other environments"
            ));
        }
    };
    let selector = |metric: &str, more: &str| {
        let inner = format!(
            "{}=\"$service\"{env}{}{more}$track",
            quoted(service_label),
            family.always
        );
        if plain(metric) {
            format!("{metric}{{{inner}}}[$bin]")
        } else {
            format!("{{\"{metric}\",{inner}}}[$bin]")
        }
    };
    let failed = format!(",{}=~\"{}\"", quoted(status), family.failed);
    Ok(Fit {
        queries: Queries {
            requests: format!("sum(increase({}))", selector(metric, "")),
            errors: format!("sum(increase({}))", selector(metric, &failed)),
            latency: buckets.then(|| {
                let query = format!("sum by (le) (increase({}))", selector(family.buckets, ""));
                (query, family.unit)
            }),
        },
        service: other,
    })
}

fn plain(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// A label as a selector takes it: those beyond the old letters stand in quotes.
fn quoted(label: &str) -> String {
    if plain(label) {
        label.to_owned()
    } else {
        format!("\"{label}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[(&str, &str)]) -> Labels {
        labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn family(name: &str) -> &'static Family {
        FAMILIES.iter().find(|f| f.requests == name).unwrap()
    }

    #[test]
    fn the_built_in_queries_are_those_of_the_conventions() {
        let seen = [series(&[
            ("service", "checkout"),
            ("env", "production"),
            ("code", "200"),
        ])];
        let fit = fit(
            &FAMILIES[0],
            &seen,
            true,
            "checkout",
            &["staging", "production"],
        )
        .unwrap();
        assert_eq!(
            fit.queries.errors,
            "sum(increase(http_requests_total{service=\"$service\",env=\"$env\",code=~\"5..\"$track}[$bin]))"
        );
        assert_eq!(fit.service, None);
        assert!(
            fit.queries
                .latency
                .unwrap()
                .0
                .starts_with("sum by (le) (increase(http_request_duration_seconds_bucket{")
        );
    }

    #[test]
    fn another_value_of_the_service_is_found_if_only_one_is_like_it() {
        let traefik = family("traefik_service_requests_total");
        let mut seen = vec![series(&[
            ("service", "shop-checkout-80@kubernetes"),
            ("code", "200"),
        ])];
        let found = fit(traefik, &seen, false, "checkout", &["production"]).unwrap();
        assert_eq!(
            found.service.as_deref(),
            Some("shop-checkout-80@kubernetes")
        );
        assert_eq!(found.queries.latency, None);
        seen.push(series(&[
            ("service", "old-checkout-80@kubernetes"),
            ("code", "200"),
        ]));
        assert!(fit(traefik, &seen, false, "checkout", &["production"]).is_err());
    }

    #[test]
    fn environments_that_no_label_tells_apart_are_not_mixed() {
        let seen = [series(&[("job", "checkout"), ("code", "200")])];
        let why = fit(
            &FAMILIES[0],
            &seen,
            true,
            "checkout",
            &["staging", "production"],
        )
        .unwrap_err();
        assert!(why.contains("production"), "{why}");
        let one = fit(&FAMILIES[0], &seen, true, "checkout", &["production"]).unwrap();
        assert_eq!(
            one.queries.requests,
            "sum(increase(http_requests_total{job=\"$service\"$track}[$bin]))"
        );
    }

    #[test]
    fn names_with_dots_stand_in_quotes() {
        let otel = family("http.server.request.duration_count");
        let seen = [series(&[
            ("service_name", "checkout"),
            ("http.response.status_code", "200"),
        ])];
        let found = fit(otel, &seen, false, "checkout", &["production"]).unwrap();
        assert_eq!(
            found.queries.errors,
            "sum(increase({\"http.server.request.duration_count\",service_name=\"$service\",\"http.response.status_code\"=~\"5..\"$track}[$bin]))"
        );
        let grpc = family("grpc_server_handled_total");
        assert!(
            fit(grpc, &seen, false, "checkout", &["production"])
                .unwrap_err()
                .contains("grpc_code")
        );
    }
}
