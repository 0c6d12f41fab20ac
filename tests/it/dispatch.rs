//! Writes to GitHub over real HTTP: how often they are sent, and what is known from what comes back.

use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::ids::CorrelationId;
use flightdeck::domain::release::RunId;
use flightdeck::domain::rollback::{
    CancelAnswer, CancelOrder, Confirmation, DispatchAnswer, DispatchOrder, Ids, RollbackPlan,
};
use flightdeck::providers::{CodeHost, ErrorKind};
use serde_json::{Value, json};

use crate::github::{sha, source, with_policy};
use crate::stub::{Bare, NOW_S, Stub, bare, closed_port, impatient, json, reply};

fn orders() -> (DispatchOrder, CancelOrder) {
    let id = |n| CorrelationId::from_bits(n);
    let version = |c| json!({"sha": sha(c), "version": null});
    let plan: RollbackPlan = serde_json::from_value(json!({
        "target": {"service": "checkout", "env": "production"},
        "repo": "acme/checkout",
        "source": "main",
        "from": version('b'),
        "from_state": "live",
        "to": version('a'),
        "to_live_s": null,
        "choices": [version('a')],
        "cancel": {"run": 5_000_000_777_u64, "url": null},
        "way": {"id": "workflow", "kind": {"Workflow": {
            "file": "roll back.yml",
            "git_ref": "main",
            "inputs": [["sha", "$to_sha"], ["cockpit_id", "$correlation_id"]],
        }}},
        "reverts": [],
        "reverts_known": true,
        "warnings": [],
        "confirm": "service-name",
        "usual_s": null,
    }))
    .unwrap();
    let ids = Ids {
        operation: id(1),
        dispatch: id(2),
        cancel: id(3),
    };
    let plan = plan
        .approve(&Confirmation::Typed("checkout".to_owned()), "errors", ids)
        .unwrap();
    (plan.dispatch_order().unwrap(), plan.cancel_order().unwrap())
}

/// The answer to a dispatch, and how often it was sent.
async fn dispatch<F>(answer: F) -> (DispatchAnswer, usize)
where
    F: Fn(&crate::stub::Seen, usize) -> axum::response::Response + Clone + Send + Sync + 'static,
{
    let stub = Stub::start(answer).await;
    let answer = source(&stub.url).dispatch(&orders().0).await;
    (answer, stub.count())
}

#[tokio::test]
async fn a_dispatch_carries_its_inputs_and_learns_its_run() {
    let stub = Stub::start(|_, _| {
        json(
            200,
            &json!({"workflow_run_id": 5_000_000_999_u64, "html_url": "https://github.com/r"}),
        )
    })
    .await;
    let answer = source(&stub.url).dispatch(&orders().0).await;
    assert_eq!(
        answer,
        DispatchAnswer::Accepted {
            run: Some(RunId(5_000_000_999)),
            url: Some("https://github.com/r".into())
        }
    );
    let seen = &stub.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.uri.as_str()),
        (
            "POST",
            "/repos/acme/checkout/actions/workflows/roll%20back.yml/dispatches"
        )
    );
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let id = CorrelationId::from_bits(2);
    assert_eq!(
        body,
        json!({"ref": "main", "return_run_details": true, "inputs": {"sha": sha('a'), "cockpit_id": id}})
    );
    assert_eq!(stub.count(), 1);
}

#[tokio::test]
async fn a_dispatch_is_sent_once_whatever_comes_back() {
    let accepted = DispatchAnswer::Accepted {
        run: None,
        url: None,
    };
    assert_eq!(
        dispatch(|_, _| reply(204, &[], "")).await,
        (accepted.clone(), 1)
    );
    assert_eq!(
        dispatch(|_, _| reply(200, &[], "<html>")).await,
        (accepted, 1)
    );
    for status in [500, 502, 503, 408] {
        let (answer, sent) = dispatch(move |_, _| reply(status, &[], "{}")).await;
        assert!(
            matches!(answer, DispatchAnswer::Lost(_)),
            "{status}: {answer:?}"
        );
        assert_eq!(sent, 1, "{status}");
    }
    let refused = [
        (401, FaultKind::Auth),
        (403, FaultKind::Forbidden),
        (404, FaultKind::NotFound),
        (422, FaultKind::Protocol),
        (429, FaultKind::RateLimited),
        (307, FaultKind::Protocol),
    ];
    for (status, kind) in refused {
        let (answer, sent) = dispatch(move |_, _| {
            reply(
                status,
                &[("location", "/elsewhere")],
                r#"{"message":"No ref found for: main"}"#,
            )
        })
        .await;
        let DispatchAnswer::Rejected(fault) = answer else {
            panic!("{status}: {answer:?}")
        };
        assert_eq!((fault.kind, sent), (kind, 1), "{status}");
        assert!(fault.message.as_str().contains("No ref found"));
    }
}

