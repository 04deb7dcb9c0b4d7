//! Real command lines: what they print, and with which code they end.

use crate::{CACHE, command};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A command line in a folder.
fn novarig_in(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::of(command(folder, arguments).output().expect("novarig starts"))
}

fn novarig(arguments: &[&str]) -> Ended {
    novarig_in(Path::new(env!("CARGO_TARGET_TMPDIR")), arguments)
}

/// How a command ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    #[track_caller]
    fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn stdout_has(self, part: &str) -> Self {
        assert!(self.stdout.contains(part), "{part:?} is not in stdout:\n{}", self.stdout);
        self
    }

    #[track_caller]
    fn stderr_has(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "{part:?} is not in stderr:\n{}", self.stderr);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("stdout is JSON")
    }
}

const FAILING: [&str; 4] = ["run", "resize", "--host", "host2=fake+fail-finish-migration"];

fn with(base: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    [base, more].concat()
}

#[test]
fn the_switches_are_listed_for_people_and_for_programs() {
    novarig(&["bugs"]).code(0).stdout_has("1825537").stdout_has("rebuild-keeps-allocation");
    let listed = novarig(&["bugs", "--format", "json"]).code(0).json();
    let items = listed.as_array().expect("a list");
    let of = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count();
    assert!(of("bug") >= 25 && of("fix") >= 15, "{} bugs, {} fixes", of("bug"), of("fix"));
    assert!(items.iter().all(|item| item["id"].is_string() && item["title"].is_string()));
}

#[test]
fn a_defect_is_shown_as_the_list_says() {
    let listed = novarig(&["bugs", "--format", "json"]).code(0).json();
    let items = listed.as_array().expect("a list");
    let scenario = |id: &str| {
        let item = items.iter().find(|item| item["id"] == id).expect("it is listed");
        item["scenario"].as_str().expect("a name").to_owned()
    };
    let (old, present) = (scenario("1794996"), scenario("rebuild-keeps-allocation"));
    novarig(&["run", &old, "--bug", "1794996"]).code(1).stdout_has("no_guest_astray");
    novarig(&["run", &old]).code(0);
    novarig(&["run", &present]).code(1).stdout_has("server_holds_its_flavor_on_its_host");
    novarig(&["run", &present, "--fix", "rebuild-keeps-allocation"]).code(0);
}

#[test]
fn lists_have_a_line_for_each_thing() {
    let scenarios = novarig(&["scenarios"]).code(0).stdout;
    let (good, defects) = scenarios.split_once("\n\n").expect("two lists");
    assert!(defects.lines().any(|line| line.starts_with("evacuate-delete-restart  ")), "{defects}");
    let names: Vec<_> = good.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        names,
        [
            "boot",
            "resize",
            "resize-same-host",
            "resize-confirm",
            "resize-revert",
            "cold-migrate",
            "migrate-same-host",
            "resize-fails",
            "build-aborts",
            "unshelve-fails",
            "swap-driver",
            "several-servers",
            "anti-affinity",
            "disabled-host",
        ]
    );
    novarig(&["drivers"])
        .code(0)
        .stdout_has("fake                     driver ")
        .stdout_has("fail-finish-migration    layer ");
}

#[test]
fn a_resize_onto_a_failing_host_is_consistent_and_with_the_bug_it_is_not() {
    novarig(&FAILING)
        .code(0)
        .stdout_has("host2 at ")
        .stdout_has("finish_migration, call 1, raised VirtualInterfaceCreateException: Virtual Interface creation failed")
        .stdout_has("ERROR on host2, flavor m1.small")
        .stdout_has("PASS: every expectation and every invariant holds");
    novarig(&with(&FAILING, &["--bug", "1825537"]))
        .code(1)
        .stdout_has("server web is ERROR on host2 with flavor m1.small and holds 1 VCPU, 2048 MEMORY_MB, 20 DISK_GB on host1")
        .stdout_has("FAIL: violated: server_holds_its_flavor_on_its_host");
}

