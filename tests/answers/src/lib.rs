//! A layer for tests that answers what no shipped driver does, and asks of its manager what drivers may ask. A setting each
//! switches that on. It is built by the tests that use it.

use novarig_driver_sdk::virtapi::{self, EventError, InstanceEventWait};
use novarig_driver_sdk::{
    BlockDevice, Capability, CheckDestinationRequest, CleanupRequest, ConsumerAllocations, DestroyRequest,
    DeviceNameRequest, DeviceNamesRequest, Driver, DriverTask, Instance, InstanceEvent, InstanceInfo,
    Inventory, Layer, LiveMigrateData, LiveMigrationOutcome, LiveMigrationRequest, PowerState, Provider,
    ProviderTree, ProviderTreeUpdate, RebuildRequest, RollbackAtDestinationRequest, RollbackStatus,
    SpawnRequest, Uuid, VirtError, below, export_driver, layer, log, settings,
};

use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
struct Answers;

/// Whether anybody has asked if the node is available.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Seconds for which events are waited for.
const PATIENCE_S: u32 = 10;

/// The child provider and the aggregate that `tree=child` reports.
const PART: &str = "3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c01";
const AGGREGATE: &str = "3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c02";

fn is(setting: &str, value: &str) -> bool {
    settings::text(setting).as_deref() == Some(value)
}

/// A part of the node with a class and a trait that nobody has heard of.
fn part_of(root: &Provider) -> Provider {
    Provider {
        uuid: PART.to_owned(),
        name: format!("{}-part", root.name),
        parent: Some(root.uuid.clone()),
        inventories: vec![Inventory {
            resource_class: "CUSTOM_PART".to_owned(),
            total: 3,
            reserved: 0,
            min_unit: 1,
            max_unit: 3,
            step_size: 1,
            allocation_ratio: 1.0,
        }],
        traits: vec!["CUSTOM_SHINY".to_owned()],
        aggregates: vec![AGGREGATE.to_owned()],
    }
}

#[layer]
impl Driver<Layer> for Answers {
    async fn get_available_nodes(&self, refresh: bool) -> Result<Vec<String>, VirtError> {
        if is("node", "gone") { Ok(Vec::new()) } else { below::get_available_nodes(refresh).await }
    }

    async fn node_is_available(&self, nodename: String) -> Result<bool, VirtError> {
        let first = !ASKED.swap(true, Ordering::Relaxed);
        let hidden = is("node", "away") || is("node", "busy") && !first;
        Ok(!hidden && below::node_is_available(nodename).await?)
    }

    async fn network_binding_host_id(&self, instance: Instance) -> Result<Option<String>, VirtError> {
        if is("binding", "host2") {
            return Ok(Some("host2".to_owned()));
        }
        below::network_binding_host_id(instance).await
    }

    async fn process_instances_at_startup(
        &self,
        instances: Vec<Instance>,
    ) -> Result<Vec<Instance>, VirtError> {
        let mut instances = below::process_instances_at_startup(instances).await?;
        if is("startup", "other") {
            instances.iter_mut().for_each(|instance| instance.uuid = PART.to_owned());
        }
        Ok(instances)
    }

    async fn set_host_enabled(&self, enabled: bool) -> Result<String, VirtError> {
        if is("status", "tell") {
            for (node, _) in below::get_nodenames_by_uuid(false).await? {
                let told = virtapi::update_compute_provider_status(node, enabled).await;
                log::info(&format!("the status is {enabled}: {told:?}"));
            }
            for unknown in [PART, "nonsense"] {
                let refused = virtapi::update_compute_provider_status(unknown.to_owned(), enabled).await;
                log::info(&format!("the status of {unknown}: {refused:?}"));
            }
        }
        below::set_host_enabled(enabled).await
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, VirtError> {
        let mut capabilities = below::capabilities().await?;
        capabilities.retain(|capability| match capability {
            Capability::SupportsEvacuate => !is("without", "evacuate"),
            Capability::SupportsAttachInterface => !is("without", "attach_interface"),
            _ => true,
        });
        Ok(capabilities)
    }

    async fn update_provider_tree(
        &self,
        tree: ProviderTree,
        nodename: String,
        allocations: Option<Vec<ConsumerAllocations>>,
    ) -> Result<ProviderTreeUpdate, VirtError> {
        let mut update = below::update_provider_tree(tree, nodename, allocations).await?;
        let root = update.tree.iter().find(|provider| provider.parent.is_none()).cloned();
        match settings::text("tree").as_deref() {
            Some("child") if update.tree.len() == 1 => update.tree.extend(root.as_ref().map(part_of)),
            Some("bare") => update.tree.retain(|provider| provider.parent.is_none()),
            _ => {}
        }
        Ok(update)
    }

    async fn get_info(&self, instance: Instance, use_cache: bool) -> Result<InstanceInfo, VirtError> {
        let mut info = below::get_info(instance, use_cache).await?;
        info.state = match settings::text("power").as_deref() {
            Some("crashed") => PowerState::Crashed,
            Some("nostate") => PowerState::Nostate,
            _ => info.state,
        };
        Ok(info)
    }

    async fn default_device_names_for_instance(
        &self,
        request: DeviceNamesRequest,
    ) -> Result<Vec<BlockDevice>, VirtError> {
        if !is("names", "own") {
            return below::default_device_names_for_instance(request).await;
        }
        let mut devices = request.devices;
        for (letter, device) in ('p'..='z').zip(&mut devices) {
            device.device_name.get_or_insert_with(|| format!("/dev/xvd{letter}"));
        }
        Ok(devices)
    }

    async fn get_device_name_for_instance(&self, request: DeviceNameRequest) -> Result<String, VirtError> {
        if is("names", "own") {
            return Ok("/dev/xvdz".to_owned());
        }
        below::get_device_name_for_instance(request).await
    }

    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        let named = |id: &String| InstanceEvent { name: "network-vif-plugged".to_owned(), tag: id.clone() };
        let events: Vec<_> = request.network_info.iter().map(|vif| named(&vif.id)).collect();
        let wait = InstanceEventWait::new(&request.instance, &events, PATIENCE_S);
        below::spawn(request).await?;
        match settings::text("waits").as_deref() {
            Some("early") => wait.exit_early(&events),
            Some("plugged") => {}
            _ => return Ok(()),
        }
        wait.wait().await.map_err(|error| {
            VirtError::VirtualInterfaceCreate(match error {
                EventError::Timeout => "nobody plugged it in".to_owned(),
                EventError::Failed(event) => format!("{} failed", event.name),
            })
        })
    }