#[tokio::test]
async fn an_old_server_is_asked_once_more_without_the_flag() {
    let words =
        r#"{"message":"Invalid request.\n\n\"return_run_details\" is not a permitted key."}"#;
    let stub = Stub::start(move |seen, _| {
        if seen.body.contains("return_run_details") {
            reply(422, &[], words)
        } else {
            reply(204, &[], "")
        }
    })
    .await;
    let answer = source(&stub.url).dispatch(&orders().0).await;
    assert_eq!(
        answer,
        DispatchAnswer::Accepted {
            run: None,
            url: None
        }
    );
    assert_eq!(stub.count(), 2);
    // Never a third time.
    let (answer, sent) = dispatch(move |_, _| reply(400, &[], words)).await;
    assert!(matches!(answer, DispatchAnswer::Rejected(_)));
    assert_eq!(sent, 2);
}

#[tokio::test]
async fn a_lost_answer_is_lost_and_not_sent_again() {
    let (url, count) = bare(Bare::Close).await;
    assert!(matches!(
        source(&url).dispatch(&orders().0).await,
        DispatchAnswer::Lost(_)
    ));
    assert_eq!(*count.lock().unwrap(), 1);

    let (url, count) = bare(Bare::Hang).await;
    let github = with_policy(&url, impatient());
    assert!(matches!(
        github.dispatch(&orders().0).await,
        DispatchAnswer::Lost(_)
    ));
    assert!(matches!(
        github.cancel(&orders().1).await,
        CancelAnswer::Lost(_)
    ));
    assert_eq!(*count.lock().unwrap(), 2);

    // "Accepted" whose body breaks off is accepted.
    let (url, _) = bare(Bare::Say(
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"workf",
    ))
    .await;
    let answer = source(&url).dispatch(&orders().0).await;
    assert_eq!(
        answer,
        DispatchAnswer::Accepted {
            run: None,
            url: None
        }
    );

    // Nobody listens: nothing was sent.
    let github = source(&closed_port().await);
    let DispatchAnswer::Rejected(fault) = github.dispatch(&orders().0).await else {
        panic!()
    };
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert!(!format!("{fault:?}").contains("ghp_"));
}

#[tokio::test]
async fn a_cancel_is_asked_once() {
    for (status, want) in [
        (202, CancelAnswer::Accepted),
        (409, CancelAnswer::AlreadyEnded),
    ] {
        let stub = Stub::start(move |_, _| reply(status, &[], "{}")).await;
        assert_eq!(source(&stub.url).cancel(&orders().1).await, want);
        assert_eq!(
            stub.seen()[0].uri,
            "/repos/acme/checkout/actions/runs/5000000777/cancel"
        );
        assert_eq!(stub.count(), 1);
    }
    let stub = Stub::start(|_, _| reply(500, &[], "{}")).await;
    assert!(matches!(
        source(&stub.url).cancel(&orders().1).await,
        CancelAnswer::Lost(_)
    ));
    assert_eq!(stub.count(), 1);
}

#[tokio::test]
async fn the_reserve_is_for_the_rollback() {
    let stub = Stub::start(|seen, _| {
        let reset = (NOW_S + 600).to_string();
        let headers = [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "150"),
            ("x-ratelimit-reset", reset.as_str()),
        ];
        let status = if seen.method == "POST" { 202 } else { 200 };
        reply(status, &headers, r#"{"login":"li"}"#)
    })
    .await;
    let github = source(&stub.url);
    github.login().await.unwrap();
    let error = github.login().await.unwrap_err();
    assert!(matches!(
        error.kind,
        ErrorKind::RateLimited {
            secondary: false,
            ..
        }
    ));
    assert_eq!(stub.count(), 1);
    assert_eq!(github.cancel(&orders().1).await, CancelAnswer::Accepted);
    // While a rollback is followed, reads may use the reserve.
    github.login().await.unwrap();
    assert_eq!(stub.count(), 3);
}
