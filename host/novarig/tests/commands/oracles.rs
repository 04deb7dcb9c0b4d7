//! Invariants of one's own, from the command line: queries in a scenario's file, and oracles.

use crate::command;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// Runs it in a folder; the exit code is as wanted. What it printed, and what it complained of.
fn novarig(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = command(folder, arguments).output().expect("novarig starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

const SCENARIO: &str = "\
name: mine
hosts: {host1: fake}
steps:
  - boot: {server: web, flavor: m1.tiny}
invariants:
  - name: small_servers_only
    says: no node counts more than two processors
    holds: '.nodes[] | .vcpus_used <= 2'
";

#[test]
fn a_scenarios_own_invariant_counts_in_run_explore_and_replay() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    std::fs::write(here.join("mine.yaml"), SCENARIO).expect("a scenario");
    let (out, _) = novarig(here, &["run", "mine.yaml"], 0);
    has(&out, &["✓ no node counts more than two processors"]);

    let strict = ".nodes[] | select(.vcpus_used > 0) | \"a node counts \\(.vcpus_used)\"";
    let strict = SCENARIO.replace(".nodes[] | .vcpus_used <= 2", strict);
    std::fs::write(here.join("strict.yaml"), strict).expect("a scenario");
    let (out, _) = novarig(here, &["run", "strict.yaml", "--html", "run.html"], 1);
    has(
        &out,
        &[
            "✗ no node counts more than two processors (small_servers_only)",
            "a node counts 1",
            "since event ",
        ],
    );
    let page = std::fs::read_to_string(here.join("run.html")).expect("a page");
    has(&page, &["a node counts 1", "since event "]);
    let (out, _) = novarig(here, &["run", "strict.yaml", "--format", "json"], 1);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["violations"][0]["invariant"], "small_servers_only");
    assert_eq!(report["own_invariants"][0]["statement"], "no node counts more than two processors");
    let since = &report["violations"][0]["since"];
    assert!(since["event"].is_u64() && since["at"].is_u64() && since["what"].is_string(), "{since}");

    let (out, _) = novarig(here, &["explore", "strict.yaml", "--kinds", "service", "--out", "found"], 1);
    has(&out, &["NEW    small_servers_only: without any fault", "since event "]);
    let (out, _) = novarig(here, &["replay", "found/mine-small_servers_only-no-fault.yaml"], 0);
    has(&out, &["small_servers_only is broken again"]);
}

#[test]
fn what_is_wrong_with_an_invariant_is_told_with_its_line_and_what_was_expected() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    for (from, to, parts) in [
        ("<= 2", "<=", ["bad.yaml:8: ", "is no query: a term is expected at its end"]),
        (
            "vcpus_used",
            "vcpus_used | lenght",
            ["bad.yaml:8: ", "there is no filter `lenght` with 0 arguments"],
        ),
        ("small_servers_only", "Small", ["bad.yaml:6: ", "`Small` cannot be an invariant's name"]),
        ("small_servers_only", "no_task_left", ["bad.yaml:6: ", "choose another name"]),
        ("    holds", "    hold", ["bad.yaml:8: ", "hold"]),
    ] {
        std::fs::write(here.join("bad.yaml"), SCENARIO.replace(from, to)).expect("a scenario");
        let (_, err) = novarig(here, &["run", "bad.yaml"], 2);
        has(&err, &parts);
    }
}

#[test]
fn an_oracle_of_ones_own_is_made_built_and_asked() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    let (out, _) = novarig(here, &["driver", "new", "no-error", "--oracle"], 0);
    has(&out, &["made the oracle no-error", "novarig explore resize --oracle no-error"]);
    let (_, err) = novarig(here, &["run", "boot", "--oracle", "no-error"], 2);
    has(&err, &["--oracle", "build it with `novarig driver build`"]);
    let (out, _) = novarig(here, &["driver", "build", "no-error"], 0);
    has(&out, &["built an oracle, no-error: no server is in ERROR"]);

    let (out, _) = novarig(here, &["run", "boot", "--oracle", "no-error"], 0);
    has(&out, &["✓ no server is in ERROR"]);
    let (out, _) = novarig(here, &["run", "resize-fails", "--oracle", "no-error"], 1);
    has(&out, &["✗ no server is in ERROR (no_error)", "server web is in ERROR: ", "since event "]);
    let explore =
        ["explore", "resize", "--kinds", "service", "--oracle", "no-error", "--out", "found", "--json"];
    let (out, _) = novarig(here, &explore, 1);
    let found: Value = serde_json::from_str(&out).expect("JSON");
    let findings = found[0]["findings"].as_array().expect("a list");
    let finding = findings.iter().find(|finding| finding["invariant"] == "no_error").expect("a finding");
    assert!(finding["since"]["event"].is_u64(), "{finding}");
    std::fs::write(here.join("found.yaml"), finding["replay"].as_str().expect("a file")).expect("a replay");
    let (out, _) = novarig(here, &["replay", "found.yaml", "--oracle", "no-error"], 0);
    has(&out, &["no_error is broken again"]);

    std::fs::write(here.join("text.wasm"), "no").expect("a file");
    let (_, err) = novarig(here, &["explore", "boot", "--oracle", "text.wasm"], 2);
    has(&err, &["text.wasm is no oracle that can be used: this is not WebAssembly"]);
    let (_, err) = novarig(here, &["run", "boot", "--oracle", "no-error", "--oracle", "no-error"], 2);
    has(&err, &["two oracles are called no_error"]);
}
