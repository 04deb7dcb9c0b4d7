//! What became of a check.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A stack, and what was found of it.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// The stack, as it is written.
    pub stack: String,
    /// Every rule, then every scenario.
    pub checked: Vec<Checked>,
}

/// A rule or scenario, and whether it holds.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Whether it is a rule or a scenario.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What must be true, in a sentence.
    pub says: String,
    /// The methods of the contract that it is about, by Nova's names; none for a scenario.
    pub methods: Vec<String>,
    /// Whether it is.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The method that did not answer, if it is that what is broken.
    #[serde(skip)]
    pub(crate) fell_in: Option<String>,
}

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A rule of the contract.
    Rule,
    /// A built-in scenario with the stack on every host.
    Scenario,
}

/// Whether a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Ok,
    /// It does not.
    Broken {
        /// What was expected.
        expected: String,
        /// What came instead.
        found: String,
    },
    /// It cannot be tried with this stack.
    NotApplicable {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Broken { .. } => "BROKEN",
            Verdict::NotApplicable { .. } => "n/a",
        }
    }
}

impl CheckReport {
    /// Whether nothing is broken.
    pub fn holds(&self) -> bool {
        !self.checked.iter().any(|checked| matches!(checked.verdict, Verdict::Broken { .. }))
    }

    /// What is broken.
    pub fn broken(&self) -> impl Iterator<Item = &Checked> {
        self.checked.iter().filter(|checked| matches!(checked.verdict, Verdict::Broken { .. }))
    }

    /// How many are ok, broken, and not applicable.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for checked in &self.checked {
            counts[match checked.verdict {
                Verdict::Ok => 0,
                Verdict::Broken { .. } => 1,
                Verdict::NotApplicable { .. } => 2,
            }] += 1;
        }
        counts
    }

    /// A call that does not answer breaks every rule that needs it. It counts for the rules that are about the method, if
    /// one of them has found it; the others could not be tried.
    pub(crate) fn blame_each_method_once(&mut self) {
        let mut about_it: BTreeMap<String, String> = BTreeMap::new();
        for checked in &self.checked {
            if let Some(method) = &checked.fell_in
                && checked.methods.contains(method)
            {
                about_it.entry(method.clone()).or_insert_with(|| checked.name.clone());
            }
        }
        for checked in &mut self.checked {
            if let Some(method) = &checked.fell_in
                && !checked.methods.contains(method)
                && let Some(rule) = about_it.get(method)
            {
                let reason = format!("it needs {method}, which is broken, see {rule}");
                checked.verdict = Verdict::NotApplicable { reason };
            }
        }
    }

    /// The report as JSON: keys `stack`, `holds`, `ok`, `broken`, `not_applicable` and `checked`, a list whose entries have
    /// `part`, `name`, `says`, `methods`, `verdict` and what goes with it (`expected` and `found`, or `reason`).
    pub fn to_json(&self) -> serde_json::Value {
        let [ok, broken, not_applicable] = self.counts();
        serde_json::json!({
            "stack": self.stack,
            "holds": self.holds(),
            "ok": ok,
            "broken": broken,
            "not_applicable": not_applicable,
            "checked": self.checked,
        })
    }

    /// The table: a line for each rule and scenario, and under those that are not ok what there is to say. `paint` makes a
    /// verdict's word visible.
    pub fn to_text(&self, paint: impl Fn(&Verdict, &str) -> String) -> String {
        let width = self.checked.iter().map(|checked| checked.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (part, title) in [
            (Part::Rule, "rules of the contract"),
            (Part::Scenario, "scenarios, with this stack on every host"),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{title}");
            for checked in self.checked.iter().filter(|checked| checked.part == part) {
                let word = paint(&checked.verdict, &format!("{:<6}", checked.verdict.word()));
                let name = &checked.name;
                let _ = match &checked.verdict {
                    Verdict::Ok => writeln!(text, "  {word}  {name:<width$}  {}", checked.says),
                    Verdict::NotApplicable { reason } => writeln!(text, "  {word}  {name:<width$}  {reason}"),
                    Verdict::Broken { expected, found } => writeln!(
                        text,
                        "  {word}  {name:<width$}  {}\n{:10}expected  {expected}\n{:10}found     {}",
                        checked.says,
                        "",
                        "",
                        // A panic's message has several lines.
                        found.replace('\n', " "),
                    ),
                };
            }
        }
        let [ok, broken, not_applicable] = self.counts();
        let _ = writeln!(
            text,
            "\n{}: {ok} ok, {broken} broken, {not_applicable} not applicable",
            if self.holds() { "PASS" } else { "FAIL" }
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: Vec<Verdict>) -> CheckReport {
        let checked = verdicts.into_iter().map(|verdict| Checked {
            part: Part::Rule,
            name: "name".to_owned(),
            says: "It is.".to_owned(),
            methods: vec![],
            verdict,
            fell_in: None,
        });
        CheckReport { stack: "fake".to_owned(), checked: checked.collect() }
    }

    #[test]
    fn one_broken_rule_breaks_the_stack_and_one_that_is_not_applicable_does_not() {
        let broken = Verdict::Broken { expected: "this".to_owned(), found: "that".to_owned() };
        let not = Verdict::NotApplicable { reason: "no such thing".to_owned() };
        assert!(report(vec![Verdict::Ok, not.clone()]).holds());
        let failed = report(vec![Verdict::Ok, not, broken]);
        assert!(!failed.holds());
        assert_eq!(failed.counts(), [1, 1, 1]);
        let text = failed.to_text(|_, word| word.to_owned());
        assert!(
            text.contains("BROKEN  name  It is.\n          expected  this\n          found     that"),
            "{text}"
        );
        assert!(text.contains("n/a     name  no such thing"), "{text}");
        assert!(text.ends_with("FAIL: 1 ok, 1 broken, 1 not applicable\n"), "{text}");
        assert_eq!(failed.to_json()["checked"][2]["verdict"], "broken");
    }

    #[test]
    fn a_method_that_does_not_answer_breaks_the_rules_about_it_and_the_others_cannot_be_tried() {
        let silent = || Verdict::Broken { expected: "spawn answers".to_owned(), found: "nothing".to_owned() };
        let mut report = report(vec![silent(), silent(), Verdict::Ok]);
        for (checked, (name, method)) in
            report.checked.iter_mut().zip([("about", "spawn"), ("other", "pause")])
        {
            checked.name = name.to_owned();
            checked.methods = vec![method.to_owned()];
            checked.fell_in = Some("spawn".to_owned());
        }
        let mut alone = report.clone();
        report.blame_each_method_once();
        assert_eq!(report.broken().map(|checked| checked.name.as_str()).collect::<Vec<_>>(), ["about"]);
        let reason = "it needs spawn, which is broken, see about".to_owned();
        assert_eq!(report.checked[1].verdict, Verdict::NotApplicable { reason });
        alone.checked.remove(0);
        alone.blame_each_method_once();
        assert!(!alone.holds(), "somebody has to say it");
    }
}
