//! The built-in scenarios, each with the stack on all of its hosts.

use crate::CheckError;
use crate::report::{Checked, Part, Verdict};
use crate::rule::capability_name;
use crate::subject::Subject;
use explore::run::StepOutcome;
use explore::scenario::Action;
use explore::{BUILTIN, Run, RunConfig, Scenario};
use model::ServerStatus;
use runtime::TraceEvent;
use serde_json::Value;
use virt::types::Capability;

/// Runs every scenario.
pub(crate) fn run_all(subject: &Subject) -> Result<Vec<Checked>, CheckError> {
    BUILTIN
        .iter()
        .map(|builtin| {
            let broken =
                |problem: String| CheckError::Scenario { scenario: builtin.name.to_owned(), problem };
            let mut scenario = builtin.scenario().map_err(|error| broken(error.to_string()))?;
            scenario.set_all_stacks(&subject.stack);
            if let Some(capability) = needs(&scenario).filter(|capability| !subject.can(*capability)) {
                let reason = format!("it does not have the capability {}", capability_name(capability));
                return Ok(checked(scenario, Verdict::NotApplicable { reason }));
            }
            let config = RunConfig { trace: true, ..RunConfig::default() };
            let stacks = subject.stacks(&scenario)?;
            let run = explore::run(&scenario, &config, &stacks)
                .map_err(|error| CheckError::scenario(builtin.name, &error))?;
            Ok(checked(scenario, verdict(&run, subject)))
        })
        .collect()
}

fn checked(scenario: Scenario, verdict: Verdict) -> Checked {
    Checked {
        part: Part::Scenario,
        name: scenario.name,
        says: format!("{}.", scenario.description),
        methods: vec![],
        verdict,
        fell_in: None,
    }
}

/// What the driver has to be able to do for a scenario to make sense: where there is one host, a cold migration stays on it.
fn needs(scenario: &Scenario) -> Option<Capability> {
    let migrates = scenario.steps.iter().any(|step| matches!(step.item, Action::Migrate(_)));
    let one_host = scenario.hosts.iter().nth(1).is_none();
    (migrates && one_host).then_some(Capability::SupportsMigrateToSameHost)
}

/// What the driver calls of a run came to, as far as it is not an answer.
#[derive(Default)]
struct Calls {
    /// The first that broke: host, method, and how.
    failed: Option<String>,
    /// The first that raised an exception that is not a fall-back.
    raised: Option<String>,
    /// The first method that the driver does not have, though the operation needs it.
    not_offered: Option<String>,
}

/// What an operation cannot do without. Where the driver does not have another method, the compute manager has a way round it.
const NEEDED: [&str; 8] = [
    "confirm_migration",
    "finish_migration",
    "finish_revert_migration",
    "live_migration",
    "migrate_disk_and_power_off",
    "pre_live_migration",
    "save_state",
    "snapshot",
];

impl Calls {
    fn of(run: &Run) -> Self {
        let mut calls = Self::default();
        for record in &run.trace {
            let TraceEvent::DriverResult { host, method, outcome, .. } = &record.event else { continue };
            if let Some(cause) = outcome.get("failed").and_then(Value::as_str) {
                calls.failed.get_or_insert_with(|| format!("{method} on {host}: it {cause}"));
            }
            let class = outcome.get("error").and_then(Value::as_str);
            if class == Some("NotImplementedError") && NEEDED.contains(method) {
                calls.not_offered.get_or_insert_with(|| (*method).to_owned());
            }
            if let Some(class) =
                class.filter(|class| !matches!(*class, "NotImplementedError" | "InstanceNotFound"))
            {
                let message = outcome.get("message").and_then(Value::as_str).unwrap_or_default();
                calls.raised.get_or_insert_with(|| format!("{method} on {host} raised {class}: {message}"));
            }
        }
        calls
    }
}

fn verdict(run: &Run, subject: &Subject) -> Verdict {
    let report = &run.report;
    let calls = Calls::of(run);
    let broken = |expected: &str, found: String| Verdict::Broken { expected: expected.to_owned(), found };
    if let Some(failed) = calls.failed {
        return broken("every driver call is answered", failed);
    }
    let failed_step = report.steps.iter().find_map(|step| match &step.outcome {
        StepOutcome::Failed { problem } => Some(format!("{}: {problem}", step.text)),
        _ => None,
    });
    let violation = report.violations.first().map(|violation| violation.message.clone());
    let refused = report
        .steps
        .iter()
        .find_map(|step| step.outcome.remark().map(|remark| format!("{}: {remark}", step.text)));
    let not_started = report.hosts.iter().find_map(|host| {
        host.not_started.as_ref().map(|problem| format!("{} did not start: {problem}", host.name))
    });
    let in_error = report.servers.iter().find(|server| server.status == ServerStatus::Error).map(|server| {
        let fault = server.fault.as_ref().map_or(String::new(), |fault| format!(": {}", fault.message));
        format!("server {} is in ERROR{fault}", server.name)
    });
    let Some((expected, problem)) = failed_step
        .map(|problem| ("the cloud comes to rest after every step", problem))
        .or(violation.map(|problem| ("every invariant of the cloud holds", problem)))
        .or(not_started.map(|problem| ("every host starts", problem)))
        .or(in_error.map(|problem| ("no server ends in ERROR", problem)))
        .or(refused.map(|problem| ("every step can be taken", problem)))
    else {
        return Verdict::Ok;
    };
    // What a layer raises is its business, and Nova is not always at its best after it.
    match (calls.raised, calls.not_offered) {
        (Some(raised), _) if subject.is_layered() => Verdict::NotApplicable {
            reason: format!("{raised}, which a layer may be meant to do; then {problem}"),
        },
        (_, Some(method)) => {
            Verdict::NotApplicable { reason: format!("{method} is not offered; without it, {problem}") }
        }
        _ if subject.is_novas_fake() && expected.contains("invariant") => {
            Verdict::NotApplicable { reason: format!("quirks=nova: with Nova's own fake driver, {problem}") }
        }
        _ => broken(expected, problem),
    }
}