    async fn rebuild(&self, request: RebuildRequest) -> Result<(), VirtError> {
        if !is("tasks", "all") {
            return below::rebuild(request).await;
        }
        let uuid = request.instance.uuid;
        virtapi::update_task_state(uuid.clone(), DriverTask::RebuildBlockDeviceMapping, None).await?;
        let from = Some(DriverTask::RebuildBlockDeviceMapping);
        virtapi::update_task_state(uuid, DriverTask::RebuildSpawning, from).await
    }

    async fn snapshot(&self, instance: Instance, image_id: Uuid) -> Result<(), VirtError> {
        let uuid = instance.uuid.clone();
        match settings::text("tasks").as_deref() {
            Some("all") => {
                virtapi::update_task_state(uuid.clone(), DriverTask::ImagePendingUpload, None).await?;
                let from = Some(DriverTask::ImagePendingUpload);
                virtapi::update_task_state(uuid, DriverTask::ImageUploading, from).await
            }
            Some("wrong") => {
                let from = Some(DriverTask::RebuildSpawning);
                virtapi::update_task_state(uuid, DriverTask::ImageUploading, from).await
            }
            _ => below::snapshot(instance, image_id).await,
        }
    }

    async fn destroy(&self, request: DestroyRequest) -> Result<(), VirtError> {
        log::info(&format!("destroys disks: {}", request.destroy_disks));
        below::destroy(request).await
    }

    async fn cleanup(&self, request: CleanupRequest) -> Result<(), VirtError> {
        log::info(&format!("cleans up and destroys disks: {}", request.destroy_disks));
        below::cleanup(request).await
    }

    async fn check_instance_shared_storage_local(
        &self,
        instance: Instance,
    ) -> Result<Option<String>, VirtError> {
        match settings::text("disks").as_deref() {
            Some("shared") => Ok(Some(instance.uuid)),
            _ => below::check_instance_shared_storage_local(instance).await,
        }
    }

    async fn check_instance_shared_storage_remote(&self, data: String) -> Result<bool, VirtError> {
        log::info(&format!("sees the disks of {data}"));
        Ok(true)
    }

    async fn check_can_live_migrate_destination(
        &self,
        request: CheckDestinationRequest,
    ) -> Result<LiveMigrateData, VirtError> {
        let mut data = below::check_can_live_migrate_destination(request).await?;
        if is("disks", "local") {
            data.is_shared_instance_path = false;
            data.is_shared_block_storage = false;
        }
        Ok(data)
    }

    async fn live_migration(&self, request: LiveMigrationRequest) -> Result<LiveMigrationOutcome, VirtError> {
        if is("live", "fails") {
            return Ok(LiveMigrationOutcome::RolledBack(RollbackStatus::Failed));
        }
        below::live_migration(request).await
    }

    async fn rollback_live_migration_at_destination(
        &self,
        request: RollbackAtDestinationRequest,
    ) -> Result<(), VirtError> {
        log::info(&format!("rolls back and destroys disks: {}", request.destroy_disks));
        below::rollback_live_migration_at_destination(request).await
    }
}

export_driver! {
    Answers: layer,
    name: "answers",
    summary: "Answers what no shipped driver does",
    settings: {
        node: one_of["there", "gone", "busy", "away"] = "there", "gone: none is named; away: not available; busy: only as it starts";
        binding: one_of["below", "host2"] = "below", "host2: all ports are bound there";
        status: one_of["silent", "tell"] = "silent", "tell: the manager is told when the host is enabled or disabled";
        without: one_of["nothing", "evacuate", "attach_interface"] = "nothing", "What it cannot do";
        tree: one_of["whole", "child", "bare"] = "whole", "child: the node has a part; bare: it has none";
        power: one_of["true", "crashed", "nostate"] = "true", "The power state it tells";
        names: one_of["none", "own"] = "none", "own: it names devices";
        waits: one_of["never", "plugged", "early"] = "never", "Whether a spawn waits for its interfaces; early: and gives that up";
        tasks: one_of["below", "all", "wrong"] = "below", "Which tasks snapshots and rebuilds set";
        disks: one_of["below", "shared", "local"] = "below", "Where disks are";
        live: one_of["below", "fails"] = "below", "fails: a live migration rolls back as failed";
        startup: one_of["below", "other"] = "below", "other: of the servers at start, names one the host has not";
    },
}
