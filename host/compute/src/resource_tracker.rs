//! What the servers and migrations of this host use of its node (`nova/compute/resource_tracker.py`).
//!
//! The tracker keeps the node record: totals from the driver, usage from the servers and migrations it tracks. Between
//! two runs of the periodic `update_available_resource` it only follows the claims and saves that it is told of, as
//! Nova's does, so that what the node record shows between periodics is what Nova shows. It tells placement what the
//! driver reports: inventories, traits, child providers.

mod inventory;
mod usage;

use crate::services::Services;
use crate::virt_types;
use inventory::ManagedTraits;
pub(crate) use inventory::Provider;
use model::rpc::Address;
use model::{
    Bug, ComputeNode, Flavor, HostName, Migration, MigrationId, NovaError, ProviderId, Server, ServerId,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};
use usage::{Usage, tracked_flavor};
use virt::Hypervisor;

/// The tracker of one host, which has one node.
pub(crate) struct ResourceTracker {
    host: HostName,
    address: Address,
    services: Services,
    state: RefCell<Option<Node>>,
    managed_traits: RefCell<Option<FoundTraits>>,
    /// Held while somebody counts. What reads the driver's numbers before it counts does not need it.
    semaphore: Mutex<()>,
}

/// What [`ResourceTracker::managed_traits`] found, and of which instance of which driver.
struct FoundTraits {
    driver: Arc<str>,
    deaths: u64,
    traits: Rc<ManagedTraits>,
}

/// The node record and what it is made of.
struct Node {
    record: ComputeNode,
    usage: Usage,
    traits: Rc<ManagedTraits>,
}

impl ResourceTracker {
    pub(crate) fn new(host: HostName, services: Services) -> Self {
        let address = Address::Compute(host.clone());
        Self {
            host,
            address,
            services,
            state: RefCell::new(None),
            managed_traits: RefCell::new(None),
            semaphore: Mutex::new(()),
        }
    }

    /// The periodic: reads the driver's numbers, counts every server and migration of this host anew, drops the
    /// allocations of deleted servers, and tells placement (`update_available_resource`).
    pub(crate) async fn update_available_resource(&self, driver: &Hypervisor) -> Result<(), NovaError> {
        match self.available_node(driver).await? {
            Some(nodename) => self.update_node(driver, nodename).await,
            None => Ok(()),
        }
    }

    /// The host's node, if the driver has one at the moment.
    pub(crate) async fn available_node(&self, driver: &Hypervisor) -> Result<Option<String>, NovaError> {
        Ok(driver.get_available_nodes(true).await?.into_iter().next())
    }

    /// The periodic for one node (`_update_available_resource_for_node`).
    pub(crate) async fn update_node(&self, driver: &Hypervisor, nodename: String) -> Result<(), NovaError> {
        let Some(resources) = driver.get_available_resource(nodename.clone()).await? else { return Ok(()) };
        let _semaphore = self.enter().await;
        let id = match resources.uuid.as_deref().and_then(|uuid| uuid.parse().ok()) {
            Some(id) => id,
            None => self.node_id(driver, &nodename).await?,
        };
        let available = driver.node_is_available(nodename.clone()).await?;
        let traits = self.managed_traits(driver).await?;
        let records = &self.services.records;
        let former = records.compute_node(&self.host);
        let is_new = former.is_none();
        let now = self.services.clock.now();
        let mut record = {
            let options = self.services.options.get();
            virt_types::compute_node(&self.host, &nodename, id, resources, former, &options, now)
        };
        if !available {
            // It is known all the same, and counted once it is available.
            let usage = Usage::reserved(&self.services.options.get());
            if is_new {
                usage.write_to(&mut record);
                records.save_compute_node(record.clone()).await;
            }
            self.state.borrow_mut().get_or_insert(Node { record, usage, traits });
            return Ok(());
        }
        let migrations = records.migrations_in_progress_or_error(&self.host);
        let usage = self.count(&migrations);
        self.remove_deleted_servers_allocations(record.id, &migrations);
        usage.write_to(&mut record);
        *self.state.borrow_mut() = Some(Node { record, usage, traits });
        self.update(driver).await
    }

    /// Counts every server and migration of this host anew.
    fn count(&self, migrations: &[Migration]) -> Usage {
        let mut usage = Usage::reserved(&self.services.options.get());
        let servers = self.services.records.servers_on(&self.host);
        // A server that is being unshelved counts, although its record still says that it is offloaded.
        let unshelved = !self.services.switches.has(Bug::Bug2025480);
        let counts =
            |server: &&Server| usage::occupies_host(server) || unshelved && usage::is_arriving(server);
        for server in servers.iter().filter(counts) {
            usage.track_server(server, false);
        }
        for (migration, server) in self.counted_migrations(migrations) {
            if let Some(flavor) = tracked_flavor(&self.host, migration, &server, &usage) {
                usage.track_migration(&server, &flavor);
            }
        }
        usage
    }

