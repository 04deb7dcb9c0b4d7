//! Why the scheduler sent servers where it did: each of its decisions in a run, with the place of every host in it.

use crate::run::Run;
use model::HostName;
use runtime::TraceEvent;
use runtime::trace::TraceRecord;
use scheduler::Explanation;
use serde::Serialize;
use std::time::Duration;

/// One decision of the scheduler.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedDecision {
    /// The step of the scenario it belongs to, from 1.
    pub step: Option<usize>,
    /// That step in words.
    pub what: Option<String>,
    /// Simulated time since the start of the run, in microseconds.
    pub at: u64,
    /// The server's name.
    pub server: String,
    /// The host that was chosen and claimed; none when nobody was found.
    pub chosen: Option<HostName>,
    /// The hosts to try when it fails, best first.
    pub alternates: Vec<HostName>,
    /// The place of every host, and why.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// There is no server of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no server of the scenario is called {name}; there {are}", are = known(.servers))]
pub struct UnknownServer {
    /// The name that was asked for.
    pub name: String,
    /// The servers there are.
    pub servers: Vec<String>,
}

fn known(servers: &[String]) -> String {
    match servers {
        [] => "are none".to_owned(),
        [one] => format!("is {one}"),
        several => format!("are {}", several.join(", ")),
    }
}

/// The decisions of a traced run, in their order: all of them, or those about one server, by its name or its id.
///
/// # Errors
/// [`UnknownServer`].
pub fn explain(run: &Run, server: Option<&str>) -> Result<Vec<ExplainedDecision>, UnknownServer> {
    let servers = &run.report.servers;
    let wanted = match server {
        None => None,
        Some(name) => {
            let named = servers.iter().find(|known| known.name == name || known.id.to_string() == name);
            Some(named.map(|known| known.id).ok_or_else(|| UnknownServer {
                name: name.to_owned(),
                servers: servers.iter().map(|known| known.name.clone()).collect(),
            })?)
        }
    };
    let mut step = None;
    let mut decisions = Vec::new();
    for TraceRecord { t, event, .. } in &run.trace {
        match event {
            TraceEvent::Step { number, text } => step = Some((*number, text.clone())),
            TraceEvent::Scheduled { server, chosen, alternates, explanation }
                if wanted.is_none_or(|wanted| wanted == *server) =>
            {
                let record = servers.iter().find(|known| known.id == *server);
                decisions.push(ExplainedDecision {
                    step: step.as_ref().map(|(number, _)| *number),
                    what: step.as_ref().map(|(_, text)| text.clone()),
                    at: *t,
                    server: record.map_or_else(|| server.to_string(), |known| known.name.clone()),
                    chosen: chosen.clone(),
                    alternates: alternates.clone(),
                    explanation: explanation.clone(),
                });
            }
            _ => {}
        }
    }
    Ok(decisions)
}

/// Decisions as a person reads them.
pub fn explain_text(decisions: &[ExplainedDecision]) -> String {
    if decisions.is_empty() {
        return "the scheduler decided nothing\n".to_owned();
    }
    let told: Vec<String> = decisions.iter().map(told).collect();
    told.join("\n")
}

fn told(decision: &ExplainedDecision) -> String {
    let at = Duration::from_micros(decision.at).as_secs_f64();
    let step = match (decision.step, &decision.what) {
        (Some(number), Some(what)) => format!("step {number}, {what}"),
        _ => "before the first step".to_owned(),
    };
    let chosen = match &decision.chosen {
        None => "no host".to_owned(),
        Some(host) if decision.alternates.is_empty() => format!("{host}, no alternates"),
        Some(host) => {
            let others: Vec<&str> = decision.alternates.iter().map(HostName::as_str).collect();
            format!("{host}, alternates {}", others.join(", "))
        }
    };
    format!("{step}, {at:.6} s\n{} goes to {chosen}\n{}", decision.server, decision.explanation)
}
