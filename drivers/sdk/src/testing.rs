//! Unit tests of drivers, on the machine they are written on.
//!
//! Off WebAssembly the host's functions work on one set of stand-ins for each thread, that is for each test: settings are
//! what [`set`] says, durable data are kept in memory, log lines are collected, the clock stands still except while somebody
//! sleeps. The driver below a layer answers what [`below`] says.
//!
//! ```
//! use novarig_driver_sdk::{durable, testing};
//!
//! testing::set("vcpus", "2");
//! durable::set("guest", b"running");
//! let answer = testing::run(async { durable::get("guest") });
//! assert_eq!(answer.as_deref(), Some(&b"running"[..]));
//! ```

use crate::bindings::nova::virt::logging::Level;
use crate::intercept::Call;
use crate::types::{
    BlockDeviceInfo, ComputeConfig, Flavor, ImageMeta, Instance, InventoryPolicy, LiveMigrateData, Migration,
    MigrationType, PowerState, SpawnRequest, VirtError, VmState,
};
use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type Answers = Box<dyn FnMut() -> Box<dyn Any>>;

#[derive(Default)]
struct StandIn {
    below: BTreeMap<&'static str, Answers>,
    called: Vec<&'static str>,
    settings: BTreeMap<String, String>,
    durable: BTreeMap<String, Vec<u8>>,
    log: Vec<String>,
    microseconds: u64,
    yields: bool,
    random: u64,
}

thread_local! {
    static HOST: RefCell<StandIn> = RefCell::default();
}

/// Gives a setting a value.
pub fn set(key: &str, value: &str) {
    HOST.with_borrow_mut(|host| host.settings.insert(key.to_owned(), value.to_owned()));
}

/// What has been logged so far, `level: message`.
pub fn logged() -> Vec<String> {
    HOST.with_borrow(|host| host.log.clone())
}

/// Says what the driver below a layer answers to the calls of a method: these one after the other, the last for ever. A
/// method of which nothing was said raises [`VirtError::NotImplemented`].
///
/// # Panics
/// If there is no answer.
pub fn below<T: Clone + 'static>(
    method: &'static str,
    answers: impl IntoIterator<Item = Result<T, VirtError>>,
) {
    let mut answers: VecDeque<Result<T, VirtError>> = answers.into_iter().collect();
    assert!(!answers.is_empty(), "below({method}) needs an answer");
    let next = move || -> Box<dyn Any> {
        if answers.len() > 1 { Box::new(answers.pop_front()) } else { Box::new(answers.front().cloned()) }
    };
    HOST.with_borrow_mut(|host| host.below.insert(method, Box::new(next)));
}

/// The methods of the driver below that were called so far, in order.
pub fn called() -> Vec<&'static str> {
    HOST.with_borrow(|host| host.called.clone())
}

/// What the driver below answers.
pub(crate) fn answer<T: 'static>(method: &'static str) -> Result<T, VirtError> {
    HOST.with_borrow_mut(|host| {
        host.called.push(method);
        let Some(next) = host.below.get_mut(method) else { return Err(VirtError::NotImplemented) };
        match next().downcast::<Option<Result<T, VirtError>>>().map(|answer| *answer) {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => panic!("below({method:?}) was given answers of another type"),
        }
    })
}

/// Runs a call to its end. All stand-ins answer at once, so a call that still waits waits for ever.
pub fn run<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the call waits for something that never comes"),
    }
}

