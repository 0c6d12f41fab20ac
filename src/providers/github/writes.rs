//! Writes, each sent once. The answer says what is known: accepted, rejected (nothing was started), or lost (it may have
//! been). A lost answer is looked up by its correlation id by whoever asked; it is never sent again from here.

use serde_json::{Map, Value, json};

use super::client::GitHub;
use super::errors;
use super::runs::repo_path;
use super::wire::{address, number, segment};
use crate::domain::fetched::Fault;
use crate::domain::release::RunId;
use crate::domain::rollback::{
    CancelAnswer, CancelOrder, DispatchAnswer, DispatchOrder, RerunOrder,
};
use crate::domain::text::Safe;
use crate::providers::error::ProviderError;
use crate::providers::http::Reply;

/// The flag that makes GitHub name the run it starts.
const DETAILS: &str = "return_run_details";

/// What an answer's status says of a write.
enum Said {
    Accepted(Reply),
    Rejected(Fault, Reply),
    NotSent(Fault),
    Lost(Fault),
}

impl GitHub {
    async fn write(&self, path: &str, body: Option<&Value>) -> Said {
        let url = self.url(path);
        let now = self.now();
        match self.send(&url, body).await {
            Err(e) if e.never_sent() => Said::NotSent(e.to_fault(now)),
            Err(e) => Said::Lost(e.to_fault(now)),
            Ok(reply) => {
                let status = reply.status.as_u16();
                let fault = |reply: &Reply| {
                    let call = self.call("POST", &url);
                    let error: ProviderError =
                        errors::from_reply(call, reply, &self.redactor, self.now());
                    error.to_fault(self.now())
                };
                match status {
                    200..300 => Said::Accepted(reply),
                    // 408: something on the way waited for the rest of the request, or said so.
                    408 | 500.. => Said::Lost(fault(&reply)),
                    _ => Said::Rejected(fault(&reply), reply),
                }
            }
        }
    }

    pub(super) async fn send_dispatch(&self, order: &DispatchOrder) -> DispatchAnswer {
        let path = format!(
            "{}/actions/workflows/{}/dispatches",
            repo_path(order.repo()),
            segment(order.file())
        );
        let inputs: Map<String, Value> = order
            .inputs()
            .iter()
            .map(|(k, v)| (k.clone(), Value::from(v.as_str())))
            .collect();
        let plain = json!({ "ref": order.git_ref(), "inputs": inputs });
        let mut asking = plain.clone();
        if let Some(fields) = asking.as_object_mut() {
            fields.insert(DETAILS.to_owned(), Value::Bool(true));
        }
        let said = match self.write(&path, Some(&asking)).await {
            // An older server refuses the unknown field by its name: then nothing was started, and once without it is safe.
            Said::Rejected(_, reply) if names_the_flag(&reply) => {
                self.write(&path, Some(&plain)).await
            }
            said => said,
        };
        match said {
            Said::Accepted(reply) => {
                let (run, url) = details(&reply);
                DispatchAnswer::Accepted { run, url }
            }
            Said::Rejected(fault, _) | Said::NotSent(fault) => DispatchAnswer::Rejected(fault),
            Said::Lost(fault) => DispatchAnswer::Lost(fault),
        }
    }

    /// The answer names no run: it is the same one, its next attempt.
    pub(super) async fn send_rerun(&self, order: &RerunOrder) -> DispatchAnswer {
        let path = format!(
            "{}/actions/runs/{}/rerun",
            repo_path(order.repo()),
            order.run()
        );
        match self.write(&path, None).await {
            Said::Accepted(_) => DispatchAnswer::Accepted {
                run: Some(order.run()),
                url: None,
            },
            Said::Rejected(fault, _) | Said::NotSent(fault) => DispatchAnswer::Rejected(fault),
            Said::Lost(fault) => DispatchAnswer::Lost(fault),
        }
    }

    pub(super) async fn send_cancel(&self, order: &CancelOrder) -> CancelAnswer {
        let path = format!(
            "{}/actions/runs/{}/cancel",
            repo_path(order.repo()),
            order.run()
        );
        match self.write(&path, None).await {
            Said::Accepted(_) => CancelAnswer::Accepted,
            Said::Rejected(_, reply) if reply.status.as_u16() == 409 => CancelAnswer::AlreadyEnded,
            Said::Rejected(fault, _) | Said::NotSent(fault) => CancelAnswer::Rejected(fault),
            Said::Lost(fault) => CancelAnswer::Lost(fault),
        }
    }
}

fn names_the_flag(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 400 | 422) && errors::message(&reply.body).contains(DETAILS)
}

/// The run an answer names. Nothing readable means accepted, run unknown.
fn details(reply: &Reply) -> (Option<RunId>, Option<Safe>) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (
        number(&body, "workflow_run_id").map(RunId),
        address(&body, "html_url"),
    )
}
