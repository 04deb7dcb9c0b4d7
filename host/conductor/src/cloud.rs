//! A whole control plane: the services of one cloud, assembled on one thread.

use crate::compute_api::ComputeApi;
use crate::image_service::ImageService;
use crate::manager::ConductorManager;
use crate::network_service::NetworkService;
use crate::records::{Retention, StateOfRecord};
use crate::volume_service::VolumeService;
use compute::{
    ComputeManager, PeriodicTask, Records, ReportClient, ServiceFaults, Services, Shared, StartError,
};
use model::rpc::Address;
use model::{
    ComputeNode, Fix, Flavor, HostName, ImageId, ImageMeta, NovaError, Options, Switches, Timestamp,
};
use placement::Placement;
use runtime::{Bus, Clock, Delays, Delivery, Handler, Notifier, Randomness, Tasks, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use uuid::uuid;
use virt::{FaultPlan, Hypervisor, PreparedStack, Swap};

/// The image every Nova functional test finds first.
const DEFAULT_IMAGE: ImageId = ImageId(uuid!("155d900f-4e14-4e4c-a73d-069cbf4541e6"));

/// What a cloud is made with.
#[derive(Clone, Debug, Default)]
pub struct CloudConfig {
    /// The seed of everything random.
    pub seed: u64,
    /// What its clock shows at first; none is [`Timestamp::SIMULATION_START`].
    pub epoch: Option<Timestamp>,
    /// The largest delay of a message in milliseconds; none delivers at once.
    pub max_delivery_delay_ms: Option<u64>,
    /// The seed of these delays, if they are to have one of their own: another order of deliveries, all else being the same.
    pub delivery_seed: Option<u64>,
    /// Whether a trace is kept.
    pub trace: bool,
    /// How much is kept of what is over.
    pub retention: Retention,
    /// Configuration options.
    pub options: Options,
    /// Which known defects are on.
    pub switches: Switches,
}

/// An operation on a host that is not there, or not in the right state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// No such host.
    #[error("there is no compute host {0}; the hosts are: {known}", known = .1.join(", "))]
    Unknown(HostName, Vec<String>),
    /// It was started before.
    #[error("there is a compute host {0} already")]
    Exists(HostName),
    /// Its service did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its service record was deleted, and its hypervisor has guests.
    #[error(
        "InvalidConfiguration: {0} does not start: its hypervisor has guests, but its service record was deleted, so that it \
         appears to be a new service"
    )]
    Stranger(HostName),
    /// Its driver raised.
    #[error("{0}: {1}")]
    Driver(HostName, NovaError),
}

/// A compute host: its hypervisor, and the service that looks after it while it runs.
struct Host {
    hypervisor: Hypervisor,
    manager: Option<Rc<ComputeManager>>,
    /// Whether the last service that was to be started died before it listened.
    died_starting: bool,
}

/// One cloud. It lives within a tokio `LocalSet`.
pub struct Cloud {
    services: Services,
    records: Rc<StateOfRecord>,
    network: Rc<NetworkService>,
    volumes: Rc<VolumeService>,
    service_faults: ServiceFaults,
    placement: Shared<Placement>,
    api: ComputeApi,
    faults: FaultPlan,
    hosts: RefCell<BTreeMap<HostName, Host>>,
    started: RefCell<Vec<HostName>>,
}

