//! The suite against the shipped drivers and layers: what is sound passes, and each fault is found by the rule it breaks.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

use novarig_check::{CheckReport, Checked, Part, Subject, Verdict, check, check_rule};
use std::path::Path;
use std::sync::LazyLock;
use virt::{Engine, Library, NovaDriver};

/// One cache of compiled code for all tests of this file.
fn engine() -> Engine {
    Engine::new(Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code"))).unwrap()
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    library
});

fn report(stack: &str) -> CheckReport {
    let engine = engine();
    check(&Subject::new(stack.parse().unwrap(), &engine, &LIBRARY).unwrap()).unwrap()
}

fn rule(stack: &str, name: &str) -> Verdict {
    let engine = engine();
    let subject = Subject::new(stack.parse().unwrap(), &engine, &LIBRARY).unwrap();
    check_rule(&subject, name).unwrap().unwrap().verdict
}

/// Nothing is broken, and so many rules could not be tried.
#[track_caller]
fn holds(stack: &str, not_applicable: usize) {
    let report = report(stack);
    let text = report.to_text(|_, word| word.to_owned());
    assert!(report.holds(), "{stack}:\n{text}");
    let not_tried = |checked: &&Checked| {
        checked.part == Part::Rule && matches!(checked.verdict, Verdict::NotApplicable { .. })
    };
    assert_eq!(report.checked.iter().filter(not_tried).count(), not_applicable, "{stack}:\n{text}");
}

/// The rules that a stack breaks.
fn broken(stack: &str) -> Vec<String> {
    report(stack).broken().map(|checked| checked.name.clone()).collect()
}

#[test]
fn fake_keeps_the_contract_in_each_of_its_variants() {
    for variant in [
        "",
        "(size=small)",
        "(size=medium,nested=true)",
        "(pci=true)",
        "(node_uuid=predictable)",
        "(node_uuid=local)",
        "(same_host_cold_migrate=true)",
        "(rescue_bfv=true)",
        "(ephemeral_encryption=luks)",
        "(vcpus=8,memory_mb=16384,local_gb=100)",
    ] {
        holds(&format!("fake{variant}"), 10);
    }
    holds("fake(caching=true)", 9);
    holds("fake(power_update=true)", 9);
}

#[test]
fn novas_own_drivers_keep_what_novas_fake_driver_keeps() {
    for driver in NovaDriver::ALL.iter().filter(|driver| !driver.stack.contains('+')) {
        let report = report(&driver.to_string());
        assert!(report.holds(), "{driver}:\n{}", report.to_text(|_, word| word.to_owned()));
    }
    let Verdict::NotApplicable { reason } = rule("fake.FakeDriver", "a_paused_guest_is_seen") else {
        panic!("Nova's fake driver does not pause")
    };
    assert_eq!(reason, "quirks=nova: Nova's own fake driver does not do this");
}

#[test]
fn a_zombie_is_found() {
    let found = broken("fake+zombie");
    assert!(found.contains(&"destroy_removes_the_guest".to_owned()), "{found:?}");
    let Verdict::Broken { expected, found } = rule("fake+zombie", "destroy_removes_the_guest") else {
        panic!("it is not found")
    };
    assert_eq!(
        (expected.as_str(), found.as_str()),
        ("after destroy, there is no guest", "list_instances names instance-0000000a")
    );
}

#[test]
fn amnesia_is_found() {
    let found = broken("fake+amnesia");
    for name in ["init_host_again_keeps_the_guests", "guests_outlive_the_service", "guests_outlive_the_agent"]
    {
        assert!(found.contains(&name.to_owned()), "{name} is not in {found:?}");
    }
}

#[test]
fn a_liar_is_found() {
    assert_eq!(broken("fake(size=small)+liar"), ["layers_add_no_resources"]);
    let Verdict::Broken { expected, found } = rule("fake(size=small)+liar", "layers_add_no_resources") else {
        panic!("it is not found")
    };
    assert_eq!(expected, "at most 2 processors, 8192 MiB, 1028 GiB, which the driver has");
    assert_eq!(found, "4 processors, 16384 MiB, 2056 GiB");
}

#[test]
fn a_trap_is_found() {
    let Verdict::Broken { expected, found } = rule("fake+trap", "spawn_makes_a_guest_that_runs") else {
        panic!("it is not found")
    };
    assert_eq!(expected, "spawn answers");
    let others = report("fake+trap");
    let paused = others.checked.iter().find(|checked| checked.name == "a_paused_guest_runs_again").unwrap();
    let Verdict::NotApplicable { reason } = &paused.verdict else { panic!("{paused:?}") };
    assert!(reason.starts_with("it needs spawn, which is broken, see "), "{reason}");
    assert!(found.starts_with("spawn: it panicked: "), "{found}");
}

#[test]
fn a_call_that_hangs_is_found() {
    assert_eq!(
        rule("fake+hang", "spawn_makes_a_guest_that_runs"),
        Verdict::Broken {
            expected: "spawn answers".to_owned(),
            found: "no answer within 3600 s of simulated time".to_owned(),
        }
    );
    let scenarios = broken("fake+hang(method=finish_migration)");
    assert!(scenarios.contains(&"a_resized_guest_runs_on_its_destination".to_owned()), "{scenarios:?}");
    assert!(scenarios.contains(&"resize".to_owned()), "{scenarios:?}");
}

#[test]
fn what_a_layer_is_meant_to_raise_breaks_nothing() {
    for stack in
        ["fake+build-abort", "fake+fail-finish-migration", "fake+reschedule", "fake+flaky", "fake+lost-reply"]
    {
        let report = report(stack);
        assert!(report.holds(), "{stack}:\n{}", report.to_text(|_, word| word.to_owned()));
    }
    assert_eq!(
        rule("fake+fail-finish-migration", "a_resized_guest_runs_on_its_destination"),
        Verdict::NotApplicable {
            reason: "finish_migration raised VirtualInterfaceCreateException: Virtual Interface creation failed, which a \
                     layer may be meant to do"
                .to_owned()
        }
    );
}

#[test]
fn a_stack_that_does_not_start_is_broken_and_nothing_else_can_be_tried() {
    let report = report("fake+fail(method=init_host)");
    let found: Vec<&str> = report.broken().map(|checked| checked.name.as_str()).collect();
    assert_eq!(found, ["the_service_starts"]);
    assert_eq!(report.counts()[0], 0);
}

#[test]
fn layers_that_only_take_their_time_keep_the_contract() {
    holds("fake+slow", 9);
    holds("fake+live-migrate", 9);
    assert_eq!(rule("fake+live-migrate", "an_abort_may_come_meanwhile"), Verdict::Ok);
}

#[test]
fn a_driver_without_layers_has_to_do_what_it_offers() {
    let mut library = LIBRARY.clone();
    // As if the layer's exception came from the driver itself.
    library.add("unable", test_guests::UNRULY);
    let engine = engine();
    let subject = Subject::new("unable".parse().unwrap(), &engine, &library).unwrap();
    let report = check(&subject).unwrap();
    assert!(!report.holds());
}
