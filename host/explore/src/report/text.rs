//! A run as a person wants to see it: what happened, where the fault struck, what is at the end, which invariants hold.

use super::paint::Paint;
use super::timeline::{consumer_name, failed_calls, timeline};
use super::{RunReport, ServerReport};
use crate::invariants;
use crate::run::{ALIKE, Judged, RECOVERY, Run, StepOutcome};
use crate::scenario::show_amounts;
use model::switches::Defect;
use model::{Fix, PowerState};

/// The text of a run. It ends with a newline.
pub fn text(run: &Run, paint: Paint) -> String {
    let mut page = Page { paint, text: String::new() };
    let report = &run.report;
    page.head(report);
    if !run.trace.is_empty() {
        page.title("Timeline, in simulated time");
        page.text.push_str(&timeline(&run.trace, &run.state, paint));
    }
    page.troubles(run);
    page.title("At the end");
    for (label, lines) in ending(run) {
        page.row(&label, &lines);
    }
    page.expectations(report);
    page.invariants(report);
    page.verdict(report);
    page.text
}

/// What must be true of a recovered cloud.
const OF_RECOVERY: [(&str, &str); 2] = [
    (RECOVERY, "when an operator has recovered the cloud nothing is left in it"),
    (ALIKE, "a recovered cloud is as it would be without the fault"),
];

struct Page {
    paint: Paint,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn title(&mut self, title: &str) {
        let title = self.paint.title(title);
        self.line(&format!("\n{title}"));
    }

    /// A label with what belongs to it, each on a line of its own.
    fn row(&mut self, label: &str, lines: &[String]) {
        for (position, line) in lines.iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            self.line(&format!("  {label:<12} {line}"));
        }
    }

    fn head(&mut self, report: &RunReport) {
        let name = self.paint.title(&report.scenario);
        let description =
            if report.description.is_empty() { String::new() } else { format!(": {}", report.description) };
        self.line(&format!("{name}{description}"));
        for host in &report.hosts {
            self.row(host.name.as_str(), std::slice::from_ref(&host.stack));
        }
        self.row("seed", &[report.seed.to_string()]);
        for bug in &report.bugs {
            self.row("bug", &[title_of(bug.defect())]);
        }
        if report.fixes.len() == Fix::ALL.len() {
            self.row("fix", &["all".to_owned()]);
        } else {
            report.fixes.iter().for_each(|fix| self.row("fix", &[title_of(fix.defect())]));
        }
    }

    /// What went wrong on the way: failed driver calls, hosts that did not start, steps with a remark, faults that never
    /// struck.
    fn troubles(&mut self, run: &Run) {
        let failed = failed_calls(&run.trace);
        if !failed.is_empty() {
            self.title("Where a driver failed");
            failed.iter().for_each(|call| self.line(&format!("  {}", self.paint.bad(call))));
        }
        let mut notes = Vec::new();
        for host in &run.report.hosts {
            notes.extend(host.not_started.iter().cloned());
        }
        for step in &run.report.steps {
            let Some(remark) = step.outcome.remark() else { continue };
            let remark = format!("step {}, {}: {remark}", step.number, step.text);
            notes.push(match step.outcome {
                StepOutcome::Failed { .. } => self.paint.bad(&remark),
                StepOutcome::Done | StepOutcome::Refused { .. } | StepOutcome::Noted { .. } => remark,
            });
        }
        for fault in run.report.faults.iter().filter(|fault| !fault.struck) {
            notes.push(format!("planned fault never struck: {}", fault.fault));
        }
        if !notes.is_empty() {
            self.title("Remarks");
            notes.iter().for_each(|note| self.line(&format!("  {note}")));
        }
    }

    fn expectations(&mut self, report: &RunReport) {
        if report.expectations.is_empty() {
            return;
        }
        self.title("Expectations");
        for Judged { expectation, problem } in &report.expectations {
            self.tick(problem.is_none(), expectation);
            if let Some(problem) = problem {
                let problem = self.paint.bad(problem);
                self.line(&format!("      {problem}"));
            }
        }
    }

    fn invariants(&mut self, report: &RunReport) {
        self.title("Invariants");
        let all = invariants::ALL.iter().map(|invariant| (invariant.name, invariant.statement));
        let own = report.own_invariants.iter().map(|own| (own.name, &*own.statement));
        let broken = |name: &str| report.violations.iter().any(|violation| violation.invariant == name);
        let recovery = OF_RECOVERY.iter().copied().filter(|(name, _)| broken(name));
        for (name, statement) in all.chain(own).chain(recovery) {
            let broken: Vec<_> =
                report.violations.iter().filter(|violation| violation.invariant == name).collect();
            let statement =
                if broken.is_empty() { statement.to_owned() } else { format!("{statement} ({name})") };
            self.tick(broken.is_empty(), &statement);
            for violation in broken {
                let message = self.paint.bad(&violation.message);
                self.line(&format!("      {message}"));
                if let Some(since) = &violation.since {
                    self.line(&format!("      {}", self.paint.faint(&since.to_string())));
                }
            }
        }
    }

    fn tick(&mut self, holds: bool, statement: &str) {
        let mark = if holds { self.paint.good("✓") } else { self.paint.bad("✗") };
        self.line(&format!("  {mark} {statement}"));
    }

    fn verdict(&mut self, report: &RunReport) {
        let verdict = verdict(report);
        let verdict = if report.passed() { self.paint.good(&verdict) } else { self.paint.bad(&verdict) };
        self.line(&format!("\n{verdict}"));
    }
}

