//! What was found, for people and for the machines that watch over a project.

use super::{Exploration, Finding};
use crate::report::Paint;
use std::fmt::Write;

/// What was found in a scenario, for people. Writing into a text cannot fail.
pub fn text(found: &Exploration, paint: Paint) -> String {
    let pairs =
        found.pairs.map_or_else(String::new, |pairs| format!(", and all {pairs} with a second fault"));
    let orders =
        found.orders.map_or_else(String::new, |orders| format!(", and {orders} orders of deliveries"));
    let random = found.random.map_or_else(String::new, |random| {
        let (plans, behaviours) = (random.plans, random.behaviours);
        format!(", and {plans} plans drawn at random, which showed {behaviours} things that the scenario alone does not")
    });
    let mut text = format!(
        "{}: all {} single-fault plans at {} points{pairs}{orders}{random}\n",
        found.scenario, found.plans, found.points
    );
    for finding in &found.findings {
        let word = match finding.known {
            None => paint.bad("NEW  "),
            Some(_) => paint.faint("known"),
        };
        let _ = writeln!(text, "  {word}  {}: {}", finding.invariant, finding.cause());
        let _ = writeln!(text, "         {}", finding.message);
        if let Some(since) = &finding.since {
            let _ = writeln!(text, "         {}", paint.faint(&since.to_string()));
        }
        if let Some(reason) = finding.known {
            let _ = writeln!(text, "         Nova 34.0.0: {reason}");
            if let Some(evidence) = &finding.evidence {
                let _ = writeln!(text, "         {}", paint.faint(evidence));
            }
        }
        for fault in &finding.plan {
            let _ = writeln!(text, "         {fault}");
        }
    }
    if found.findings.is_empty() {
        text.push_str("  every invariant holds after each\n");
    }
    text
}

/// Some of the exceptions after which it breaks.
fn errors(finding: &Finding) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<&str> = finding.errors.iter().take(SHOWN).map(String::as_str).collect();
    if finding.errors.len() > SHOWN {
        names.push("…");
    }
    names.join(", ")
}

/// What was found as a JUnit report: a test case for each scenario and invariant that breaks in a way that is not known,
/// and one for each scenario in which nothing new was found.
pub fn junit(found: &[Exploration], seconds: f64) -> String {
    let failures: usize = found.iter().map(|found| found.new_findings().count()).sum();
    let cases: usize = found.iter().map(|found| found.new_findings().count().max(1)).sum();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"novarig explore\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">\n"
    );
    for scenario in found {
        let class = escape(&scenario.scenario);
        if scenario.new_findings().next().is_none() {
            let _ = writeln!(
                xml,
                "  <testcase classname=\"{class}\" name=\"all {} single-fault plans\"/>",
                scenario.plans
            );
        }
        for finding in scenario.new_findings() {
            let cause = finding.cause.as_ref().map_or_else(String::new, |cause| format!(" after {cause}"));
            let _ = writeln!(
                xml,
                "  <testcase classname=\"{class}\" name=\"{}{cause}\">\n    <failure message=\"{}\">{}</failure>\n  </testcase>",
                finding.invariant,
                escape(&finding.message),
                escape(&finding.replay),
            );
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write the others.
            other if other.is_control() && !matches!(other, '\n' | '\t') => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Finding {
    /// What breaks it, in a few words.
    pub fn cause(&self) -> String {
        self.cause.as_ref().map_or_else(
            || "without any fault".to_owned(),
            |cause| format!("{cause} ({} plans: {})", self.plans, errors(self)),
        )
    }

    /// The name of its replay's file.
    pub fn file_name(&self) -> String {
        let cause = self.cause.as_deref().unwrap_or("no fault").replace(", ", "-").replace([' ', '.'], "-");
        format!("{}-{}-{cause}.yaml", self.scenario, self.invariant)
    }
}
