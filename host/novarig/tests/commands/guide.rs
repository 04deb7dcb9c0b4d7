//! The guide, `drivers/README.md`: its commands, typed one after the other, do what it says.

use crate::CACHE;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../../drivers/README.md");

/// What stands at the beginning and at the end of each part of the guide that is typed here.
const BEGIN: &str = "<!-- typed by tests/commands/guide.rs -->";
const END: &str = "<!-- end -->";

/// One step of the guide.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Commands, a line each, without what is said of them.
    Type(Vec<String>),
    /// Text that goes into a file.
    Write { path: String, content: String },
}

/// The steps of the guide. An indented block is typed; a fenced one goes into the file that is named before it.
fn steps(guide: &str) -> Vec<Step> {
    let mut steps = vec![];
    for part in guide.split(BEGIN).skip(1) {
        let part = part.split(END).next().unwrap_or_default();
        let mut lines = part.lines().peekable();
        let mut named = None;
        while let Some(line) = lines.next() {
            if line.starts_with("```") {
                let content: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
                let path: &str = named.take().expect("a file is named before its content");
                steps.push(Step::Write { path: path.to_owned(), content: content.join("\n") + "\n" });
            } else if let Some(command) = line.strip_prefix("    ") {
                let mut commands = vec![command];
                while let Some(command) = lines.peek().and_then(|line| line.strip_prefix("    ")) {
                    commands.push(command);
                    lines.next();
                }
                let plain = |line: &str| line.split("  #").next().unwrap_or_default().trim().to_owned();
                steps.push(Step::Type(commands.into_iter().map(plain).collect()));
            } else if let Some(path) = line.split('`').nth(1).filter(|path| path.contains('/')) {
                named = Some(path);
            }
        }
    }
    steps
}

/// Types a command where the reader is.
fn type_in(folder: &Path, command: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_novarig"));
    let mut path = vec![binary.parent().expect("the binary is in a folder").to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).expect("a path"))
        .env("NOVARIG_CACHE", CACHE.as_path())
        // The tests of a crate need no second copy of what another test has compiled.
        .env("CARGO_TARGET_DIR", CACHE.join("layer-tests"))
        .output()
        .expect("there is a shell")
}

#[test]
fn a_reader_who_types_the_guide_gets_what_it_says() {
    let steps = steps(GUIDE);
    let typed = steps.iter().filter(|step| matches!(step, Step::Type(_))).count();
    assert!(typed >= 3, "the guide has lost its marks: {steps:#?}");
    let home = TempDir::new().expect("a folder");
    let mut here = home.path().to_owned();
    for step in steps {
        match step {
            Step::Write { path, content } => std::fs::write(here.join(path), content).expect("a file"),
            Step::Type(commands) => {
                for command in commands {
                    if let Some(folder) = command.strip_prefix("cd ") {
                        here = here.join(folder).canonicalize().expect("a folder");
                        continue;
                    }
                    let Output { status, stdout, stderr } = type_in(&here, &command);
                    let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
                    assert!(status.success(), "{command}\n{}\n{}", said[0], said[1]);
                }
            }
        }
    }
    a_seed_and_a_mistake(home.path());
}

/// What the guide's two layers and two drivers do besides.
fn a_seed_and_a_mistake(home: &Path) {
    let run = |command: &str| {
        let Output { stdout, .. } = type_in(home, command);
        String::from_utf8_lossy(&stdout).into_owned()
    };
    // The same seed gives the same trace, byte for byte, also with drivers in Python.
    for trace in ["first", "second"] {
        run(&format!(
            "novarig run resize --host host1=./my-python-host --host 'host2=fake+./no-big' --seed 7 --trace {trace}"
        ));
    }
    let read = |trace: &str| std::fs::read(home.join(trace)).expect("a trace");
    assert!(read("first").len() > 10_000);
    assert!(read("first") == read("second"), "two runs with one seed differ");

    // What the layer is, is read of its file; what is wrong with its code is said when it is built.
    assert!(
        run("novarig run boot --driver 'fake+./no-big(size=1)' 2>&1").contains("it has no setting `size`")
    );
    let code = home.join("no-big/driver.py");
    std::fs::write(&code, "import nothing_of_this_name\n").expect("a broken layer");
    let Output { status, stderr, .. } = type_in(home, "novarig driver build no-big");
    let said = String::from_utf8_lossy(&stderr);
    assert!(!status.success() && said.contains("No module named 'nothing_of_this_name'"), "{said}");
}

#[test]
fn without_python_or_a_way_to_the_registry_it_is_said_what_is_missing() {
    let home = TempDir::new().expect("a folder");
    let here = home.path();
    let said = |command: &str| {
        let output = type_in(here, command);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(said("novarig driver new slow --lang python --layer").0);
    // An empty cache, so that there is something to install.
    let (built, why) =
        said("novarig=$(which novarig); NOVARIG_CACHE=$PWD/a PATH=/nowhere $novarig driver build slow");
    assert!(!built && why.contains("python3 is not on PATH"), "{why}");
    let offline = "PIP_INDEX_URL=http://127.0.0.1:1/ PIP_RETRIES=0 PIP_CONFIG_FILE=/dev/null";
    let (built, why) = said(&format!("NOVARIG_CACHE=$PWD/b {offline} novarig driver build slow"));
    assert!(!built && why.contains("componentize-py 0.25.1 could not be installed"), "{why}");
    assert!(why.contains("is there a way to it?"), "{why}");
}

#[test]
fn the_python_sdks_own_tests_pass() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sdk-python");
    let output = Command::new("python3")
        .args(["-m", "unittest"])
        .current_dir(sdk)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("OK"), "{said}");
    assert!(!said.contains("Ran 0 tests"), "{said}");
}

#[test]
fn the_guides_steps_are_found() {
    let guide =
        format!("no\n{BEGIN}\n    cd a  # there\n    b\n\nIn `a/b.py`:\n\n```python\nx\n```\n{END}\n    c\n");
    assert_eq!(
        steps(&guide),
        [
            Step::Type(vec!["cd a".to_owned(), "b".to_owned()]),
            Step::Write { path: "a/b.py".to_owned(), content: "x\n".to_owned() },
        ]
    );
}
