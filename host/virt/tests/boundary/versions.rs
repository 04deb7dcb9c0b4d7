//! Components that were built against contract 0.1 run beside and between those of 1.0.

use crate::common::{
    destroy, engine, env, finish_migration, instance, library_with_guests, power_on, simulate, spawn,
};
use runtime::TraceEvent;
use virt::types::{
    BlockDevice, BlockDeviceDestination, BlockDeviceSource, DeviceNamesRequest, PowerState, Provider,
    VirtError,
};
use virt::{CallError, FailureCause, Hypervisor, HypervisorEnv, Method};

fn start(stack: &str) -> (Hypervisor, HypervisorEnv) {
    let env = env();
    let prepared = engine().prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap();
    (Hypervisor::start(prepared, env.clone()), env)
}

fn raised<T>(error: VirtError) -> Result<T, CallError> {
    Err(CallError::Raised(error))
}

#[test]
fn a_driver_of_0_1_looks_after_guests_and_has_its_own_settings_log_and_durable_data() {
    simulate(async {
        let (host, env) = start("old-driver(greeting=hello)");
        host.init_host("host1".to_owned()).await.unwrap();
        host.spawn(spawn("a")).await.unwrap();
        assert_eq!(host.get_info(instance("a"), false).await.unwrap().state, PowerState::Running);
        host.power_off(instance("a"), 0, 0).await.unwrap();
        assert_eq!(host.get_info(instance("a"), false).await.unwrap().state, PowerState::Shutdown);
        host.power_on(power_on("a")).await.unwrap();
        assert_eq!(host.list_instance_uuids().await.unwrap(), ["a"]);
        let resources = host.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
        assert_eq!(
            (resources.vcpus, resources.numa_topology, resources.pci_passthrough_devices),
            (4, None, vec![])
        );
        assert_eq!(host.get_host_ip_addr().await.unwrap(), "192.168.0.1");
        drop(host);

        let prepared = engine().prepare(&"old-driver".parse().unwrap(), &library_with_guests()).unwrap();
        let host = Hypervisor::start(prepared, env.clone());
        assert_eq!(host.list_instance_uuids().await.unwrap(), ["a"]);
        host.destroy(destroy("a")).await.unwrap();
        assert_eq!(
            host.get_info(instance("a"), false).await,
            raised(VirtError::InstanceNotFound("a".to_owned()))
        );
        let lines: Vec<String> = env
            .trace
            .records()
            .iter()
            .filter_map(|record| match &record.event {
                TraceEvent::DriverLog { driver, message, .. } => Some(format!("{driver}: {message}")),
                _ => None,
            })
            .collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("old-driver: hello host1, "), "{}", lines[0]);
    });
}

#[test]
fn what_0_1_does_not_have_is_what_novas_base_class_does() {
    simulate(async {
        let (host, _) = start("old-driver");
        assert_eq!(host.pause(instance("a")).await, raised(VirtError::NotImplemented));
        assert_eq!(host.instance_on_disk(instance("a")).await, Ok(false));
        assert_eq!(host.manages_network_binding_host_id().await, Ok(false));
        assert_eq!(host.process_instances_at_startup(vec![instance("a")]).await, Ok(vec![instance("a")]));
        assert_eq!(host.save_state().await, raised(VirtError::NotImplemented));
        let traits = host.capabilities_as_traits().await.unwrap();
        assert!(traits.contains(&("COMPUTE_IMAGE_TYPE_RAW".to_owned(), true)));
        assert!(traits.contains(&("COMPUTE_IMAGE_TYPE_ISO".to_owned(), false)));
    });
}

#[test]
fn what_a_driver_of_0_1_hands_back_keeps_what_it_does_not_know() {
    simulate(async {
        let (host, _) = start("old-driver");
        let device = |uuid: &str, snapshot: Option<&str>| BlockDevice {
            uuid: uuid.to_owned(),
            source_type: BlockDeviceSource::Snapshot,
            destination_type: BlockDeviceDestination::Volume,
            device_name: None,
            boot_index: None,
            size: None,
            volume_id: None,
            attachment_id: None,
            connection_info: None,
            disk_bus: None,
            device_type: None,
            guest_format: None,
            tag: None,
            delete_on_termination: false,
            image_id: None,
            snapshot_id: snapshot.map(str::to_owned),
            volume_type: Some("fast".to_owned()),
            encryption: None,
        };
        let request = DeviceNamesRequest {
            instance: instance("a"),
            root_device_name: "/dev/vda".to_owned(),
            devices: vec![device("one", Some("snapshot")), device("two", None)],
        };
        let named = host.default_device_names_for_instance(request).await.unwrap();
        let name = Some("/dev/vda".to_owned());
        assert_eq!(
            named,
            [
                BlockDevice { device_name: name.clone(), ..device("two", None) },
                BlockDevice { device_name: name, ..device("one", Some("snapshot")) },
            ]
        );

        let root = Provider {
            uuid: "root".to_owned(),
            name: "host1".to_owned(),
            parent: None,
            inventories: vec![],
            traits: vec!["CUSTOM_X".to_owned()],
            aggregates: vec![],
        };
        let update = host.update_provider_tree(vec![root], "host1".to_owned(), Some(vec![])).await.unwrap();
        assert_eq!((update.tree[0].inventories.len(), update.allocations), (3, Some(vec![])));
    });
}

