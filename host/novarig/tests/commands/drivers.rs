//! Command lines about drivers: which there are, what a stack is made of, whether it keeps the contract.

use crate::command;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Runs a command that ends with this code; its standard output and error.
#[track_caller]
fn novarig(arguments: &[&str], code: i32) -> (String, String) {
    let output = command(Path::new(env!("CARGO_TARGET_TMPDIR")), arguments).output().expect("novarig starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\nstdout:\n{stdout}\nstderr:\n{stderr}");
    (stdout, stderr)
}

fn json(arguments: &[&str], code: i32) -> Value {
    serde_json::from_str(&novarig(arguments, code).0).expect("stdout is JSON")
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn drivers_are_listed_with_their_settings_and_novas_names() {
    let (text, _) = novarig(&["drivers"], 0);
    has(
        &text,
        &[
            "fake                     driver  An in-memory hypervisor",
            "    size=full|small|medium           Size of the host",
            "(default full)",
            "zombie                   layer   destroy answers success",
            "fake.FakeFinishMigrationFailDriver",
            "fake(quirks=nova)+fail-finish-migration\n",
        ],
    );
}

#[test]
fn a_program_finds_everything_it_needs_to_complete_a_stack() {
    let list = json(&["drivers", "--format", "json"], 0);
    assert_eq!(list["contract"], "nova:virt@1.0.0");
    let drivers = list["drivers"].as_array().expect("a list");
    let named = |name: &str| drivers.iter().find(|driver| driver["name"] == name).expect("it is listed");
    let fake = named("fake");
    assert_eq!((&fake["kind"], &fake["contract"]), (&"driver".into(), &"nova:virt@1.0.0".into()));
    let setting = |name: &str| {
        let settings = fake["settings"].as_array().expect("a list");
        settings.iter().find(|setting| setting["name"] == name).expect("it has the setting").clone()
    };
    assert_eq!(setting("quirks")["kind"], "one_of");
    assert_eq!(setting("quirks")["values"], serde_json::json!(["none", "nova"]));
    assert_eq!(setting("quirks")["default"], "none");
    assert_eq!(setting("vcpus")["kind"], "integer");
    assert_eq!((&setting("vcpus")["values"], &setting("vcpus")["default"]), (&Value::Null, &Value::Null));
    assert_eq!(setting("pci")["values"], serde_json::json!(["true", "false"]));
    assert!(setting("pci")["description"].as_str().is_some_and(|text| text.contains("PCI")));
    let zombie = named("zombie");
    assert_eq!(zombie["handles"], serde_json::json!(["init_host", "destroy"]));
    assert_eq!((&zombie["kind"], &zombie["intercepts"]), (&"layer".into(), &false.into()));
    assert_eq!(named("fail")["intercepts"], true);
    let nova = list["nova"].as_array().expect("a list");
    let small =
        serde_json::json!({ "name": "fake.SmallFakeDriver", "stack": "fake(quirks=nova,size=small)" });
    assert!(nova.contains(&small));
}

#[test]
fn novas_name_of_a_driver_is_taken_wherever_a_stack_is_written() {
    let report = json(
        &[
            "run",
            "boot",
            "--driver",
            "fake.SmallFakeDriver",
            "--host",
            "host2=nova.virt.fake.MediumFakeDriver",
            "--format",
            "json",
        ],
        0,
    );
    let stacks: Vec<&Value> =
        report["hosts"].as_array().expect("hosts").iter().map(|host| &host["stack"]).collect();
    assert_eq!(stacks, ["fake(quirks=nova,size=small)", "fake(quirks=nova,size=medium)"]);
    let (_, stderr) = novarig(&["run", "boot", "--driver", "libvirt.LibvirtDriver"], 2);
    has(&stderr, &["`libvirt.LibvirtDriver` is no driver of Nova's", "fake.SmallFakeDriver, "]);
}

#[test]
fn a_stack_is_inspected() {
    let (text, _) = novarig(&["driver", "inspect", "fake(size=small)+zombie"], 0);
    has(
        &text,
        &[
            "fake(size=small)+zombie\n",
            "  exports       nova:virt@1.0.0: service, inventory, queries,",
            "supports_attach_interface",
            "  limits        memory              67108864 bytes\n",
            "  not offered   volume_snapshot_create, volume_snapshot_delete",
            "  contract      nova:virt@1.0.0",
            "  methods       its own: init_host, destroy\n                handed on: the other 109",
            "size=small",
            "full|small|medium, given]",
        ],
    );
    let found = json(&["driver", "inspect", "fake+fail(on=2)", "--format", "json"], 0);
    assert!(found["machine_code_bytes"].as_u64() > Some(100_000));
    assert_eq!(found["limits"]["memory"], 64 << 20);
    assert!(found["capabilities"].as_array().is_some_and(|list| list.contains(&"has_imagecache".into())));
    let layer = &found["components"][1];
    assert_eq!((&layer["name"], &layer["kind"]), (&"fail".into(), &"layer".into()));
    assert_eq!(layer["methods"]["role"], "layer");
    assert_eq!(layer["methods"]["intercepts"], true);
    assert!(
        layer["imports"].as_array().is_some_and(|list| list.contains(&"nova:virt/building@1.0.0".into()))
    );
    let settings = layer["settings"].as_array().expect("settings");
    let on = settings.iter().find(|setting| setting["name"] == "on").expect("it has the setting");
    assert_eq!((&on["value"], &on["given"], &on["default"]), (&"2".into(), &true.into(), &"1".into()));
}

#[test]
fn a_stack_is_checked_and_what_it_breaks_is_told() {
    let (text, _) = novarig(&["driver", "check", "fake"], 0);
    has(
        &text,
        &[
            "ok      destroy_removes_the_guest ",
            "n/a     a_rebuilt_guest_runs ",
            "rebuild is not offered",
            "ok      resize-revert ",
            "PASS: ",
            " 0 broken, ",
        ],
    );
    let (text, _) = novarig(&["driver", "check", "fake+zombie"], 1);
    has(
        &text,
        &[
            "BROKEN  destroy_removes_the_guest ",
            "          expected  after destroy, there is no guest\n",
            "          found     list_instances names instance-0000000a\n",
            "FAIL: ",
        ],
    );
    let report = json(&["driver", "check", "fake+zombie", "--format", "json"], 1);
    assert_eq!((&report["stack"], &report["holds"]), (&"fake+zombie".into(), &false.into()));
    let checked = report["checked"].as_array().expect("a list");
    let rule = checked.iter().find(|rule| rule["name"] == "destroy_removes_the_guest").expect("the rule");
    assert_eq!((&rule["part"], &rule["verdict"]), (&"rule".into(), &"broken".into()));
    assert_eq!(rule["methods"][0], "destroy");
    assert_eq!(rule["found"], "list_instances names instance-0000000a");
}

#[test]
fn a_stack_that_cannot_be_used_ends_with_2() {
    for (arguments, part) in [
        (["driver", "check", "fake+"], "a driver's name or path is expected here"),
        (["driver", "check", "zombie"], "is a layer and cannot stand at the bottom"),
        (["driver", "check", "fake(vcpu=1)"], "it has no setting `vcpu`"),
        (["driver", "inspect", "nothing"], "there is no driver `nothing`"),
        (["driver", "inspect", "FakeDriver(a=1)"], "a driver of Nova's has no settings"),
        (["driver", "inspect", "fake+FakeDriver"], "a driver comes first in a stack"),
    ] {
        let (stdout, stderr) = novarig(&arguments, 2);
        assert_eq!(stdout, "", "{arguments:?}");
        has(&stderr, &[part]);
    }
}

/// Lines of a program's output as they come, from another thread, so that a test can give up waiting.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A program that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a line that has this part. The first build of a driver compiles the SDK, which takes its time on a busy machine.
#[track_caller]
fn wait_for(lines: &Receiver<String>, part: &str) {
    let mut seen = String::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(1800)) {
            Ok(line) if line.contains(part) => return,
            Ok(line) => seen.push_str(&(line + "\n")),
            Err(error) => panic!("{part:?} did not come: {error}; what came:\n{seen}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_driver_is_built_again_when_it_changes_until_ctrl_c() {
    let folder = TempDir::new().expect("a folder");
    let made =
        command(folder.path(), &["driver", "new", "patient", "--layer"]).output().expect("novarig starts");
    assert!(made.status.success());
    let mut build = command(folder.path(), &["driver", "build", "patient", "--watch"]);
    let build = build.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watcher = Running(build.spawn().expect("novarig starts"));
    let output = lines(watcher.0.stdout.take().expect("a pipe"));
    let errors = lines(watcher.0.stderr.take().expect("a pipe"));
    wait_for(&output, "built the layer patient");
    wait_for(&output, "watching for changes, until Ctrl-C");

    let code = folder.path().join("patient/src/lib.rs");
    let sound = std::fs::read_to_string(&code).expect("the code");
    std::fs::write(&code, sound.replace("below::", "beneath::")).expect("it can be written");
    wait_for(&output, "src/lib.rs changed");
    wait_for(&errors, "patient did not build");
    wait_for(&output, "watching for changes, until Ctrl-C");

    std::fs::write(&code, sound).expect("it can be written");
    wait_for(&output, "built the layer patient");
    wait_for(&output, "watching for changes, until Ctrl-C");

    let id = watcher.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill starts").success());
    assert_eq!(watcher.0.wait().expect("it ends").code(), Some(0));
}

/// A command in a guide, and what it is said to print; `…` stands for lines that are left out.
fn sessions(guide: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut sessions = Vec::new();
    let mut lines = guide.lines();
    while lines.by_ref().any(|line| line == "```console") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let (first, output) = block.split_first().expect("a block has a command");
        let words = first.strip_prefix("$ novarig ").expect("and it is one of novarig").split(' ').collect();
        sessions.push((words, output.to_vec()));
    }
    sessions
}

#[test]
fn the_guides_show_what_commands_print() {
    let guides = [include_str!("../../../../README.md"), include_str!("../../../../drivers/README.md")];
    let sessions: Vec<_> = guides.into_iter().flat_map(sessions).collect();
    assert!(sessions.len() >= 3, "the guides have examples");
    for (words, shown) in sessions {
        let output =
            command(Path::new(env!("CARGO_TARGET_TMPDIR")), &words).output().expect("novarig starts");
        let text = String::from_utf8(output.stdout).expect("output is UTF-8");
        let mut printed = text.lines();
        for line in shown.into_iter().filter(|line| *line != "…") {
            assert!(
                printed.any(|other| other == line),
                "{words:?} does not print {line:?} there; it prints\n{text}"
            );
        }
    }
}