/// Runs a call as far as it gets; its answer if that is the end.
pub fn poll<T>(call: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match call.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// From now on a call that sleeps lets the test go on: [`poll`] it until it has slept enough.
pub fn yield_while_sleeping() {
    HOST.with_borrow_mut(|host| host.yields = true);
}

/// A flavor with a name and a size: processors, MiB of memory, GiB of root disk.
pub fn flavor(name: &str, vcpus: u32, memory_mb: u64, root_gb: u64) -> Flavor {
    Flavor {
        flavorid: name.to_owned(),
        name: name.to_owned(),
        vcpus,
        memory_mb,
        root_gb,
        ephemeral_gb: 0,
        swap: 0,
        extra_specs: vec![],
    }
}

/// An active server of this identifier, on host `host1`.
pub fn instance(uuid: &str, flavor: Flavor) -> Instance {
    Instance {
        uuid: uuid.to_owned(),
        name: format!("instance-{uuid}"),
        display_name: uuid.to_owned(),
        hostname: uuid.to_owned(),
        project_id: "project".to_owned(),
        user_id: "user".to_owned(),
        host: Some("host1".to_owned()),
        node: Some("host1".to_owned()),
        vm_state: VmState::Active,
        task_state: None,
        power_state: PowerState::Running,
        flavor,
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

/// What `spawn` is called with for a server of nothing but its flavor.
pub fn spawn_request(instance: Instance) -> SpawnRequest {
    SpawnRequest {
        instance,
        image_meta: no_image(),
        injected_files: vec![],
        admin_password: None,
        allocations: vec![],
        network_info: vec![],
        block_device_info: no_disks(),
        power_on: true,
        accel_info: vec![],
    }
}

/// The image of a server that boots from a volume.
pub fn no_image() -> ImageMeta {
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

/// What source and destination of a live migration know that share nothing and say nothing.
pub fn live_migrate_data() -> LiveMigrateData {
    LiveMigrateData {
        is_shared_instance_path: false,
        is_shared_block_storage: false,
        is_volume_backed: None,
        block_migration: None,
        disk_over_commit: None,
        disk_available_mb: None,
        migration: None,
        old_vol_attachment_ids: vec![],
        wait_for_vif_plugged: None,
        vifs: None,
        pci_dev_map_src_dst: None,
        src_supports_numa_live_migration: None,
        dst_supports_numa_live_migration: None,
        dst_numa_info: None,
        dst_supports_mdev_live_migration: None,
        source_mdev_types: vec![],
        target_mdevs: None,
        vtpm_secret: None,
        properties: vec![],
    }
}

/// No disks.
pub fn no_disks() -> BlockDeviceInfo {
    BlockDeviceInfo { root_device_name: None, devices: vec![] }
}

/// A resize from one host to another.
pub fn resize(source: &str, dest: &str, old_flavor: Flavor, new_flavor: Flavor) -> Migration {
    Migration {
        uuid: "migration".to_owned(),
        migration_type: MigrationType::Resize,
        status: "migrating".to_owned(),
        source_compute: source.to_owned(),
        source_node: source.to_owned(),
        dest_compute: dest.to_owned(),
        dest_node: dest.to_owned(),
        dest_host: dest.to_owned(),
        old_flavor,
        new_flavor,
    }
}

/// A call of a method, about a server or not, for [`Intercept`](crate::Intercept).
pub fn call(method: &'static str, instance: Option<&Instance>) -> Call {
    Call::of(
        method,
        instance
            .map(|instance| [instance.uuid.clone(), instance.name.clone(), instance.display_name.clone()]),
    )
}

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
    };
    HOST.with_borrow_mut(|host| host.log.push(format!("{level}: {message}")));
}

pub(crate) fn now() -> u64 {
    HOST.with_borrow(|host| host.microseconds)
}

pub(crate) async fn sleep(microseconds: u64) {
    let mut waits = HOST.with_borrow_mut(|host| {
        host.microseconds = host.microseconds.saturating_add(microseconds);
        host.yields
    });
    std::future::poll_fn(|_| if std::mem::take(&mut waits) { Poll::Pending } else { Poll::Ready(()) }).await;
}

pub(crate) fn next_u64() -> u64 {
    HOST.with_borrow_mut(|host| {
        // Any sequence will do that is the same in every run: a linear congruence (Knuth's constants).
        host.random =
            host.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        host.random
    })
}

/// The configuration that tests see: Nova's defaults, on host `host1`.
pub fn config() -> ComputeConfig {
    let policy = |initial_allocation_ratio, reserved| InventoryPolicy {
        allocation_ratio: None,
        initial_allocation_ratio,
        reserved,
    };
    ComputeConfig {
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
    }
}

pub(crate) mod settings {
    use super::HOST;

    pub(crate) fn get(key: &str) -> Option<String> {
        HOST.with_borrow(|host| host.settings.get(key).cloned())
    }

    pub(crate) fn keys() -> Vec<String> {
        HOST.with_borrow(|host| host.settings.keys().cloned().collect())
    }
}

pub(crate) mod durable {
    use super::HOST;

    pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
        HOST.with_borrow(|host| host.durable.get(key).cloned())
    }

    pub(crate) fn set(key: &str, value: &[u8]) {
        HOST.with_borrow_mut(|host| host.durable.insert(key.to_owned(), value.to_vec()));
    }

    pub(crate) fn delete(key: &str) {
        HOST.with_borrow_mut(|host| host.durable.remove(key));
    }

    pub(crate) fn keys(prefix: &str) -> Vec<String> {
        HOST.with_borrow(|host| host.durable.keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}
