//! What the shape of a scenario file cannot say: names refer to things that are there.

use super::{Action, Expectation, Placed, Scenario};
use std::collections::BTreeSet;

/// What is wrong, and on which line.
pub(super) struct Problem {
    pub(super) line: Option<u64>,
    pub(super) text: String,
}

/// Each server is booted once, and before anything else is done with it.
pub(super) fn servers(scenario: &Scenario) -> Result<(), Problem> {
    let mut booted: BTreeSet<String> = BTreeSet::new();
    let mut groups: BTreeSet<&str> = BTreeSet::new();
    let parts =
        scenario.steps.iter().flat_map(|step| step.item.parts().into_iter().map(move |part| (step, part)));
    for (step, action) in parts {
        let problem = |text: String| Err(Problem { line: step.line, text });
        if let (Action::During(_), Action::During(_) | Action::SwapDriver(_) | Action::WaitFor(_)) =
            (&step.item, action)
        {
            return problem(format!("`{action}` cannot be part of a `during`"));
        }
        if let Action::InjectFault(fault) = action
            && fault.names_server()
            && fault.server.is_none()
        {
            return problem(format!("{} names a server: add `server: NAME`", fault.error));
        }
        if let Action::WaitFor(wait) = action
            && wait.status.is_none()
            && wait.migration.is_none()
        {
            return problem("nothing is said to wait for: expected `status`, `migration` or both".to_owned());
        }
        if let Action::Check(Expectation::Guests(_)) = action {
            return problem(
                "guests can be expected only at the end, under `expect`: to ask for them is a call of the driver".to_owned(),
            );
        }
        match (action, action.server()) {
            (Action::Boot(boot), _) => {
                if let Some(group) = boot.group.as_deref().filter(|group| !groups.contains(group)) {
                    return problem(format!("there is no server group {group} before this step"));
                }
                for name in boot.names() {
                    if booted.contains(&name) {
                        return problem(format!("server {name} is booted a second time"));
                    }
                    booted.insert(name);
                }
            }
            (Action::CreateServerGroup(group), _) => {
                if !groups.insert(&group.name) {
                    return problem(format!("server group {} is made a second time", group.name));
                }
            }
            (Action::DeleteServerGroup(name), _) if !groups.contains(name.as_str()) => {
                return problem(format!("there is no server group {name} before this step"));
            }
            (_, Some(server)) => unknown(&booted, server, "before this step")
                .map_or(Ok(()), |text| Err(Problem { line: step.line, text }))?,
            (_, None) => {}
        }
    }
    for Placed { item: fault, line } in &scenario.faults {
        if fault.names_server() {
            let text = format!(
                "{} names a server, and there is none before the first step: plan it with an `inject_fault` step",
                fault.error
            );
            return Err(Problem { line: *line, text });
        }
    }
    for Placed { item: other, line } in &scenario.meanwhile {
        if !other.can_be_done() {
            return Err(Problem {
                line: *line,
                text: format!("`{}` cannot be done meanwhile", other.meanwhile),
            });
        }
        let problem = other.meanwhile.server().and_then(|name| unknown(&booted, name, "by any step"));
        problem.map_or(Ok(()), |text| Err(Problem { line: *line, text }))?;
    }
    for Placed { item: expectation, line } in &scenario.expect {
        let problem = expectation.server().and_then(|name| unknown(&booted, name, "by any step"));
        problem.map_or(Ok(()), |text| Err(Problem { line: *line, text }))?;
    }
    Ok(())
}

fn unknown(booted: &BTreeSet<String>, server: &str, when: &str) -> Option<String> {
    if booted.contains(server) {
        return None;
    }
    let known: Vec<&str> = booted.iter().map(String::as_str).collect();
    let known =
        if known.is_empty() { "no server is".to_owned() } else { format!("booted: {}", known.join(", ")) };
    Some(format!("server {server} is not booted {when}; {known}"))
}

/// Every host that is named is there.
pub(super) fn hosts(scenario: &Scenario) -> Result<(), Problem> {
    let parts = scenario
        .steps
        .iter()
        .flat_map(|step| step.item.parts().into_iter().map(move |part| (step.line, part)));
    let steps = parts.filter_map(|(line, part)| Some((line, part.host()?)));
    let faults = scenario.faults.iter().map(|fault| (fault.line, &fault.item.at.host));
    let expectations =
        scenario.expect.iter().filter_map(|expected| Some((expected.line, expected.item.host()?)));
    let messages = scenario.message_faults.iter().filter_map(|fault| Some((fault.line, fault.item.host()?)));
    let writes = scenario.write_faults.iter().filter_map(|fault| Some((fault.line, fault.item.host()?)));
    let others = scenario.meanwhile.iter().flat_map(|other| {
        let hosts = other.item.at.host().into_iter().chain(other.item.meanwhile.host());
        hosts.map(|host| (other.line, host))
    });
    let planned = faults.chain(messages).chain(writes).chain(others);
    for (line, host) in planned.chain(steps).chain(expectations) {
        if !scenario.hosts.contains(host) {
            let text = format!("there is no host {host}; the hosts are {}", scenario.hosts.names());
            return Err(Problem { line, text });
        }
    }
    Ok(())
}
