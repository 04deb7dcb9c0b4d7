//! What the tests of the boundary share: an engine, environments, and things to call a driver with.

use model::{HostName, Timestamp};
use runtime::{Clock, Randomness, Trace};
use std::future::Future;
use std::rc::Rc;
use virt::types::{
    BlockDeviceInfo, ComputeConfig, DestroyRequest, FinishMigrationRequest, Flavor, ImageMeta, Instance,
    InventoryPolicy, MigrateDiskAndPowerOffRequest, Migration, MigrationType, Network, NetworkInfo,
    PowerOnRequest, PowerState, ProviderAllocation, ResourceAmount, SpawnRequest, Subnet, Vif, VmState,
};
use virt::{
    Durable, Engine, FakeVirtApi, FaultPlan, Hypervisor, HypervisorEnv, Library, Limits, PreparedStack,
};

/// The shipped drivers.
pub(crate) fn library() -> Library {
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    library
}

/// The shipped drivers and those that are only for tests.
pub(crate) fn library_with_guests() -> Library {
    let mut library = library();
    library.add("unruly", test_guests::UNRULY);
    library.add("echo", test_guests::ECHO);
    library.add("mirror", test_guests::MIRROR);
    library.add("old-driver", test_guests::OLD_DRIVER);
    library.add("old-layer", test_guests::OLD_LAYER);
    library
}

/// An engine whose compiled code is kept for the next test.
pub(crate) fn engine() -> Engine {
    Engine::new(Some(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code"))).unwrap()
}

/// A stack of shipped drivers, ready to run.
pub(crate) fn prepare(stack: &str) -> PreparedStack {
    engine().prepare(&stack.parse().unwrap(), &library()).unwrap()
}

/// Runs a test in simulated time.
pub(crate) fn simulate<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test)
}

/// The surroundings of host `host1`, with the trace on.
pub(crate) fn env() -> HypervisorEnv {
    let clock = Clock::starting_at(Timestamp::SIMULATION_START);
    let policy = |initial_allocation_ratio, reserved| InventoryPolicy {
        allocation_ratio: None,
        initial_allocation_ratio,
        reserved,
    };
    HypervisorEnv {
        host: HostName::from("host1"),
        clock,
        random: Randomness::from_seed(1),
        trace: Trace::on(clock),
        faults: FaultPlan::new(),
        virtapi: Rc::new(FakeVirtApi),
        durable: Durable::new(),
        config: ComputeConfig {
            host: "host1".to_owned(),
            my_ip: "192.168.0.1".to_owned(),
            my_block_storage_ip: "192.168.0.1".to_owned(),
            vcpu: policy(4.0, 0),
            memory_mb: policy(1.0, 512),
            disk_gb: policy(1.0, 0),
            image_type_exclude_list: vec![],
            live_migration_wait_for_vif_plug: true,
            vif_plugging_timeout: 300,
            vif_plugging_is_fatal: true,
        },
        limits: Limits::DEFAULT,
    }
}

/// The surroundings of another host in the same world.
pub(crate) fn env_of(host: &str, world: &HypervisorEnv) -> HypervisorEnv {
    let mut env = world.clone();
    env.host = HostName::from(host);
    env.config.host = host.to_owned();
    env.durable = Durable::new();
    env
}

/// A driver on `host1`.
pub(crate) fn start(stack: &str) -> (Hypervisor, HypervisorEnv) {
    let env = env();
    (Hypervisor::start(prepare(stack), env.clone()), env)
}

/// A flavor of this size.
pub(crate) fn flavor(vcpus: u32) -> Flavor {
    Flavor {
        flavorid: vcpus.to_string(),
        name: format!("m{vcpus}"),
        vcpus,
        memory_mb: 2048 * u64::from(vcpus),
        root_gb: 20,
        ephemeral_gb: 0,
        swap: 0,
        extra_specs: vec![],
    }
}

