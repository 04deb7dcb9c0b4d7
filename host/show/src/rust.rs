//! A finding as a Rust test for `tests/regressions/`, in the words of the project's test harness.

use explore::invariants;
use explore::scenario::{FaultKind, FaultSpec, Planned, QueryInvariant};
use explore::search::Replay;

/// The test. `cured` says whether the same run breaks nothing without the old bugs that were on; then there is a second
/// test, that says so.
///
/// The text compiles as it is, as a module of the functional tests, and is formatted.
pub fn test_of(replay: &Replay, cured: bool) -> String {
    let invariant = &replay.violates;
    let statement = invariants::ALL.iter().find(|known| known.name == invariant);
    let own = replay.scenario.invariants.iter().find(|query| query.item.name.0 == *invariant);
    let of_query = |query: &QueryInvariant| query.says.clone().unwrap_or_else(|| query.holds.to_string());
    let statement = statement
        .map(|known| known.statement.to_owned())
        .or_else(|| own.map(|query| of_query(&query.item)))
        .unwrap_or_default();
    let faults: Vec<String> = replay.plan.iter().map(ToString::to_string).collect();
    let when = if faults.is_empty() { "without any fault".to_owned() } else { faults.join(", ") };
    let after: String = replay.plan.iter().map(|fault| format!("_after_{}", what_fails(fault))).collect();
    let name = identifier(&format!("{}_breaks_{invariant}{after}", replay.scenario.name));
    // Its digest would be another one after every change of what is traced.
    let file: String =
        replay.to_yaml().split_inclusive('\n').filter(|line| !line.starts_with("trace_digest:")).collect();
    let fence = fence(&file);
    let mut test = format!(
        "\
//! Found by exploring {scenario}: {when}.
//!
//! What must be true, and is not: {statement}.

use harness::Found;

/// The smallest run that shows it, as `novarig replay` takes it.
const FOUND: &str = r{fence}\"
{file}\"{fence};

/// It is so today. Once it is mended, nothing is broken, and this test has to say that.
#[test]
fn {name}() {{
    assert_eq!(Found::read(FOUND).broken(), [\"{invariant}\"]);
}}
",
        scenario = replay.scenario.name
    );
    if cured {
        let bugs: Vec<&str> = replay.bugs.iter().map(|bug| bug.defect().id).collect();
        test.push_str(&format!(
            "
/// Without the old bug ({}) it is not so.
#[test]
fn without_the_bug_{name}_no_more() {{
    assert_eq!(Found::read(FOUND).without_bugs().broken(), [\"\"; 0]);
}}
",
            bugs.join(", ")
        ));
    }
    test
}

/// A fault in a few words.
fn what_fails(fault: &Planned) -> String {
    match fault {
        Planned::Driver(at) if fault.is_crash() => format!("a crash in {}", at.at.method),
        Planned::Driver(FaultSpec { at, error: FaultKind::Hang, .. }) => format!("{} hangs", at.method),
        Planned::Driver(FaultSpec { at, error: FaultKind::Slow(_), .. }) => format!("{} is slow", at.method),
        Planned::Driver(fault) => format!("{} fails", fault.at.method),
        Planned::Service(fault) => format!("{} fails", fault.at.call),
        Planned::Message(at) => format!("{} {}", at.at.method, fault.kind()),
        Planned::Write(at) => format!("a crash in {}", at.at.write),
        Planned::Meanwhile(other) => format!("a {} in {}", other.asks(), other.at.method()),
        Planned::Order(order) => format!("order {}", order.order),
    }
}

/// A text as the name of a function.
fn identifier(text: &str) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let mut name: String = text.chars().map(letter).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// As many signs as a raw text needs that has this in it.
fn fence(text: &str) -> String {
    let mut fence = "#".to_owned();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    fence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_what_a_name_may_have() {
        assert_eq!(identifier("Resize-confirm breaks x"), "resize_confirm_breaks_x");
        assert_eq!(identifier("2 hosts"), "_2_hosts");
    }

    #[test]
    fn what_would_end_a_raw_text_does_not_end_it() {
        assert_eq!(fence("a \" b"), "#");
        assert_eq!(fence("a \"# b \"## c"), "###");
    }
}
