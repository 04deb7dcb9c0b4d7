//! Everything that crosses the boundary arrives as it was sent: the arguments and the answer of every method, and every
//! error. The guest on the other side is the mirror, which makes the same samples.

#[path = "../../test-guests/samples.rs"]
mod samples;

use crate::common::{engine, env, library_with_guests, simulate};
use runtime::Trace;
use samples::{Every, Sample};
use std::fmt::Debug;
use virt::types::{self, VirtError};
use virt::{CallError, Engine, FailureCause, Hypervisor, Library, Method};

/// How many different sets of samples are sent.
const SEEDS: u32 = 12;

/// A mirror with these settings.
fn mirror(engine: &Engine, library: &Library, settings: &str) -> Hypervisor {
    let stack = format!("mirror({settings})").parse().unwrap();
    let mut env = env();
    env.trace = Trace::off(env.clock);
    Hypervisor::start(engine.prepare(&stack, library).unwrap(), env)
}

/// Calls methods with samples, in this order, and hands each answer to `$check`, with the number from which the mirror makes
/// its answer.
macro_rules! methods {
    ($host:ident, $seed:ident, $check:ident($state:ident): $($name:ident($($arg:ident),*))*) => {
        $({
            let mut n = $seed;
            // A method without arguments takes no number.
            let _ = &mut n;
            $(let $arg = Sample::sample(&mut n);)*
            let answer = $host.$name($($arg),*).await;
            $check(&mut $state, Method::from_name(stringify!($name)).unwrap(), answer, n);
        })*
    };
}

/// Calls every method of the contract that is not optional.
macro_rules! every_method {
    ($host:ident, $seed:ident, $check:ident($state:ident)) => {
        methods!($host, $seed, $check($state):
            init_host(a)
            cleanup_host(a)
            get_available_nodes(a)
            get_nodenames_by_uuid(a)
            node_is_available(a)
            is_node_deleted(a)
            process_instances_at_startup(a)
            get_host_ip_addr()
            get_host_uptime()
            set_host_enabled(a)
            host_power_action(a)
            host_maintenance_mode(a, b)
            poll_rebooting_instances(a, b)
            get_available_resource(a)
            update_provider_tree(a, b, c)
            capabilities()
            capabilities_as_traits()
            get_host_cpu_stats()
            get_info(a, b)
            get_num_instances()
            list_instances()
            list_instance_uuids()
            instance_exists(a)
            instance_on_disk(a)
            prepare_for_spawn(a)
            prepare_networks_before_block_device_mapping(a, b)
            clean_networks_preparation(a, b)
            failed_spawn_cleanup(a)
            default_root_device_name(a, b, c)
            default_device_names_for_instance(a)
            get_device_name_for_instance(a)
            spawn(a)
            rebuild(a)
            destroy(a)
            cleanup(a)
            delete_instance_files(a)
            cleanup_lingering_instance_resources(a)
            plug_vifs(a, b)
            unplug_vifs(a, b)
            reboot(a)
            power_off(a, b, c)
            power_on(a)
            power_update_event(a, b)
            pause(a)
            unpause(a)
            suspend(a)
            resume(a)
            resume_state_on_host_boot(a)
            rescue(a)
            unrescue(a)
            soft_delete(a)
            restore(a)
            trigger_crash_dump(a)
            get_console_output(a)
            get_vnc_console(a)
            get_spice_console(a)
            get_serial_console(a)
            get_mks_console(a)
            get_diagnostics(a)
            get_instance_diagnostics(a)
            set_admin_password(a, b)
            inject_network_info(a, b)
            quiesce(a, b)
            unquiesce(a, b)
            snapshot(a, b)
            cache_image(a)
            manage_image_cache(a)
            get_volume_connector(a)
            attach_volume(a)
            detach_volume(a)
            swap_volume(a)
            extend_volume(a)
            is_supported_fs_format(a)
            get_all_volume_usage(a)
            block_stats(a, b)
            mount_share(a, b)
            umount_share(a, b)
            attach_interface(a, b, c)
            detach_interface(a, b)
            network_binding_host_id(a)
            manages_network_binding_host_id()
            migrate_disk_and_power_off(a)
            finish_migration(a)
            confirm_migration(a, b, c)
            finish_revert_migration(a)
            check_can_live_migrate_destination(a)
            check_can_live_migrate_source(a)
            post_claim_migrate_data(a)
            check_source_migrate_data_at_dest(a)
            cleanup_live_migration_destination_check(a)
            get_instance_disk_info(a, b)
            pre_live_migration(a)
            live_migration(a)
            live_migration_force_complete(a)
            live_migration_abort(a)
            rollback_live_migration_at_source(a, b)
            rollback_live_migration_at_destination(a)
            post_live_migration(a)
            post_live_migration_at_source(a, b)
            post_live_migration_at_destination(a)
            check_instance_shared_storage_local(a)
            check_instance_shared_storage_remote(a)
            check_instance_shared_storage_cleanup(a)
            save_state()
            restore_state(a)
            ensure_filtering_rules_for_instance(a, b)
            unfilter_instance(a, b)
            refresh_instance_security_rules(a)
            refresh_provider_fw_rules()
            refresh_security_group_members(a)
            refresh_security_group_rules(a)
        );
    };
}
/// The methods that are not optional, in the order of the contract.
fn mandatory() -> Vec<Method> {
    Method::ALL.iter().copied().filter(|method| !method.is_optional()).collect()
}

