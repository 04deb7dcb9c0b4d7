//! One HTML file with everything in it: no script, style, font or picture comes from anywhere else.
//!
//! [`of_exploration`] shows what was found in scenarios, [`of_run`] one run. Templates make the text and escape it.

use crate::bars::{Bars, bars, legend};
use crate::lanes::{Lanes, lanes};
use crate::map::{Map, map};
use explore::invariants::Violation;
use explore::report::ending;
use explore::search::{Exploration, Finding, HANDLERS, Handler, Reached, Replay};
use explore::{Run, RunConfig, RunError, Scenario, Stacks, invariants};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// A finding with what happened in its smallest run.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The finding.
    pub finding: Finding,
    /// Its smallest run.
    pub run: Run,
    /// The same without the fault; none if there is no fault in it.
    pub without: Option<Run>,
}

impl Shown {
    /// Runs the smallest run of a finding again. `prepare` makes the stacks of a scenario ready; its failures are handed on.
    ///
    /// # Errors
    /// What `prepare` says, or [`RunError`] when the scenario cannot be run.
    pub fn of<E: From<RunError>>(
        finding: &Finding,
        prepare: impl Fn(&Scenario) -> Result<Stacks, E>,
    ) -> Result<Self, E> {
        // It was written by the exploration itself: what cannot be read back is shown as an empty run.
        let Ok(replay) = Replay::from_yaml("the finding", &finding.replay) else {
            let run = Run {
                report: Default::default(),
                state: Default::default(),
                trace: Vec::new(),
                recovered: None,
            };
            return Ok(Self { finding: finding.clone(), run, without: None });
        };
        let stacks = prepare(&replay.planned())?;
        let run = replay.run(&stacks)?.run;
        let without = if replay.plan.is_empty() {
            None
        } else {
            let config = RunConfig { trace: false, ..replay.config() };
            Some(explore::run(&replay.scenario, &config, &stacks)?)
        };
        Ok(Self { finding: finding.clone(), run, without })
    }
}

/// A page could not be made, which is a mistake of its template.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be made: {0:#}")]
pub struct PageError(#[from] minijinja::Error);

/// The templates, by their names.
const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("../templates/page.html")),
    ("told.html", include_str!("../templates/told.html")),
    ("page.css", include_str!("../templates/page.css")),
    ("page.js", include_str!("../templates/page.js")),
];

#[derive(Serialize)]
struct Page {
    title: String,
    lead: String,
    facts: Vec<Fact>,
    findings: Vec<FindingView>,
    run: Option<RunView>,
    maps: Vec<Map>,
    coverage: Option<Coverage>,
}

/// A number at the top of the page.
#[derive(Serialize)]
struct Fact {
    number: String,
    what: &'static str,
    look: &'static str,
}

#[derive(Serialize)]
struct FindingView {
    id: usize,
    open: bool,
    scenario: String,
    invariant: &'static str,
    statement: String,
    source: &'static str,
    cause: String,
    message: String,
    since: Option<String>,
    known: Option<&'static str>,
    evidence: Option<String>,
    plan: Vec<String>,
    digest: String,
    file: String,
    replay: String,
    told: Told,
}

#[derive(Serialize)]
struct RunView {
    command: String,
    violations: Vec<ToldViolation>,
    unmet: Vec<String>,
    told: Told,
}

/// What is not as it must be, and since when.
#[derive(Serialize)]
struct ToldViolation {
    message: String,
    since: Option<String>,
}

/// What happened in a run.
#[derive(Serialize)]
struct Told {
    lanes: Lanes,
    bars: Vec<Bars>,
    legend: Vec<(String, usize)>,
    /// Whether there is something to compare with.
    compared: bool,
    rows: Vec<DiffRow>,
}

/// What is at the end, of one label.
#[derive(Serialize)]
struct DiffRow {
    label: String,
    expected: Vec<String>,
    found: Vec<String>,
    differs: bool,
}

/// Which handlers the plans reached.
#[derive(Serialize)]
struct Coverage {
    all: usize,
    tried: Vec<(String, usize)>,
    untried: Vec<(String, usize)>,
    never: Vec<String>,
}

impl Coverage {
    fn of(reached: &Reached) -> Option<Self> {
        if reached.is_empty() {
            return None;
        }
        let mut coverage =
            Self { all: HANDLERS.len(), tried: Vec::new(), untried: Vec::new(), never: Vec::new() };
        for handler in HANDLERS {
            let reach = reached.of(*handler);
            let name = name(*handler);
            match (reach.failed, reach.ran) {
                (0, 0) => coverage.never.push(name),
                (0, ran) => coverage.untried.push((name, ran)),
                (failed, _) => coverage.tried.push((name, failed)),
            }
        }
        Some(coverage)
    }
}

fn name(handler: Handler) -> String {
    format!("{}: {}", handler.service, handler.method.unwrap_or("start and periodic tasks"))
}

impl Told {
    fn of(run: &Run, without: Option<&Run>) -> Self {
        let found = ending(run);
        let expected = without.map(ending);
        let mut labels: Vec<&String> = Vec::new();
        for (label, _) in expected.iter().flatten().chain(&found) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let lines = |of: &[(String, Vec<String>)], wanted: &String| {
            of.iter().find(|(label, _)| label == wanted).map(|(_, lines)| lines.clone()).unwrap_or_default()
        };
        let row = |label: &&String| {
            let found = lines(&found, label);
            let expected = expected.as_deref().map(|expected| lines(expected, label));
            let differs = expected.as_ref().is_some_and(|expected| *expected != found);
            DiffRow { label: (*label).clone(), expected: expected.unwrap_or_default(), found, differs }
        };
        Self {
            rows: labels.iter().map(row).collect(),
            lanes: lanes(&run.trace, &run.state),
            bars: bars(&run.trace),
            legend: legend(&run.trace),
            compared: without.is_some(),
        }
    }
}