#[test]
fn json_has_the_keys_that_programs_rely_on() {
    let report =
        novarig(&with(&FAILING, &["--bug", "1825537", "--format", "json", "--seed", "5"])).code(1).json();
    assert_eq!(report["scenario"], "resize");
    assert_eq!(report["seed"], 5);
    assert_eq!(report["verdict"], "fail");
    assert_eq!(report["bugs"][0], "1825537");
    let server = &report["servers"][0];
    assert_eq!(
        (&server["name"], &server["status"], &server["host"], &server["flavor"]),
        (&"web".into(), &"ERROR".into(), &"host2".into(), &"m1.small".into())
    );
    assert_eq!(server["fault"]["message"], "Virtual Interface creation failed");
    let id = server["id"].as_str().expect("servers have an id");
    assert_eq!(report["allocations"][id]["host1"]["VCPU"], 1);
    let migration = &report["migrations"][0];
    assert_eq!(
        (&migration["status"], &migration["source"], &migration["dest"]),
        (&"error".into(), &"host1".into(), &"host2".into())
    );
    assert_eq!(migration["uuid"].as_str().map(str::len), Some(36));
    let provider = &report["providers"][1];
    assert_eq!(provider["name"], "host2");
    assert_eq!(provider["uuid"].as_str().map(str::len), Some(36));
    assert_eq!(provider["usages"]["VCPU"], 0);
    assert!(provider["inventory"]["VCPU"]["total"].as_u64() > Some(0));
    assert_eq!(report["violations"][0]["invariant"], "server_holds_its_flavor_on_its_host");
    assert!(report["violations"][0]["message"].is_string());
    assert_eq!(report["trace_digest"].as_str().map(str::len), Some(64));
    let passing = novarig(&with(&FAILING, &["--format", "json"])).code(0).json();
    assert_eq!((&passing["verdict"], &passing["violations"]), (&"pass".into(), &Value::Array(vec![])));
}

#[test]
fn the_same_command_writes_the_same_trace_and_another_seed_another() {
    let folder = TempDir::new().expect("a folder");
    let trace = |file: &str, seed: &str| {
        novarig_in(folder.path(), &["run", "resize-confirm", "--seed", seed, "--trace", file]).code(0);
        std::fs::read(folder.path().join(file)).expect("the trace is there")
    };
    let (one, two, other) = (trace("one", "7"), trace("two", "7"), trace("three", "8"));
    assert_eq!(one, two);
    assert_ne!(one, other);
    let lines: Result<Vec<Value>, _> = one
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect();
    let lines = lines.expect("each line is JSON");
    assert!(lines.iter().any(|line| line["what"] == "driver_call" && line["method"] == "spawn"));
}

#[test]
fn stacks_and_options_of_the_command_line_reach_the_cloud() {
    let report = novarig(&[
        "run",
        "resize",
        "--driver",
        "fake(vcpus=3)",
        "--host",
        "host3=fake(vcpus=7)",
        "--set",
        "allow_resize_to_same_host=true",
        "--set",
        "cpu_allocation_ratio=1.0",
        "--format",
        "json",
    ])
    .code(0)
    .json();
    let stacks: Vec<_> =
        report["hosts"].as_array().expect("hosts").iter().map(|host| host["stack"].clone()).collect();
    assert_eq!(stacks, ["fake(vcpus=3)", "fake(vcpus=3)", "fake(vcpus=7)"]);
    assert_eq!(report["migrations"][0]["dest"], "host1", "the first host is preferred and may be chosen");
    assert_eq!(report["providers"][2]["inventory"]["VCPU"]["total"], 7);
    assert_eq!(report["providers"][0]["inventory"]["VCPU"]["allocation_ratio"], 1.0);
}