    /// The node's record as the next run of the periodic would count it; none before the first. Nothing changes by it.
    pub(crate) fn recounted(&self) -> Option<ComputeNode> {
        let mut record = self.node()?;
        let migrations = self.services.records.migrations_in_progress_or_error(&self.host);
        self.count(&migrations).write_to(&mut record);
        Some(record)
    }

    /// The traits that follow from the driver's capabilities. They are an attribute of the driver's class in Nova
    /// (`ComputeDriver.capabilities`), so they are asked for once of each instance of a driver.
    async fn managed_traits(&self, driver: &Hypervisor) -> Result<Rc<ManagedTraits>, NovaError> {
        let deaths = driver.deaths();
        if let Some(found) = &*self.managed_traits.borrow()
            && found.driver == driver.driver()
            && found.deaths == deaths
        {
            return Ok(found.traits.clone());
        }
        let traits = Rc::new(ManagedTraits::of(&driver.capabilities().await?));
        self.managed_traits.replace(Some(FoundTraits {
            driver: driver.driver(),
            deaths,
            traits: traits.clone(),
        }));
        Ok(traits)
    }

    /// Takes the node for a server that is built here: the record gets host and node, its flavor counts from now on.
    pub(crate) async fn instance_claim(&self, driver: &Hypervisor, id: ServerId) -> Result<(), NovaError> {
        let _semaphore = self.enter().await;
        let node = self.claimable_node(driver).await?;
        let set_host = &mut |server: &mut Server| {
            server.host = Some(self.host.clone());
            server.node = Some(node.clone());
        };
        let server = self.services.records.update_server(id, crate::ExpectedTask::Any, set_host).await?;
        self.change(|usage| usage.track_server(&server, false));
        self.update(driver).await
    }

    /// Gives back what [`Self::instance_claim`] took. `unsaved` is what else is to be saved of the server.
    pub(crate) async fn abort_instance_claim(
        &self,
        driver: &Hypervisor,
        id: ServerId,
        unsaved: impl Fn(&mut Server),
    ) -> Result<(), NovaError> {
        let _semaphore = self.enter().await;
        if let Some(server) = self.services.records.server_even_deleted(id) {
            self.change(|usage| usage.track_server(&server, true));
        }
        let unset_host = &mut |server: &mut Server| {
            unsaved(server);
            server.host = None;
            server.node = None;
        };
        self.services.records.update_server(id, crate::ExpectedTask::Any, unset_host).await?;
        self.update(driver).await
    }

    /// Takes the node for a move to it: the migration names it as the destination, the new flavor counts from now on.
    pub(crate) async fn resize_claim(
        &self,
        driver: &Hypervisor,
        server: &Server,
        migration: MigrationId,
    ) -> Result<Migration, NovaError> {
        let _semaphore = self.enter().await;
        self.claimable_node(driver).await?;
        let address = driver.get_host_ip_addr().await?;
        let name_destination = &mut |migration: &mut Migration| {
            migration.dest_compute = Some(self.host.clone());
            migration.dest_host = Some(address.clone());
            migration.status = model::MigrationStatus::PreMigrating;
        };
        let migration = self.services.records.update_migration(migration, name_destination).await?;
        // In Nova the server gets its migration context here, which one that was deleted meanwhile cannot.
        self.services.records.server(server.id)?;
        self.change(|usage| {
            if let Some(flavor) = tracked_flavor(&self.host, &migration, server, usage) {
                usage.track_migration(server, &flavor);
            }
        });
        self.update(driver).await.map(|()| migration)
    }

    /// Gives back the share of a move that is over on this side: `flavor` is what it held here.
    pub(crate) async fn drop_move_claim(
        &self,
        driver: &Hypervisor,
        server: ServerId,
        flavor: &Flavor,
    ) -> Result<(), NovaError> {
        let _semaphore = self.enter().await;
        if let Some(server) = self.services.records.server_even_deleted(server) {
            self.change(|usage| usage.drop_move(&server, flavor));
        }
        self.update(driver).await?;
        self.change(|usage| usage.forget(server));
        Ok(())
    }

    /// Follows a change of a server that is tracked here: a state, or its end (`update_usage`).
    pub(crate) async fn update_usage(&self, driver: &Hypervisor, server: &Server) -> Result<(), NovaError> {
        let _semaphore = self.enter().await;
        if !self.node_is_available(driver).await? {
            return Ok(());
        }
        if self.change(|usage| usage.is_tracked(server.id) && usage.track_server(server, false)) {
            self.update(driver).await?;
        }
        Ok(())
    }

