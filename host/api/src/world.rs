//! What the services of one process share: the cloud, and what is around it. It lives on the cloud's thread.

use crate::compute::Keypairs;
use crate::control::{Overrides, PlannedFault, describer};
use crate::heard::Heard;
use crate::identity::Identity;
use crate::image::Images;
use crate::network::Networks;
use crate::rig::{StandStill, TimeMode};
use crate::volume::Volumes;
use conductor::{Cloud, CloudConfig, HostError, Retention};
use model::ids::NetworkId;
use model::rpc::{Address, RequestContext};
use model::{HostName, NovaError, Options, Switches, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::uuid;
use virt::{Engine, Library, LoadError, PreparedStack, Stack, StackSyntaxError};

/// The driver of a host for which none is said, as in Nova's functional tests (`nova/tests/fixtures/conf.py`).
const TEST_DRIVER: &str = "fake.SmallFakeDriver";

/// Stacks that are kept ready to run.
const MAX_PREPARED: usize = 64;

/// How users are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// By tokens of the identity service.
    #[default]
    Keystone,
    /// By what their requests say of themselves.
    None,
}

/// A host that is there from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPlan {
    /// Its name.
    pub name: HostName,
    /// Its stack.
    pub stack: Stack,
}

/// What a served cloud is made with.
#[derive(Clone, Debug, Default)]
pub struct WorldConfig {
    /// How users are known.
    pub auth: AuthMode,
    /// Whether the control API is for administrators only: where others than this machine can reach it.
    pub guarded: bool,
    /// How time passes.
    pub time: TimeMode,
    /// The seed of everything random but tokens.
    pub seed: u64,
    /// Configuration options.
    pub options: Options,
    /// Which known defects are on.
    pub switches: Switches,
    /// The hosts.
    pub hosts: Vec<HostPlan>,
    /// Whether everything that happens is kept, to be read through the control API.
    pub trace: bool,
    /// How much is kept of what is over.
    pub retention: Retention,
    /// What must be true of the cloud, for the control API to say whether it is.
    pub oracle: Option<Oracle>,
}

/// Tells what is not as it must be in a cloud: a document for the control API.
pub type Oracle = fn(Rc<Cloud>) -> Pin<Box<dyn Future<Output = serde_json::Value>>>;