#[test]
fn a_scenario_file_is_run_and_its_expectations_decide() {
    let folder = TempDir::new().expect("a folder");
    let yaml = "name: mine\nhosts: {host1: fake}\nsteps: [{boot: {server: web, flavor: m1.small}}]\n\
                expect: [{server: {name: web, status: STATUS}}]\n";
    let write =
        |name: &str, status: &str| std::fs::write(folder.path().join(name), yaml.replace("STATUS", status));
    write("good.yaml", "ACTIVE").and_then(|()| write("bad.yaml", "SHUTOFF")).expect("files");
    novarig_in(folder.path(), &["run", "good.yaml"]).code(0).stdout_has("✓ server web has status ACTIVE");
    novarig_in(folder.path(), &["run", "bad.yaml"])
        .code(1)
        .stdout_has("expected that server web has status SHUTOFF; its status is ACTIVE")
        .stdout_has("FAIL: an expectation is not met");
}

#[test]
fn the_demonstration_shows_what_it_says() {
    novarig(&["demo"])
        .code(0)
        .stdout_has("with the bug")
        .stdout_has("FAIL: violated: server_holds_its_flavor_on_its_host")
        .stdout_has("PASS: every expectation and every invariant holds");
}

#[test]
fn bad_input_ends_with_2_and_says_what_to_do() {
    let folder = TempDir::new().expect("a folder");
    let file =
        |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).expect("a file");
    file("broken.yaml", b"name: x\nhosts: {host1: fake}\nsteps:\n  - bot: {server: web}\n");
    file("latin.yaml", b"name: \xff\n");
    file("text.wasm", b"this is no WebAssembly");
    file("truncated.wasm", b"\0asm\x01\0\0\0\x07");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let known = "there are: amnesia, build-abort, fail, ";
    for (arguments, parts) in [
        (vec!["run", "nonsense"], vec!["there is no scenario `nonsense`", "boot, resize,"]),
        (vec!["run", "broken.yaml"], vec!["broken.yaml:4", "unknown variant `bot`", "boot"]),
        (vec!["run", "latin.yaml"], vec!["cannot read latin.yaml"]),
        (vec!["run", "empty"], vec!["cannot read empty"]),
        (vec!["run", "boot", "--driver", "nothing"], vec!["there is no driver `nothing`", known]),
        (
            vec!["run", "boot", "--driver", "fake+"],
            vec!["--driver", "a driver's name or path is expected here"],
        ),
        (
            vec!["run", "boot", "--driver", "fail-finish-migration"],
            vec!["is a layer and cannot stand at the bottom"],
        ),
        (vec!["run", "boot", "--driver", "fake+fake"], vec!["is a driver and cannot stand over"]),
        (vec!["run", "boot", "--driver", "fake(vcpu=1)"], vec!["it has no setting `vcpu`; it has "]),
        (vec!["run", "boot", "--driver", "./text.wasm"], vec!["./text.wasm"]),
        (vec!["run", "boot", "--driver", "./truncated.wasm"], vec!["./truncated.wasm"]),
        (vec!["run", "boot", "--driver", "./missing.wasm"], vec!["cannot read ./missing.wasm"]),
        (vec!["run", "boot", "--driver", "fake+./empty"], vec!["novarig driver build ./empty"]),
        (vec!["run", "boot", "--host", "host2"], vec!["--host", "`host2` has no `=`", "NAME=STACK"]),
        (vec!["run", "boot", "--host", "a b=fake"], vec!["`a b` is no host's name"]),
        (vec!["run", "boot", "--set", "max_attempts"], vec!["--set", "KEY=VALUE"]),
        (vec!["run", "boot", "--set", "max_attempt=1"], vec!["--set", "unknown option \"max_attempt\""]),
        (vec!["run", "boot", "--set", "max_attempts=many"], vec!["expected a whole number"]),
        (vec!["run", "boot", "--bug", "42"], vec!["--bug", "1825537", "novarig bugs"]),
        (
            vec!["run", "boot", "--trace", "no/such/folder/trace"],
            vec!["--trace: cannot write no/such/folder/trace"],
        ),
        (vec!["run", "boot", "--seed", "many"], vec!["invalid value 'many'"]),
        (vec!["run", "boot", "--format", "xml"], vec!["[possible values: text, json]"]),
        (vec!["run"], vec!["<SCENARIO>"]),
        (vec!["walk"], vec!["unrecognized subcommand 'walk'"]),
        (vec![], vec!["Usage: novarig"]),
        (vec!["driver", "new", "Slow Boot"], vec!["`Slow Boot` cannot be a driver's name"]),
        (vec!["driver", "new", "empty"], vec!["empty exists already"]),
        (vec!["driver", "build", "empty"], vec!["there is no Cargo.toml in empty"]),
    ] {
        let mut ended = novarig_in(folder.path(), &arguments).code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}: errors belong on standard error");
        for part in parts {
            ended = ended.stderr_has(part);
        }
        assert!(!ended.stderr.contains('\x1b'), "no colour without a terminal");
    }
}

