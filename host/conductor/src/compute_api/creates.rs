//! Making servers: what is checked before (`nova/compute/api.py, _create_instance`), and the records with which the work begins.

use super::{ApiError, BootVolume, ComputeApi};
use crate::manager::SCHEDULING;
use model::rpc::{Address, Method};
use model::{
    HostName, ImageId, ImageMeta, PowerState, RequestSpec, RequestedGroup, Server, ServerId, VmState,
};
use scheduler::parse_availability_zone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// What a user says of a server to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServer {
    /// Its name.
    pub name: String,
    /// The flavor, by id or name.
    pub flavor: String,
    /// The image; the first there is when none is given.
    #[serde(default)]
    pub image: Option<ImageId>,
    /// A zone, `zone:host` to force a host, or `zone:host:node`.
    #[serde(default)]
    pub availability_zone: Option<String>,
    /// A host that is asked for and that must pass all filters (since API version 2.74).
    #[serde(default)]
    pub host: Option<HostName>,
    /// Volumes it has from the beginning. With one to boot from there is no image.
    #[serde(default)]
    pub volumes: Vec<BootVolume>,
    /// Of several servers, the volumes of each but the first: no two can have the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes_of_others: Vec<Vec<BootVolume>>,
    /// Hints for the scheduler, each with its values: `group`, `same_host`, `different_host`, `query`, ….
    #[serde(default)]
    pub scheduler_hints: BTreeMap<String, Vec<String>>,
}

/// How many servers are asked for in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// At least so many, or none.
    pub min: u32,
    /// At most so many, as far as the quota allows.
    pub max: u32,
}

impl Count {
    /// One server.
    pub const ONE: Self = Self { min: 1, max: 1 };
}

/// The servers of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// What they share: `r-` and eight letters or digits.
    pub reservation_id: String,
    /// Each of them, at least one. Several are called `name-1`, `name-2`, ….
    pub servers: Vec<ServerId>,
}

impl ComputeApi {
    /// Makes a server (202).
    pub async fn create(&self, request: CreateServer) -> Result<ServerId, ApiError> {
        self.make_servers(request, Count::ONE).await.map(|(first, _)| first)
    }

    /// Makes several servers that differ in nothing but their names (202). They are scheduled together; when the quota has
    /// room for fewer than `max` but for `min`, so many are made.
    pub async fn create_servers(&self, request: CreateServer, count: Count) -> Result<Created, ApiError> {
        self.make_servers(request, count).await.map(|(_, made)| made)
    }

    /// Makes servers. Answers the first of them, and all.
    async fn make_servers(
        &self,
        request: CreateServer,
        count: Count,
    ) -> Result<(ServerId, Created), ApiError> {
        let mut body = json!(request);
        if count != Count::ONE {
            (body["min_count"], body["max_count"]) = (json!(count.min), json!(count.max));
        }
        self.call("create", None, body, 202, async {
            let context = self.context();
            if count.min == 0 || count.min > count.max {
                let message = "min_count must be <= max_count".to_owned();
                return Err(ApiError { code: 400, message });
            }
            let flavor = self.flavor(&request.flavor)?;
            let boots_from_volume = request.volumes.iter().any(|volume| volume.boot_index == Some(0));
            let image_meta = match boots_from_volume {
                true => self.image_of_boot_volume(&request).await?,
                false => Some(self.image_of(&request).await?),
            };
            let image = image_meta.as_ref().filter(|_| !boots_from_volume).map(|image| image.id);
            let named =
                parse_availability_zone(request.availability_zone.as_deref(), &self.services.options.get());
            let place = named.map_err(|error| ApiError { code: 400, message: error.to_string() })?;
            // With one node a host, the node adds nothing.
            let (zone, host) = (place.zone, place.force_host.or(place.force_node));
            self.check_zone(zone.as_deref(), host.as_ref())?;
            self.check_host_is_known(request.host.as_ref())?;
            let per_server = request.volumes_of_others.len() + 1 >= count.max as usize;
            if !request.volumes.is_empty() && !per_server {
                let message = "Cannot attach one or more volumes to multiple instances".to_owned();
                return Err(ApiError { code: 400, message });
            }
            let zone_of_volumes = self.check_volume_zones(zone.as_deref(), &request.volumes).await?;
            let group = self.requested_group(&context, &request)?;
            let number = self.allowed_servers(&flavor, count)?;
            self.check_group_members_quota(&context, group.as_ref(), number)?;
            let id = ServerId(self.services.random.uuid());
            let others = (1..number).map(|_| ServerId(self.services.random.uuid()));
            let ids: Vec<_> = std::iter::once(id).chain(others).collect();
            let reservation_id = self.reservation_id(id);
            let mut spec =
                RequestSpec::new(id, context.project_id.clone(), context.user_id.clone(), flavor.clone());
            spec.image = image;
            spec.is_bfv = boots_from_volume;
            spec.image_meta = image_meta;
            spec.availability_zone = self.zone_to_remember(zone.clone().or(zone_of_volumes), host.as_ref());
            spec.force_hosts = host.into_iter().collect();
            spec.requested_destination = request.host.clone();
            spec.scheduler_hints = request.scheduler_hints.clone();
            spec.num_instances = number;
            spec.requested_resources = self.device_groups(&spec.flavor)?;
            let server = Server {
                id,
                number: 0,
                name: request.name.clone(),
                project_id: context.project_id.clone(),
                user_id: context.user_id.clone(),
                image,
                flavor,
                old_flavor: None,
                new_flavor: None,
                old_vm_state: None,
                vm_state: VmState::Building,
                task_state: SCHEDULING,
                power_state: PowerState::NoState,
                host: None,
                node: None,
                availability_zone: zone,
                root_device_name: None,
                block_devices: Vec::new(),
                network_info: Vec::new(),
                locked: false,
                progress: 0,
                created_at: self.services.clock.now(),
                launched_at: None,
                shelved: None,
                soft_deleted_at: None,
                deleted_at: None,
                faults: Vec::new(),
                reservation_id: reservation_id.clone(),
                launch_index: 0,
            };
            let devices = self.reserve_volumes_of_each(&ids, &request).await?;
            let mut request_specs = Vec::with_capacity(ids.len());
            for ((launch_index, id), block_devices) in (0..).zip(&ids).zip(devices) {
                let name = match number {
                    1 => request.name.clone(),
                    _ => format!("{}-{}", request.name, launch_index + 1),
                };
                let spec = RequestSpec { server: *id, ..spec.clone() };
                let server = Server { id: *id, name, launch_index, block_devices, ..server.clone() };
                self.records.create_server(server, spec.clone());
                // Without what holds for this request only.
                self.records.save_request_spec(&spec);
                if let Some(group) = &group {
                    self.records.join_server_group(group.id, *id);
                }
                request_specs.push(spec);
            }
            let method = Method::ScheduleAndBuildInstances { request_specs };
            self.cast(&context, id, Address::Conductor, method);
            Ok((id, Created { reservation_id, servers: ids }))
        })
        .await
    }