impl Cloud {
    /// A cloud without hosts, with Nova's default flavors and one image.
    pub fn new(config: CloudConfig) -> Self {
        let clock = Clock::starting_at(config.epoch.unwrap_or(Timestamp::SIMULATION_START));
        let trace = if config.trace {
            Trace::on_for(clock, config.retention.trace_records)
        } else {
            Trace::off(clock)
        };
        let random = Randomness::from_seed(config.seed);
        let tasks = Tasks::default();
        let delays = match config.max_delivery_delay_ms {
            Some(milliseconds) => {
                let own = config.delivery_seed.map(Randomness::from_seed);
                Delays::UpTo { milliseconds, random: own.as_ref().unwrap_or(&random).fork("bus") }
            }
            None => Delays::None,
        };
        let timeout = config.options.rpc_response_timeout;
        let switches = Rc::new(config.switches);
        let delivery = Delivery {
            arrives: switches.fixes(Fix::MessagesArrive),
            once: switches.fixes(Fix::MessagesComeOnce),
        };
        let records =
            Rc::new(StateOfRecord::new(clock, trace.clone(), Rc::clone(&switches), config.retention));
        let service_faults = ServiceFaults::default();
        let network =
            Rc::new(NetworkService::new(random.fork("network"), trace.clone(), service_faults.clone()));
        let volumes = Rc::new(VolumeService::new(
            random.fork("volumes"),
            trace.clone(),
            service_faults.clone(),
            DEFAULT_IMAGE,
        ));
        let plugs = Rc::clone(&network);
        records.on_archive(Rc::new(move |server| plugs.forget(server)));
        let images = ImageService::new(Rc::clone(&records), trace.clone(), service_faults.clone());
        let placement = Shared::new(Placement::new());
        let services = Services {
            clock,
            bus: Bus::new(clock, trace.clone(), tasks.clone(), delays, delivery, timeout),
            notifier: Notifier::new(clock, trace.clone(), config.retention.notifications),
            records: Rc::clone(&records) as Rc<dyn Records>,
            report_client: ReportClient::new(placement.clone(), trace.clone()),
            network: Rc::clone(&network) as Rc<dyn compute::NetworkApi>,
            volumes: Rc::clone(&volumes) as Rc<dyn compute::VolumeApi>,
            images: Rc::new(images),
            options: Shared::new(config.options),
            instance_events: compute::InstanceEvents::default(),
            crashes: compute::Crashes::default(),
            write_faults: compute::WriteFaults::default(),
            switches,
            random,
            trace,
            tasks,
        };
        Flavor::defaults().into_iter().for_each(|flavor| records.put_flavor(flavor));
        records.put_image(ImageMeta {
            id: DEFAULT_IMAGE,
            name: "fakeimage123456".to_owned(),
            disk_format: "raw".to_owned(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties: BTreeMap::new(),
        });
        let conductor = Rc::new(ConductorManager::new(services.clone(), Rc::clone(&records)));
        services.bus.listen(Address::Conductor, conductor as Rc<dyn Handler>);
        Self {
            api: ComputeApi::new(services.clone(), Rc::clone(&records)),
            services,
            records,
            network,
            volumes,
            service_faults,
            placement,
            faults: FaultPlan::new(),
            hosts: RefCell::default(),
            started: RefCell::default(),
        }
    }

    /// Starts a compute host on a hypervisor of its own.
    pub async fn start_compute(&self, host: HostName, stack: PreparedStack) -> Result<(), HostError> {
        if self.hosts.borrow().contains_key(&host) {
            return Err(HostError::Exists(host));
        }
        let hypervisor = ComputeManager::hypervisor(&host, stack, self.faults.clone(), &self.services);
        let entry = Host { hypervisor: hypervisor.clone(), manager: None, died_starting: false };
        self.hosts.borrow_mut().insert(host.clone(), entry);
        self.started.borrow_mut().push(host.clone());
        self.start_service(host, hypervisor).await
    }

    /// Starts the service of a host that was stopped; its guests are as the hypervisor kept them.
    pub async fn restart_compute(&self, host: &HostName) -> Result<(), HostError> {
        self.stop_compute(host).await?;
        let hypervisor = self.hypervisor(host)?;
        self.check_is_no_stranger(host, &hypervisor).await?;
        self.start_service(host.clone(), hypervisor).await
    }

    /// A service whose record was deleted takes itself for a new one, which has no guests; with guests it does not start
    /// (`nova/compute/manager.py, _sanity_check_new_host`).
    async fn check_is_no_stranger(&self, host: &HostName, hypervisor: &Hypervisor) -> Result<(), HostError> {
        if self.records.services().iter().any(|service| &service.host == host) {
            return Ok(());
        }
        match hypervisor.list_instance_uuids().await {
            Ok(guests) if guests.is_empty() => Ok(()),
            Ok(_) => Err(HostError::Stranger(host.clone())),
            Err(error) => Err(HostError::Driver(host.clone(), error.into())),
        }
    }

    /// Starts the service of a host, running or not, on a hypervisor that knows no guests.
    pub async fn renew_compute(&self, host: &HostName, stack: PreparedStack) -> Result<(), HostError> {
        self.stop_compute(host).await?;
        let hypervisor = ComputeManager::hypervisor(host, stack, self.faults.clone(), &self.services);
        if let Some(entry) = self.hosts.borrow_mut().get_mut(host) {
            entry.hypervisor = hypervisor.clone();
        }
        self.start_service(host.clone(), hypervisor).await
    }

    /// Stops the service of a host, as when its process ends. Guests go on; messages for it wait.
    pub async fn stop_compute(&self, host: &HostName) -> Result<(), HostError> {
        let manager = self.manager_of(host)?;
        if let Some(entry) = self.hosts.borrow_mut().get_mut(host) {
            entry.died_starting = false;
        }
        let Some(manager) = manager else { return Ok(()) };
        let stopped = manager.stop().await;
        if let Some(entry) = self.hosts.borrow_mut().get_mut(host) {
            entry.manager = None;
        }
        let now = self.services.clock.now();
        self.records.update_service(host, |service| {
            service.running = false;
            service.last_seen_up = Some(now);
        });
        // A driver that fails at the end of its service changes nothing about that end.
        drop(stopped);
        Ok(())
    }

    /// Exchanges the stack of a host, running service or not, and restarts nothing ([`Hypervisor::swap`]).
    ///
    /// # Errors
    /// [`HostError::Driver`] when the new stack fails to begin or guests would be lost; the host keeps the stack that it has.
    pub async fn swap_driver(&self, host: &HostName, stack: PreparedStack) -> Result<Swap, HostError> {
        let swapped = self.hypervisor(host)?.swap(stack).await;
        swapped.map_err(|error| HostError::Driver(host.clone(), error.into()))
    }

    async fn start_service(&self, host: HostName, hypervisor: Hypervisor) -> Result<(), HostError> {
        let started = ComputeManager::start(host.clone(), hypervisor, self.services.clone()).await;
        if let Some(entry) = self.hosts.borrow_mut().get_mut(&host) {
            entry.died_starting = started.as_ref().is_err_and(|error| error.died);
            entry.manager = started.as_ref().ok().cloned();
        }
        started?;
        let now = self.services.clock.now();
        self.records.update_service(&host, |service| {
            service.running = true;
            service.last_seen_up = Some(now);
        });
        Ok(())
    }

    /// Runs `update_available_resource` on every host whose service runs, in the order they were started. The first
    /// error is answered after all have run.
    pub async fn run_periodics(&self) -> Result<(), HostError> {
        let mut outcome = Ok(());
        for host in self.host_names() {
            outcome = outcome.and(self.update_available_resource(&host).await);
        }
        outcome
    }

    /// Runs `update_available_resource` on one host; on one whose service does not run nothing happens.
    pub async fn update_available_resource(&self, host: &HostName) -> Result<(), HostError> {
        let Some(manager) = self.manager_of(host)? else { return Ok(()) };
        let updated = manager.update_available_resource().await;
        updated.map_err(|error| HostError::Driver(host.clone(), error))
    }

    /// Runs a periodic task on every host whose service runs, in the order they were started.
    pub async fn run_periodic(&self, task: PeriodicTask) -> Result<(), HostError> {
        for host in self.host_names() {
            self.run_periodic_on(&host, task).await?;
        }
        Ok(())
    }

    /// Runs a periodic task on one host; on one whose service does not run nothing happens.
    pub async fn run_periodic_on(&self, host: &HostName, task: PeriodicTask) -> Result<(), HostError> {
        if let Some(manager) = self.manager_of(host)? {
            manager.run_periodic(task).await;
        }
        Ok(())
    }

    /// Lets go of the services, which hold the bus that holds them: else nothing of the cloud would ever be freed.
    pub fn dissolve(&self) {
        let bus = &self.services.bus;
        self.services.crashes.forget();
        bus.leave(&Address::Conductor);
        for host in self.host_names() {
            bus.leave(&Address::Compute(host));
        }
    }

    /// The hosts whose compute service died and was not started since.
    pub fn crashed_hosts(&self) -> Vec<HostName> {
        let hosts = self.hosts.borrow();
        let crashed = hosts.iter().filter(|(_, host)| {
            host.died_starting || host.manager.as_ref().is_some_and(|manager| manager.crashed())
        });
        crashed.map(|(name, _)| name.clone()).collect()
    }

    /// Waits until no message is under way and no handler runs.
    pub async fn at_rest(&self) {
        self.services.tasks.at_rest().await;
    }

    /// The hosts, in the order they were started.
    pub fn host_names(&self) -> Vec<HostName> {
        self.started.borrow().clone()
    }

    /// The hypervisor of a host, also while its service is stopped.
    pub fn hypervisor(&self, host: &HostName) -> Result<Hypervisor, HostError> {
        self.hosts.borrow().get(host).map(|entry| entry.hypervisor.clone()).ok_or_else(|| self.unknown(host))
    }

    /// The manager of a host whose service runs.
    fn manager_of(&self, host: &HostName) -> Result<Option<Rc<ComputeManager>>, HostError> {
        let hosts = self.hosts.borrow();
        let entry = hosts.get(host).ok_or_else(|| self.unknown(host))?;
        Ok(entry.manager.clone().filter(|manager| !manager.crashed()))
    }

    fn unknown(&self, host: &HostName) -> HostError {
        HostError::Unknown(host.clone(), self.host_names().iter().map(ToString::to_string).collect())
    }

    /// What users ask.
    pub fn api(&self) -> &ComputeApi {
        &self.api
    }

    /// The state of record.
    pub fn records(&self) -> &StateOfRecord {
        &self.records
    }

    /// The node record of a host.
    pub fn compute_node(&self, host: &HostName) -> Option<ComputeNode> {
        self.records.compute_node(host)
    }

    /// The node records of all hosts whose service runs, as their next resource update would count them.
    pub fn recounted_nodes(&self) -> Vec<ComputeNode> {
        let hosts = self.hosts.borrow();
        let running = hosts.values().filter_map(|host| host.manager.as_ref());
        running.filter(|manager| !manager.crashed()).filter_map(|manager| manager.recounted_node()).collect()
    }

    /// The same, to be kept.
    pub fn shared_records(&self) -> Rc<StateOfRecord> {
        Rc::clone(&self.records)
    }

    /// The network service, for those that outlive a call.
    pub fn shared_network(&self) -> Rc<NetworkService> {
        Rc::clone(&self.network)
    }

    /// Placement.
    pub fn placement(&self) -> &Shared<Placement> {
        &self.placement
    }

    /// The network service.
    pub fn network(&self) -> &NetworkService {
        &self.network
    }

    /// The volume service.
    pub fn volumes(&self) -> &VolumeService {
        &self.volumes
    }

    /// How many records of each kind the cloud has in memory, by name: what must not grow for ever in one that is left running.
    pub fn census(&self) -> BTreeMap<&'static str, usize> {
        let services = &self.services;
        let placement = self.placement.get();
        let others = [
            ("notifications", services.notifier.kept()),
            ("trace records", services.trace.records().len()),
            ("waiting messages", services.bus.waiting()),
            ("tasks", services.tasks.running()),
            ("waits for events", services.instance_events.waiting()),
            ("hosts", self.hosts.borrow().len()),
            ("providers", placement.providers().count()),
            ("consumers", placement.consumers().count()),
        ];
        let mut census: BTreeMap<_, _> = self.records.census().into_iter().chain(others).collect();
        census.extend(self.network.census());
        census.extend(self.volumes.census());
        census
    }

    /// Whether everything but the hypervisors can be read at this moment. It can whenever no task is at work; in the middle of
    /// one, as where an event is recorded, somebody may just be changing something.
    pub fn is_free(&self) -> bool {
        self.records.are_free()
            && self.network.is_free()
            && self.volumes.is_free()
            && self.placement.is_free()
            && self.services.options.is_free()
            && self.hosts.try_borrow().is_ok()
    }

    /// Stands still for good: no task goes on and no driver is called any more, until the cloud is read
    /// ([`FaultPlan::clear`] lets drivers be called again).
    pub fn halt(&self) {
        self.services.tasks.halt();
        self.faults.halt();
    }

    /// Which calls of the volume, network and image services fail.
    pub fn service_faults(&self) -> &ServiceFaults {
        &self.service_faults
    }

    /// The handles of the cloud's services.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Which driver calls fail.
    pub fn faults(&self) -> &FaultPlan {
        &self.faults
    }
}
