//! What is said about scenario files that cannot be used: file, line, what is wrong, what was expected.

use novarig_explore::Scenario;

/// The message for a scenario whose parts are given, on known lines.
fn message(yaml: &str) -> String {
    match Scenario::from_yaml("my.yaml", yaml).and_then(|scenario| scenario.check_hosts()) {
        Ok(()) => "no error".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_was_expected() {
    let mut transcript = String::new();
    for (title, yaml) in [
        ("not YAML", "name: [unclosed\nhosts: {host1: fake}\n"),
        ("unknown key", "name: x\nhosts: {host1: fake}\nsteps: []\nexpects: []\n"),
        ("missing key", "name: x\nsteps: []\n"),
        ("duplicate key", "name: x\nname: y\nhosts: {host1: fake}\nsteps: []\n"),
        ("no host", "name: x\nhosts: {}\nsteps: []\n"),
        ("wrong host name", "name: x\nhosts: {'a b': fake}\nsteps: []\n"),
        ("wrong stack", "name: x\nhosts:\n  host1: fake+\nsteps: []\n"),
        ("unknown option", "name: x\nhosts: {host1: fake}\noptions: {max_attempt: 3}\nsteps: []\n"),
        ("wrong option", "name: x\nhosts: {host1: fake}\noptions:\n  max_attempts: many\nsteps: []\n"),
        ("unknown step", "name: x\nhosts: {host1: fake}\nsteps:\n  - bot: {server: web, flavor: m1.small}\n"),
        (
            "unknown key of a step",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: web, flavour: m1.small}\n",
        ),
        ("missing key of a step", "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: web}\n"),
        ("wrong type of a step", "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: web\n"),
        (
            "unknown state",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: w, flavor: f}\n  - wait_for: {server: w, status: RUNNING}\n",
        ),
        ("no span", "name: x\nhosts: {host1: fake}\nsteps:\n  - advance: 90\n"),
        (
            "no fault point",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - inject_fault: {at: host1, error: trap}\n",
        ),
        (
            "unknown exception",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - inject_fault: {at: 'host1:spawn#1', error: Oops}\n",
        ),
        (
            "server not booted",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: web, flavor: f}\n  - stop: wep\n",
        ),
        (
            "booted twice",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: w, flavor: f}\n  - boot: {server: w, flavor: f}\n",
        ),
        ("unknown host", "name: x\nhosts: {host1: fake}\nsteps:\n  - stop_host: host7\n"),
        (
            "wrong stack of a step",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - swap_driver: {host: host1, stack: fake+}\n",
        ),
        (
            "unknown host of a step",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - swap_driver: {host: host2, stack: fake}\n",
        ),
        (
            "nothing to wait for",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - boot: {server: w, flavor: f}\n  - wait_for: {server: w}\n",
        ),
        (
            "exception of no server",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - inject_fault: {at: 'host1:spawn#1', error: InstanceNotFound}\n",
        ),
        (
            "guests in the middle",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - check: {guests: {host: host1, are: []}}\n",
        ),
        (
            "expected of an unknown server",
            "name: x\nhosts: {host1: fake}\nsteps: []\nexpect:\n  - server: {name: web}\n",
        ),
        (
            "a step within a step within a step",
            "name: x\nhosts: {host1: fake}\nsteps:\n  - during: {step: run_periodics, after: 1s, take: [{swap_driver: {host: host1, stack: fake}}]}\n",
        ),
        (
            "wrong amounts",
            "name: x\nhosts: {host1: fake}\nsteps: []\nexpect:\n  - usages: {host: host1, are: 7}\n",
        ),
    ] {
        let message = message(yaml);
        assert!(message.starts_with("my.yaml:"), "{title}: {message}");
        transcript.push_str(&format!("{title}\n{message}\n\n"));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn paths_of_drivers_are_relative_to_the_file() {
    let yaml = "name: x\nhosts: {host1: fake+./}\nsteps: [{swap_driver: {host: host1, stack: fake+./it}}]\n";
    let scenario = Scenario::from_yaml("some/where/my.yaml", yaml).unwrap();
    let stacks: Vec<_> = scenario.stacks().map(|(_, stack)| stack.to_string()).collect();
    assert_eq!(stacks, ["fake+some/where/./", "fake+some/where/./it"]);
}