impl FindingView {
    fn of(id: usize, shown: &Shown, open: bool) -> Self {
        let Shown { finding, run, without } = shown;
        let invariant = invariants::ALL.iter().find(|invariant| invariant.name == finding.invariant);
        let own = run.report.own_invariants.iter().find(|own| own.name == finding.invariant);
        Self {
            id,
            open,
            scenario: finding.scenario.clone(),
            invariant: finding.invariant,
            statement: invariant
                .map(|invariant| invariant.statement.to_owned())
                .or_else(|| own.map(|own| own.statement.clone()))
                .unwrap_or_default(),
            source: invariant.map_or("the scenario, or an oracle", |invariant| invariant.source),
            cause: finding.cause(),
            message: finding.message.clone(),
            since: finding.since.as_ref().map(ToString::to_string),
            known: finding.known,
            evidence: finding.evidence.clone(),
            plan: finding.plan.iter().map(ToString::to_string).collect(),
            digest: finding.trace_digest.clone(),
            file: finding.file_name(),
            replay: finding.replay.clone(),
            told: Told::of(run, without.as_ref()),
        }
    }
}

/// The page of what was found in scenarios. `shown` are all findings; new ones come first.
///
/// # Errors
/// [`PageError`].
pub fn of_exploration(explored: &[Exploration], seconds: f64, shown: &[Shown]) -> Result<String, PageError> {
    let plans: usize = explored.iter().map(|found| found.plans).sum();
    let points: usize = explored.iter().map(|found| found.points).sum();
    let (new, known): (Vec<_>, Vec<_>) = shown.iter().partition(|shown| shown.finding.known.is_none());
    let mut reached = Reached::default();
    for found in explored {
        reached.merge(&found.reached);
    }
    let coverage = Coverage::of(&reached);
    let mut facts = vec![
        Fact::new(explored.len(), "scenarios", ""),
        Fact::new(points, "fault points", ""),
        Fact::new(plans, "plans, all that there are", ""),
        Fact { number: format!("{seconds:.1} s"), what: "to run them all", look: "" },
        Fact::new(new.len(), "new findings", if new.is_empty() { "good" } else { "bad" }),
        Fact::new(known.len(), "known of Nova 34.0.0", if known.is_empty() { "" } else { "known" }),
    ];
    if let Some(coverage) = &coverage {
        let number = format!("{} of {}", coverage.tried.len(), coverage.all);
        facts.push(Fact { number, what: "handlers tried in failure", look: "" });
    }
    let names: Vec<&str> = explored.iter().map(|found| &*found.scenario).collect();
    let findings = new.iter().chain(&known).zip(1..);
    let page = Page {
        title: match &*names {
            [one] => format!("novarig explore {one}"),
            _ => "novarig explore".to_owned(),
        },
        lead: format!(
            "Every single fault that can strike, tried one at a time in {}. After each, the cloud was held against {} \
             invariants.",
            names.join(", "),
            invariants::ALL.len()
        ),
        facts,
        findings: findings.map(|(shown, id)| FindingView::of(id, shown, id == 1)).collect(),
        run: None,
        maps: explored.iter().map(map).collect(),
        coverage,
    };
    text_of(&page)
}

/// The page of one run. `command` is how it can be had again.
///
/// # Errors
/// [`PageError`].
pub fn of_run(run: &Run, command: &str) -> Result<String, PageError> {
    let report = &run.report;
    let failed = report.steps.iter().filter(|step| step.outcome.is_failure());
    let failed = failed.filter_map(|step| step.outcome.remark());
    let unmet: Vec<String> =
        failed.chain(report.expectations.iter().filter_map(|judged| judged.problem.clone())).collect();
    let wrong = |count| if count == 0 { "good" } else { "bad" };
    let broken = report.violations.len();
    let page = Page {
        title: report.scenario.clone(),
        lead: report.description.clone(),
        facts: vec![
            Fact::new(report.hosts.len(), "hosts", ""),
            Fact::new(report.steps.len(), "steps", ""),
            Fact::new(run.trace.len(), "events", ""),
            Fact::new(report.faults.iter().filter(|fault| fault.struck).count(), "planned faults struck", ""),
            Fact::new(unmet.len(), "expectations not met", wrong(unmet.len())),
            Fact::new(broken, "violations of invariants", wrong(broken)),
        ],
        findings: Vec::new(),
        run: Some(RunView {
            command: command.to_owned(),
            violations: report.violations.iter().map(told_violation).collect(),
            unmet,
            told: Told::of(run, None),
        }),
        maps: Vec::new(),
        coverage: None,
    };
    text_of(&page)
}

/// A violation, and since when it is so.
fn told_violation(violation: &Violation) -> ToldViolation {
    ToldViolation {
        message: violation.message.clone(),
        since: violation.since.as_ref().map(ToString::to_string),
    }
}

impl Fact {
    fn new(number: usize, what: &'static str, look: &'static str) -> Self {
        Self { number: number.to_string(), what, look }
    }
}

fn text_of(page: &Page) -> Result<String, PageError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        // Style and script are the project's own, and nothing is put into them.
        _ => AutoEscape::None,
    });
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment.get_template("page.html")?.render(Serde(page))?)
}