/// A server whose name and identifier are this text, since what a test guest does goes by the name.
pub(crate) fn instance(name: &str) -> Instance {
    Instance {
        uuid: name.to_owned(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        hostname: name.to_owned(),
        project_id: "project".to_owned(),
        user_id: "user".to_owned(),
        host: Some("host1".to_owned()),
        node: Some("host1".to_owned()),
        vm_state: VmState::Active,
        task_state: None,
        power_state: PowerState::Running,
        flavor: flavor(1),
        image_ref: None,
        root_device_name: None,
        metadata: vec![],
        system_metadata: vec![],
        availability_zone: None,
        config_drive: false,
        user_data: None,
        key_name: None,
        key_data: None,
        numa_topology: None,
        pci_devices: vec![],
    }
}

/// No image.
pub(crate) fn no_image() -> ImageMeta {
    ImageMeta {
        id: None,
        name: None,
        status: None,
        container_format: None,
        disk_format: None,
        min_disk: 0,
        min_ram: 0,
        size: None,
        properties: vec![],
    }
}

/// No disks.
pub(crate) fn no_disks() -> BlockDeviceInfo {
    BlockDeviceInfo { root_device_name: None, devices: vec![] }
}

/// One interface.
pub(crate) fn network_info() -> NetworkInfo {
    vec![Vif {
        id: "port-1".to_owned(),
        address: "fa:16:3e:00:00:01".to_owned(),
        network: Network {
            id: "net-1".to_owned(),
            label: "private".to_owned(),
            bridge: None,
            mtu: Some(1450),
            subnets: vec![Subnet {
                cidr: "10.0.0.0/24".to_owned(),
                gateway: Some("10.0.0.1".to_owned()),
                fixed_ips: vec!["10.0.0.2".to_owned()],
                dns: vec![],
            }],
        },
        vif_type: "ovs".to_owned(),
        vnic_type: "normal".to_owned(),
        devname: None,
        active: true,
        preserve_on_delete: false,
        details: vec![],
        profile: vec![],
    }]
}

/// A request to spawn a server.
pub(crate) fn spawn(name: &str) -> SpawnRequest {
    SpawnRequest {
        instance: instance(name),
        image_meta: no_image(),
        injected_files: vec![],
        admin_password: None,
        allocations: vec![ProviderAllocation {
            provider: "host1".to_owned(),
            resources: vec![ResourceAmount { resource_class: "VCPU".to_owned(), amount: 1 }],
        }],
        network_info: network_info(),
        block_device_info: no_disks(),
        power_on: true,
        accel_info: vec![],
    }
}

/// A request to power a server on.
pub(crate) fn power_on(name: &str) -> PowerOnRequest {
    PowerOnRequest {
        instance: instance(name),
        network_info: vec![],
        block_device_info: no_disks(),
        accel_info: vec![],
        share_info: vec![],
    }
}

/// A request to destroy a server.
pub(crate) fn destroy(name: &str) -> DestroyRequest {
    DestroyRequest {
        instance: instance(name),
        network_info: network_info(),
        block_device_info: no_disks(),
        destroy_disks: true,
        destroy_secrets: true,
    }
}

/// A resize of a server from host1 to this host.
pub(crate) fn resize_to(dest: &str) -> Migration {
    Migration {
        uuid: "migration-1".to_owned(),
        migration_type: MigrationType::Resize,
        status: "post-migrating".to_owned(),
        source_compute: "host1".to_owned(),
        source_node: "host1".to_owned(),
        dest_compute: dest.to_owned(),
        dest_node: dest.to_owned(),
        dest_host: "192.168.0.1".to_owned(),
        old_flavor: flavor(1),
        new_flavor: flavor(2),
    }
}

/// A request to finish that resize.
pub(crate) fn finish_migration(name: &str, dest: &str) -> FinishMigrationRequest {
    FinishMigrationRequest {
        migration: resize_to(dest),
        instance: instance(name),
        disk_info: None,
        network_info: network_info(),
        image_meta: no_image(),
        resize_instance: true,
        allocations: vec![],
        block_device_info: no_disks(),
        power_on: true,
    }
}

/// A request to begin it.
pub(crate) fn migrate_disk(name: &str) -> MigrateDiskAndPowerOffRequest {
    MigrateDiskAndPowerOffRequest {
        instance: instance(name),
        dest: "192.168.0.1".to_owned(),
        flavor: flavor(2),
        network_info: network_info(),
        block_device_info: no_disks(),
        timeout: 60,
        retry_interval: 10,
    }
}