#[test]
fn without_a_place_for_the_cache_it_works_as_well() {
    let mut command = command(Path::new(env!("CARGO_TARGET_TMPDIR")), &["run", "boot"]);
    command.env("NOVARIG_CACHE", "/proc/no/cache/here");
    Ended::of(command.output().expect("novarig starts")).code(0);
}

#[test]
fn a_layer_of_ones_own_is_made_built_tested_and_run() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    novarig_in(here, &["driver", "new", "slow-boot", "--layer"])
        .code(0)
        .stdout_has("novarig driver build slow-boot");
    novarig_in(here, &["driver", "build", "slow-boot"])
        .code(0)
        .stdout_has("built the layer slow-boot")
        .stdout_has("--host host2=fake+./slow-boot");
    novarig_in(here, &["run", "slow-boot/scenario.yaml"])
        .code(0)
        .stdout_has("slow-boot says: fails the resize of web");
    novarig_in(here, &["run", "resize", "--host", "host2=fake+./slow-boot", "--bug", "1825537"]).code(1);
    novarig_in(here, &["run", "resize", "--host", "host2=fake+./slow-boot(server=other)"])
        .code(0)
        .stdout_has("VERIFY_RESIZE on host2");

    let layer = here.join("slow-boot");
    let tests = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["test", "--quiet", "--manifest-path"])
        .arg(layer.join("Cargo.toml"))
        .args(["--target-dir"])
        .arg(CACHE.join("layer-tests"))
        .output()
        .expect("cargo starts");
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stderr));
    assert!(String::from_utf8_lossy(&tests.stdout).contains("2 passed"));

    let code = layer.join("src/lib.rs");
    let broken = std::fs::read_to_string(&code)
        .expect("the code")
        .replace("Ok(())", "")
        .replace("below::", "beneath::");
    std::fs::write(&code, broken).expect("a broken layer");
    novarig_in(here, &["driver", "build", "slow-boot"])
        .code(2)
        .stderr_has("slow-boot did not build for wasm32-unknown-unknown")
        .stderr_has("beneath");
}

#[test]
fn the_schedulers_decisions_are_explained_in_words_and_for_machines() {
    let explain = ["explain", "anti-affinity", "--server", "web-1"];
    novarig(&explain)
        .code(0)
        .stdout_has("step 3, migrate web-1")
        .stdout_has("web-1 goes to host3, no alternates")
        .stdout_has("host2  refused by ServerGroupAntiAffinityFilter")
        .stdout_has("host1  refused by ignore_hosts");
    let json = novarig(&[&explain[..], &["--format", "json"]].concat()).code(0).stdout;
    let decisions: Value = serde_json::from_str(&json).expect("JSON");
    let decisions = decisions.as_array().expect("a list");
    assert_eq!(decisions.len(), 2);
    assert_eq!(decisions[0]["chosen"], "host1");
    assert_eq!(decisions[0]["ordered"][0]["weights"][0]["weigher"], "ServerGroupSoftAffinityWeigher");
    assert_eq!(decisions[1]["refused"][1]["filter"], "ServerGroupAntiAffinityFilter");
    novarig(&["explain", "boot", "--server", "db"])
        .code(2)
        .stderr_has("no server of the scenario is called db; there is web");
}