#[test]
fn a_driver_of_0_1_that_traps_is_named_with_its_method() {
    simulate(async {
        let (host, _) = start("old-driver");
        let Err(CallError::Failed(failure)) = host.power_on(power_on("panic")).await else {
            panic!("no failure")
        };
        assert_eq!((&*failure.driver, failure.method), ("old-driver", Method::PowerOn));
        assert!(matches!(failure.cause, FailureCause::Trapped { .. }), "{}", failure.cause);
        host.power_on(power_on("a")).await.unwrap();
        assert_eq!(host.deaths(), 1);
    });
}

#[test]
fn layers_of_both_contracts_stand_over_drivers_of_both_in_any_order() {
    simulate(async {
        for (stack, address) in [
            ("unruly(restart=work)+old-layer", ""),
            ("fake+old-layer+old-layer", "old(old(192.168.0.1))"),
            ("old-driver+echo(tag=a)+old-layer+echo(tag=b)", "b1(old(a1(192.168.0.1)))"),
            ("fake+echo(tag=a)+old-layer+echo(tag=b)+old-layer", "old(b1(old(a1(192.168.0.1))))"),
        ] {
            let (host, _) = start(stack);
            host.init_host("host1".to_owned()).await.unwrap();
            if address.is_empty() {
                continue;
            }
            assert_eq!(host.get_host_ip_addr().await.unwrap(), address, "{stack}");
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(host.get_info(instance("a"), false).await.unwrap().state, PowerState::Running);
            let uuids = host.list_instance_uuids().await.unwrap();
            assert_eq!(uuids, ["a"], "{stack}");
            assert_eq!(
                host.finish_migration(finish_migration("a", "host1")).await,
                raised(VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned()))
            );
        }
    });
}

#[test]
fn a_layer_of_0_1_at_the_bottom_and_a_driver_of_0_1_on_top_are_refused_as_ever() {
    let refusal = |stack: &str| {
        engine().prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("old-layer"),
        "old-layer is a layer and cannot stand at the bottom of a stack: it needs a driver under it; write `DRIVER+old-layer`"
    );
    assert_eq!(
        refusal("fake+old-driver"),
        "old-driver is a driver and cannot stand over fake: it calls nothing below it; a stack has one driver, at the bottom"
    );
}

/// The adapter below a layer of 0.1 gives back the blocks in which its parameters arrive, so it has to know their sizes.
#[path = "../../adapters/below-layer-v0-1/src/blocks.rs"]
mod blocks;

#[test]
fn the_blocks_in_which_parameters_of_0_1_arrive_are_as_large_as_the_contract_makes_them() {
    use wit_parser::abi::AbiVariant;
    use wit_parser::{Alignment, Resolve, SizeAlign};

    macro_rules! listed {
        ($($function:ident, $name:literal: $size:literal;)*) => { vec![$(($name, $size)),*] };
    }
    let listed: Vec<(&str, usize)> = blocks::for_each_block!(listed);
    let mut resolve = Resolve::default();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/v0.1");
    let (package, _) = resolve.push_dir(folder).unwrap();
    let mut sizes = SizeAlign::default();
    sizes.fill(&resolve);
    let driver = &resolve.interfaces[resolve.packages[package].interfaces["driver"]];
    let found: Vec<(&str, usize)> = driver
        .functions
        .iter()
        .filter(|(_, function)| {
            resolve.wasm_signature(AbiVariant::GuestExportAsync, function).indirect_params
        })
        .map(|(name, function)| {
            let block = sizes.params(function.params.iter().map(|param| &param.ty));
            assert_eq!(block.align, Alignment::Bytes(blocks::ALIGN.try_into().unwrap()), "{name}");
            (name.as_str(), block.size.size_wasm32())
        })
        .collect();
    assert_eq!(listed, found);
}