    /// What the servers of one request share, drawn by the first of them.
    fn reservation_id(&self, first: ServerId) -> String {
        const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let random = self.services.random.fork(&format!("reservation {first}"));
        let digit = |_| DIGITS.get(random.below(DIGITS.len() as u64) as usize).copied().unwrap_or(b'0');
        format!("r-{}", (0..8).map(digit).map(char::from).collect::<String>())
    }

    /// What the volume that a server boots from says as an image would; none when it says nothing.
    async fn image_of_boot_volume(&self, request: &CreateServer) -> Result<Option<ImageMeta>, ApiError> {
        let root = request.volumes.iter().find(|volume| volume.boot_index == Some(0));
        let Some(root) = root else { return Ok(None) };
        let properties = self.services.volumes.get(root.volume).await?.image_properties;
        Ok((!properties.is_empty()).then(|| ImageMeta {
            // It is no image of the image service.
            id: ImageId(root.volume.0),
            name: String::new(),
            disk_format: String::new(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties,
        }))
    }

    fn device_groups(&self, flavor: &model::Flavor) -> Result<Vec<RequestedGroup>, ApiError> {
        self.records.device_profiles().asked_by(flavor).map_err(|name| ApiError {
            code: 400,
            message: format!("Device profile name {name}: there is no such device profile."),
        })
    }

    /// The image to build from: the one that is named, or the first there is.
    async fn image_of(&self, request: &CreateServer) -> Result<ImageMeta, ApiError> {
        let first = || self.records.images().first().map(|image| image.id);
        let Some(id) = request.image.or_else(first) else {
            let message = "There is no image to build a server from".to_owned();
            return Err(ApiError { code: 400, message });
        };
        self.requested_image(id, || format!("Can not find requested image {id}")).await
    }

    /// A zone that is named must be that of a service that is not disabled, unless a host is forced.
    pub(super) fn check_zone(&self, zone: Option<&str>, host: Option<&HostName>) -> Result<(), ApiError> {
        let options = self.services.options.get();
        let in_zone = |zone: &str| {
            let mut open = self.records.services().into_iter().filter(|service| !service.disabled);
            open.any(|service| self.records.aggregates().zone_of(&service.host, &options) == zone)
        };
        let pretended = |zone: &str| self.records.aggregates().is_pretended(zone);
        if host.is_some() || zone.is_none_or(|zone| in_zone(zone) || pretended(zone)) {
            return Ok(());
        }
        Err(ApiError { code: 400, message: "The requested availability zone is not available".to_owned() })
    }

    /// The zone that later moves are bound to. A forced host of another zone makes the zone void.
    fn zone_to_remember(&self, zone: Option<String>, forced: Option<&HostName>) -> Option<String> {
        let default = self.services.options.get().default_availability_zone.0.clone();
        zone.filter(|zone| forced.is_none() || *zone == default)
    }
}