/// The answer is the mirror's.
fn as_expected<T: Sample + PartialEq + Debug>(
    called: &mut Vec<Method>,
    method: Method,
    answer: Result<T, CallError>,
    mut n: u32,
) {
    assert_eq!(answer, Ok(T::sample(&mut n)), "{method}");
    called.push(method);
}

#[test]
fn every_method_gets_its_arguments_and_gives_its_answer_unchanged() {
    simulate(async {
        let (engine, library) = (engine(), library_with_guests());
        for seed in 0..SEEDS {
            let host = mirror(&engine, &library, &format!("seed={seed}"));
            let mut called = Vec::new();
            every_method!(host, seed, as_expected(called));
            assert_eq!(called, mandatory());
            assert_eq!(host.deaths(), 0);
        }
    });
}

/// The answer is the error of this number.
fn is_error<T: PartialEq + Debug>(
    number: &mut usize,
    method: Method,
    answer: Result<T, CallError>,
    mut n: u32,
) {
    let error = VirtError::every(&mut n).swap_remove(*number);
    assert_eq!(answer, Err(CallError::Raised(error)), "{method}");
}

#[test]
fn every_error_of_every_method_crosses_unchanged() {
    simulate(async {
        let (engine, library) = (engine(), library_with_guests());
        let seed = 1;
        for number in 0..VirtError::every(&mut 0).len() {
            let host = mirror(&engine, &library, &format!("seed={seed},error={number}"));
            let mut number = number;
            every_method!(host, seed, is_error(number));
            assert_eq!(host.deaths(), 0);
        }
    });
}

/// The method of the first name breaks, and is named; all others answer, also after it.
fn only_one_panics<T: Sample + PartialEq + Debug>(
    (guilty, panics): &mut (Method, usize),
    method: Method,
    answer: Result<T, CallError>,
    mut n: u32,
) {
    if method != *guilty {
        return assert_eq!(answer, Ok(T::sample(&mut n)), "{method} beside {guilty}");
    }
    match answer {
        Err(CallError::Failed(failure)) => {
            assert_eq!(failure.method, method);
            let FailureCause::Panicked { message } = failure.cause else { panic!("{}", failure.cause) };
            assert!(message.contains(&format!("{method} ends here")), "{message}");
            *panics += 1;
        }
        other => panic!("{method}: {other:?}"),
    }
}

#[test]
fn a_panic_in_any_method_is_reported_as_of_that_method_and_the_next_call_is_answered() {
    simulate(async {
        let (engine, library) = (engine(), library_with_guests());
        let seed = 2;
        for guilty in mandatory() {
            let host = mirror(&engine, &library, &format!("seed={seed},panic={guilty}"));
            let mut state = (guilty, 0);
            every_method!(host, seed, only_one_panics(state));
            assert_eq!((state.1, host.deaths()), (1, 1), "{guilty}");
        }
    });
}

#[test]
fn the_optional_interface_is_found_when_it_is_there_and_raises_not_implemented_when_it_is_not() {
    simulate(async {
        let (engine, library) = (engine(), library_with_guests());
        let request = || types::VolumeSnapshotDeleteRequest {
            instance: Sample::sample(&mut 1),
            volume_id: "volume".to_owned(),
            snapshot_id: "snapshot".to_owned(),
            file_type: "qcow2".to_owned(),
            file_to_merge: Some("disk".to_owned()),
            merge_target_file: None,
        };
        let offered = engine.prepare(&"mirror".parse().unwrap(), &library).unwrap();
        assert!(offered.offers(Method::VolumeSnapshotDelete));
        let host = Hypervisor::start(offered, env());
        let disk_not_found = VirtError::DiskNotFound("disk".to_owned());
        assert_eq!(host.volume_snapshot_delete(request()).await, Err(CallError::Raised(disk_not_found)));

        // A layer that was built without it hides it.
        for stack in ["unruly", "mirror+echo"] {
            let missing = engine.prepare(&stack.parse().unwrap(), &library).unwrap();
            assert!(!missing.offers(Method::VolumeSnapshotDelete));
            assert!(missing.offers(Method::Spawn));
            let host = Hypervisor::start(missing, env());
            let answer = host.volume_snapshot_delete(request()).await;
            assert_eq!(answer, Err(CallError::Raised(VirtError::NotImplemented)));
        }
    });
}

/// The methods that contract 0.1 has.
fn of_0_1() -> Vec<String> {
    let wit = include_str!("../../../../wit/v0.1/driver.wit");
    let functions = wit.lines().filter_map(|line| Some(line.trim().split_once(": async func(")?.0));
    // A layer's traits are those of its own capabilities, which go through the old contract.
    functions.chain(["capabilities_as_traits"]).map(|name| name.replace('-', "_")).collect()
}

/// The answer is the mirror's, unless the method went through the old contract, which cannot carry every sample.
fn as_expected_if_new<T: Sample + PartialEq + Debug>(
    (old, new): &mut (Vec<String>, usize),
    method: Method,
    answer: Result<T, CallError>,
    mut n: u32,
) {
    if !old.iter().any(|name| name == method.name()) {
        assert_eq!(answer, Ok(T::sample(&mut n)), "{method}");
        *new += 1;
    }
}

#[test]
fn what_an_old_layer_does_not_know_passes_it_by_unchanged() {
    simulate(async {
        let (engine, library) = (engine(), library_with_guests());
        let seed = 3;
        let stack = format!("mirror(seed={seed})+old-layer").parse().unwrap();
        let host = Hypervisor::start(engine.prepare(&stack, &library).unwrap(), env());
        let mut state = (of_0_1(), 0);
        every_method!(host, seed, as_expected_if_new(state));
        assert_eq!(state.1, mandatory().len() - state.0.len());
    });
}