/// A stack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It is no stack.
    #[error(transparent)]
    Syntax(#[from] StackSyntaxError),
    /// It cannot be loaded.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// Its host did not start.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Everything the services share.
pub(crate) struct World {
    pub(crate) config: WorldConfig,
    engine: Engine,
    library: Library,
    prepared: RefCell<BTreeMap<String, PreparedStack>>,
    cloud: RefCell<Rc<Cloud>>,
    /// Users and tokens.
    pub(crate) identity: RefCell<Identity>,
    /// Images as the image service shows them.
    pub(crate) images: RefCell<Images>,
    /// Users' public keys.
    pub(crate) keypairs: RefCell<Keypairs>,
    /// What is kept of the network beside its ports.
    pub(crate) networks: RefCell<Networks>,
    /// Volumes as the volume service shows them.
    pub(crate) volumes: RefCell<Volumes>,
    /// Options that were set since the cloud was made.
    pub(crate) overrides: RefCell<Overrides>,
    /// Faults that were planned, as they were written.
    pub(crate) planned: RefCell<Vec<PlannedFault>>,
    /// The option `compute_driver`.
    pub(crate) driver: RefCell<String>,
    /// What went wrong in the background.
    heard: RefCell<Rc<RefCell<Heard>>>,
    /// Who keeps simulated time from moving.
    pub(crate) still: StandStill,
}

impl World {
    /// A world with a cloud without hosts. It must be made within the local set it is to live in.
    pub(crate) fn new(config: WorldConfig, engine: Engine, library: Library) -> Self {
        let still = StandStill::new(config.time);
        let cloud = Rc::new(new_cloud(&config, config.options.clone()));
        let images = Images::of_fixture(&cloud);
        let heard = RefCell::new(listen(&cloud));
        Self {
            identity: RefCell::new(Identity::seeded()),
            images: RefCell::new(images),
            config,
            engine,
            library,
            prepared: RefCell::default(),
            cloud: RefCell::new(cloud),
            keypairs: RefCell::default(),
            networks: RefCell::default(),
            volumes: RefCell::default(),
            overrides: RefCell::default(),
            planned: RefCell::default(),
            driver: RefCell::new(TEST_DRIVER.to_owned()),
            heard,
            still,
        }
    }

    /// The cloud there is now.
    pub(crate) fn cloud(&self) -> Rc<Cloud> {
        Rc::clone(&self.cloud.borrow())
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.cloud.borrow().services().clock.now()
    }

    /// Starts over with an empty cloud and what belongs to one. Users and tokens stay.
    pub(crate) fn reset(&self, options: Options) {
        let fresh = Rc::new(new_cloud(&self.config, options));
        self.images.replace(Images::of_fixture(&fresh));
        self.cloud.replace(fresh).dissolve();
        self.keypairs.take();
        self.networks.take();
        self.volumes.take();
        self.overrides.take();
        self.planned.take();
        self.driver.replace(TEST_DRIVER.to_owned());
        self.heard.replace(listen(&self.cloud()));
    }

    /// What went wrong in the background of the cloud there is now. While answers wait until all work that their requests
    /// began is done (`CastAsCallFixture`), the first error of each is kept.
    pub(crate) fn heard(&self) -> Rc<RefCell<Heard>> {
        Rc::clone(&self.heard.borrow())
    }

    /// Whether the identity service knows a project. Where users are taken at their word, every project is one.
    pub(crate) fn knows_project(&self, id: &str) -> bool {
        self.config.auth == AuthMode::None || self.identity.borrow().knows_project(id)
    }

    /// A stack that is ready to run; what was once prepared is kept.
    pub(crate) fn prepare(&self, text: &str) -> Result<PreparedStack, PrepareError> {
        let stack: Stack = text.parse()?;
        let key = stack.to_string();
        if let Some(ready) = self.prepared.borrow().get(&key) {
            return Ok(ready.clone());
        }
        let ready = self.engine.prepare(&stack, &self.library);
        let ready = ready.map_err(|error| PrepareError::Load(Box::new(error)))?;
        let mut prepared = self.prepared.borrow_mut();
        if prepared.len() == MAX_PREPARED {
            // What is used again is prepared again.
            prepared.clear();
        }
        prepared.insert(key, ready.clone());
        Ok(ready)
    }

    /// How many records of each kind the services around the cloud have in memory, by name.
    pub(crate) fn census(&self) -> [(&'static str, usize); 6] {
        [
            ("lines of the log", self.heard().borrow().lines()),
            ("errors of requests under way", self.heard().borrow().errors()),
            ("notes on ports", self.networks.borrow().notes()),
            ("notes on volumes", self.volumes.borrow().all().count()),
            ("stacks ready to run", self.prepared.borrow().len()),
            ("tokens", self.identity.borrow().tokens()),
        ]
    }

    /// Starts the hosts of the configuration.
    pub(crate) async fn start_hosts(&self) -> Result<(), PrepareError> {
        let cloud = self.cloud();
        for host in &self.config.hosts {
            let stack = self.prepare(&host.stack.to_string())?;
            cloud.start_compute(host.name.clone(), stack).await?;
        }
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.cloud.get_mut().dissolve();
    }
}

/// Listens to what goes wrong in a cloud from now on.
fn listen(cloud: &Cloud) -> Rc<RefCell<Heard>> {
    let heard = Rc::<RefCell<Heard>>::default();
    let (hear, clock) = (Rc::clone(&heard), cloud.services().clock);
    let listener = move |context: &RequestContext, error: &NovaError| {
        hear.borrow_mut().hear(clock.now(), context, error);
    };
    cloud.services().bus.on_failed_cast(Rc::new(listener));
    let (hear, clock) = (Rc::clone(&heard), cloud.services().clock);
    cloud.services().trace.on_log(Rc::new(move |service: &Address, level, message: &str| {
        hear.borrow_mut().read(clock.now(), service, level, message);
    }));
    heard
}

/// The network that every functional test of Nova's finds (`nova/tests/fixtures/neutron.py`).
const NETWORK: NetworkId = NetworkId(uuid!("3cb9bc59-5699-4588-a4b1-b87f96708bc6"));

fn new_cloud(config: &WorldConfig, options: Options) -> Cloud {
    let cloud = Cloud::new(CloudConfig {
        seed: config.seed,
        epoch: match config.time {
            TimeMode::Real => Some(wall_clock()),
            TimeMode::Virtual => None,
        },
        max_delivery_delay_ms: None,
        delivery_seed: None,
        trace: config.trace,
        retention: config.retention,
        options,
        switches: config.switches.clone(),
    });
    cloud.network().set_network_id(NETWORK);
    cloud.services().notifier.describe_with(describer(cloud.shared_records(), cloud.shared_network()));
    cloud
}

/// The time of this machine. From here on the cloud's own clock counts.
fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().after(since)
}