#[test]
fn a_fault_that_breaks_a_cloud_is_found_and_replayed() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    let explore = ["explore", "resize", "--bug", "1825537", "--out", "found", "--junit", "junit.xml"];
    let ended = novarig_in(here, &with(&explore, &["--format", "json"])).code(1);
    let found = &ended.json()[0];
    assert_eq!(found["scenario"], "resize");
    assert!(found["plans"].as_u64() > Some(1_000) && found["seconds"].is_f64(), "{found}");
    let new = |finding: &&Value| finding["known"].is_null();
    let findings = found["findings"].as_array().expect("a list");
    let finding = findings.iter().find(new).expect("a new finding");
    assert_eq!(finding["invariant"], "server_holds_its_flavor_on_its_host");
    assert_eq!(finding["plan"][0]["at"], "host2:finish_migration#1");
    let junit = std::fs::read_to_string(here.join("junit.xml")).expect("a report");
    assert!(junit.contains("<failure "), "{junit}");

    let file = "found/resize-server_holds_its_flavor_on_its_host-finish_migration.yaml";
    let written = std::fs::read_to_string(here.join(file)).expect("a replay");
    assert_eq!(finding["replay"], *written);
    novarig_in(here, &["replay", file])
        .code(0)
        .stdout_has("the trace is the same to the byte; server_holds_its_flavor_on_its_host is broken again");
    let cured = written.replace("bugs: [\"1825537\"]\n", "");
    assert_ne!(cured, written);
    std::fs::write(here.join("cured.yaml"), cured).expect("a replay");
    novarig_in(here, &["replay", "cured.yaml"])
        .code(1)
        .stdout_has("the trace is another; server_holds_its_flavor_on_its_host is not broken");

    // What is there is not overwritten.
    novarig_in(here, &explore).code(2).stderr_has("is there already");
}

#[test]
fn exploring_ends_with_0_when_nothing_is_new_and_with_2_when_it_cannot_begin() {
    novarig(&["explore", "resize", "--threads", "1"])
        .code(0)
        .stdout_has("resize: all ")
        .stdout_has("known  one_guest_on_its_host: finish_migration (")
        .stdout_has(" 0 new findings");
    novarig(&["explore", "no-such"]).code(2).stderr_has("there is no scenario `no-such`");
    novarig(&["explore", "resize", "--bug", "1"]).code(2).stderr_has("--bug");
    novarig(&["replay", "no-such.yaml"]).code(2).stderr_has("cannot read no-such.yaml");
}

#[test]
fn what_a_second_user_does_meanwhile_is_tried_and_replayed() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    let explore = ["explore", "resize", "--kinds", "hang,requests", "--orders", "5", "--json"];
    let ended = novarig_in(here, &explore).code(0);
    let found = &ended.json()[0];
    assert_eq!(found["orders"], 5);
    let findings = found["findings"].as_array().expect("a list");
    for part in ["/plan/0/meanwhile/delete/server", "/plan/0/error"] {
        let finding = findings.iter().find(|finding| finding.pointer(part).is_some());
        let finding = finding.unwrap_or_else(|| panic!("no finding has {part}: {found}"));
        std::fs::write(here.join("found.yaml"), finding["replay"].as_str().expect("a file")).expect("a file");
        novarig_in(here, &["replay", "found.yaml"]).code(0).stdout_has("the trace is the same to the byte");
        novarig_in(here, &["replay", "found.yaml", "--rust"]).code(0).stdout_has("fn resize_breaks_");
    }
    let wrong = ["explore", "resize", "--kinds", "hangs"];
    novarig_in(here, &wrong)
        .code(2)
        .stderr_has("there is no kind of fault `hangs`, expected driver, service");
}

/// The replay of what `--bug 1825537` does to a resize, in this folder.
fn finding_in(here: &Path) -> &'static str {
    novarig_in(here, &["explore", "resize", "--bug", "1825537", "--out", "found"]).code(1);
    "found/resize-server_holds_its_flavor_on_its_host-finish_migration.yaml"
}