/// The verdict in one line.
pub(super) fn verdict(report: &RunReport) -> String {
    if report.passed() {
        return "PASS: every expectation and every invariant holds".to_owned();
    }
    let mut broken: Vec<&str> = report.violations.iter().map(|violation| violation.invariant).collect();
    broken.dedup();
    let failed = report.steps.iter().filter(|step| step.outcome.is_failure()).count();
    let unmet = report.expectations.iter().filter(|judged| !judged.holds()).count() + failed;
    let mut reasons = Vec::new();
    match unmet {
        0 => {}
        1 => reasons.push("an expectation is not met".to_owned()),
        unmet => reasons.push(format!("{unmet} expectations are not met")),
    }
    if !broken.is_empty() {
        reasons.push(format!("violated: {}", broken.join(", ")));
    }
    format!("FAIL: {}", reasons.join("; "))
}

pub(super) fn title_of(defect: &Defect) -> String {
    format!("{} ({})", defect.id, defect.title)
}

/// What is at the end, label by label: servers, migrations, allocations, usages, guests.
pub fn ending(run: &Run) -> Vec<(String, Vec<String>)> {
    let report = &run.report;
    let mut rows = Vec::new();
    for server in &report.servers {
        rows.push((server.name.clone(), server_lines(server)));
    }
    for migration in &report.migrations {
        let dest = migration.dest.as_ref().map_or("no host", |host| host.as_str());
        let what = format!("{} from {} to {dest}: {}", migration.kind, migration.source, migration.status);
        rows.push((format!("migration {}", migration.id), vec![what]));
    }
    let held: Vec<_> = run
        .state
        .allocations
        .iter()
        .map(|(consumer, held)| {
            format!("{} holds {}", consumer_name(&run.state, *consumer), run.state.show_holding(held))
        })
        .collect();
    rows.push(("allocations".to_owned(), if held.is_empty() { vec!["none".to_owned()] } else { held }));
    let used = run.state.providers.iter();
    let used = used.map(|provider| format!("{}: {} in use", provider.name, show_amounts(&provider.usages())));
    rows.push(("providers".to_owned(), used.collect()));
    let guests = report.guests.iter().map(|(host, guests)| {
        let each = |guest: &super::GuestReport| {
            let name = guest.server.as_deref().unwrap_or(&guest.uuid);
            format!("{name} ({})", power(guest.power_state))
        };
        match guests.as_deref() {
            None => format!("{host}: cannot be known"),
            Some([]) => format!("{host}: none"),
            Some(guests) => format!("{host}: {}", guests.iter().map(each).collect::<Vec<_>>().join(", ")),
        }
    });
    rows.push(("guests".to_owned(), guests.collect()));
    rows
}

fn server_lines(server: &ServerReport) -> Vec<String> {
    let host = server.host.as_ref().map_or("no host".to_owned(), ToString::to_string);
    let task = server.task_state.map(|task| format!(", task {task}")).unwrap_or_default();
    let mut lines = vec![format!("{} on {host}, flavor {}{task}", server.status, server.flavor)];
    if let Some(fault) = &server.fault {
        let by = fault.host.as_ref().map(|host| format!(" ({host})")).unwrap_or_default();
        lines.push(format!("fault {}: {}{by}", fault.code, fault.message));
    }
    lines
}

fn power(state: PowerState) -> &'static str {
    match state {
        PowerState::NoState => "state unknown",
        PowerState::Running => "running",
        PowerState::Paused => "paused",
        PowerState::Shutdown => "shut down",
        PowerState::Crashed => "crashed",
        PowerState::Suspended => "suspended",
    }
}