    /// The node's record as of now.
    pub(crate) fn node(&self) -> Option<ComputeNode> {
        self.state.borrow().as_ref().map(|node| node.record.clone())
    }

    async fn node_id(&self, driver: &Hypervisor, nodename: &str) -> Result<ProviderId, NovaError> {
        let named = driver.get_nodenames_by_uuid(false).await?;
        let found =
            named.into_iter().find(|(_, name)| name == nodename).and_then(|(uuid, _)| uuid.parse().ok());
        let known = || self.services.records.compute_node(&self.host).map(|node| node.id);
        Ok(found
            .or_else(known)
            .unwrap_or_else(|| self.services.random.fork(&format!("node {}", self.host)).uuid().into()))
    }

    /// Waits until nobody else counts on this host (`COMPUTE_RESOURCE_SEMAPHORE`, which is fair).
    async fn enter(&self) -> MutexGuard<'_, ()> {
        match self.semaphore.try_lock() {
            Ok(entered) => entered,
            Err(_) => self.semaphore.lock().await,
        }
    }

    /// The node's name, if a claim may be made on it.
    async fn claimable_node(&self, driver: &Hypervisor) -> Result<HostName, NovaError> {
        if self.node_is_available(driver).await?
            && let Some(node) = self.state.borrow().as_ref()
        {
            return Ok(node.record.hypervisor_hostname.clone());
        }
        Err(NovaError::compute_resources_unavailable(&format!("the node of {} is not available", self.host)))
    }

    async fn node_is_available(&self, driver: &Hypervisor) -> Result<bool, NovaError> {
        let name = self.state.borrow().as_ref().map(|node| node.record.hypervisor_hostname.to_string());
        match name {
            Some(name) => Ok(driver.node_is_available(name).await?),
            None => Ok(false),
        }
    }

    /// Changes the usage and what the record shows of it.
    fn change<R: Default>(&self, change: impl FnOnce(&mut Usage) -> R) -> R {
        let mut state = self.state.borrow_mut();
        let Some(node) = state.as_mut() else { return R::default() };
        let result = change(&mut node.usage);
        node.usage.write_to(&mut node.record);
        result
    }

    /// Tells placement and saves the node record (`_update`). When the driver fails to say what there is, the record is
    /// not saved either, and what was claimed shows with the next change (observed on 34.0.0).
    async fn update(&self, driver: &Hypervisor) -> Result<(), NovaError> {
        let node = self.state.borrow().as_ref().map(|node| (node.record.clone(), Rc::clone(&node.traits)));
        let Some((record, traits)) = node else { return Ok(()) };
        inventory::update_to_placement(&self.services, &self.address, driver, &record, &traits).await?;
        self.services.records.save_compute_node(record).await;
        Ok(())
    }

    /// The migrations that count in the node record: one a server, the newest, and only while the server is on the
    /// move (`_update_usage_from_migrations`).
    fn counted_migrations<'a>(&self, migrations: &'a [Migration]) -> Vec<(&'a Migration, Server)> {
        let newest = |migration: &Migration| {
            migrations
                .iter()
                .filter(|other| other.server == migration.server)
                .all(|other| (other.updated_at, other.number) <= (migration.updated_at, migration.number))
        };
        migrations
            .iter()
            .filter(|migration| newest(migration))
            .filter_map(|migration| Some((migration, self.services.records.server(migration.server).ok()?)))
            .filter(|(_, server)| usage::in_resize_state(server))
            .filter(|(_, server)| {
                // A server that has left but does not say yet which flavor it had here counted for nothing.
                let unknown = server.old_flavor.is_none() && !server.is_on(&self.host);
                !(unknown && self.services.switches.has(Bug::Bug1944759))
            })
            .collect()
    }

    /// Drops the allocations that deleted servers still hold on the node; everything else is left alone, whatever it
    /// is (`_remove_deleted_instances_allocations`).
    fn remove_deleted_servers_allocations(&self, node: ProviderId, migrations: &[Migration]) {
        for consumer in self.services.report_client.consumers_of(node) {
            let of_migration =
                migrations.iter().any(|migration| model::ConsumerId::from(migration.id) == consumer);
            let server = self.services.records.server_even_deleted(ServerId(consumer.0));
            if let Some(server) = server.filter(|server| server.deleted() && !of_migration) {
                let owner = crate::report_client::Owner::of(&server);
                // Somebody else changed the consumer meanwhile: the next run tries again.
                let _ = self.services.report_client.empty_allocations(&self.address, consumer, &owner);
            }
        }
    }
}