#[test]
fn what_is_found_has_the_keys_that_programs_rely_on() {
    let ended = novarig(&["explore", "resize", "--bug", "1825537", "--json"]).code(1);
    let found = ended.json();
    let scenario = &found[0];
    assert_eq!(scenario["scenario"], "resize");
    assert!(scenario["plans"].is_u64() && scenario["points"].is_u64() && scenario["seconds"].is_f64());
    for finding in scenario["findings"].as_array().expect("a list") {
        for key in ["scenario", "invariant", "message", "replay", "trace_digest"] {
            assert!(finding[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {finding}");
        }
        assert!(finding["plan"].is_array(), "{finding}");
        assert_eq!(finding["trace_digest"].as_str().map(str::len), Some(64));
    }
    novarig(&["explore", "resize", "--json", "--format", "text"]).code(2).stderr_has("cannot be used with");
}

#[test]
fn a_finding_is_printed_as_the_very_test_that_is_among_the_regressions() {
    let folder = TempDir::new().expect("a folder");
    let file = finding_in(folder.path());
    let printed = novarig_in(folder.path(), &["replay", file, "--rust"]).code(0).stdout;
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/regressions");
    let checked_in = std::fs::read_to_string(regressions.join("found_1825537.rs")).expect("the test");
    assert_eq!(printed, checked_in, "\n{printed}");
}

#[test]
fn a_finding_is_walked_through_by_commands_of_a_line() {
    let folder = TempDir::new().expect("a folder");
    let file = finding_in(folder.path());
    let mut command = command(folder.path(), &["replay", file, "--step"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut walking = command.spawn().expect("novarig starts");
    let mut commands = walking.stdin.take().expect("its input");
    commands.write_all(b"n\np\nfly\ng 999999\nf\nf\nn\nn\nq\nn\n").expect("it reads");
    drop(commands);
    let ended = Ended::of(walking.wait_with_output().expect("it ends")).code(0);
    let said: Vec<&str> = ended.stdout.split("\n\n").collect();
    let [first, next, back, unknown, nowhere, fault, call, write, after] = &*said else {
        panic!("{said:#?}")
    };
    assert!(first.contains("user: 1. boot web with flavor m1.small"), "{first}");
    assert!(next.contains("user: asks for create"), "{next}");
    assert_eq!(back.trim(), first.trim());
    assert!(unknown.contains("`fly` is no command: n next, p back"), "{unknown}");
    assert!(nowhere.contains("there is no event 999999"), "{nowhere}");
    assert!(fault.contains("planned fault at host2:finish_migration#1"), "{fault}");
    assert!(fault.contains("migration 1  resize from host1 to host2: post-migrating"), "{fault}");
    assert!(call.contains("host2: driver: finish_migration raised NovaException"), "{call}");
    assert!(write.contains("host2: writes: update_server#"), "{write}");
    assert!(after.contains("changed\n"), "{after}");
}

#[test]
fn pages_to_look_at_are_written_of_runs_replays_and_explorations() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    let page = |name: &str| std::fs::read_to_string(here.join(name)).expect("a page");
    novarig_in(here, &["run", "resize-fails", "--html", "run.html", "--seed", "7"]).code(0);
    assert!(page("run.html").contains("<code>novarig run resize-fails --seed 7</code>"));
    let file = finding_in(here);
    novarig_in(here, &["replay", file, "--html=replay.html"]).code(0);
    assert!(page("replay.html").contains("planned fault at host2:finish_migration#1"));
    novarig_in(here, &["explore", "resize", "--bug", "1825537", "--html", "found.html"]).code(1);
    let found = page("found.html");
    assert!(found.contains("<span class=\"badge\">new</span>") && found.contains("id=\"map\""));
    novarig_in(here, &["run", "boot", "--html", "no/such/folder.html"])
        .code(2)
        .stderr_has("--html: cannot write");
}
