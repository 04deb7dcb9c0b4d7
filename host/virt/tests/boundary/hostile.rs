//! More that a driver may try: tables, floods of answers, calls that never end, and calls that come back to it.

use crate::common::{engine, env, env_of, instance, library_with_guests, power_on, simulate};
use runtime::{Trace, TraceEvent};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use virt::types::{
    BlockDevice, BlockDeviceDestination, BlockDeviceSource, DeviceNamesRequest, DriverTask, Instance,
    InstanceEvent, LifecycleEvent, LifecycleTransition, Uuid, VirtError,
};
use virt::{
    CallError, EventWait, FailureCause, FakeVirtApi, Hypervisor, HypervisorEnv, Limits, LocalFuture, Method,
    PreparedStack, VirtApi,
};

fn prepare(stack: &str) -> PreparedStack {
    engine().prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap()
}

fn start(stack: &str, env: &HypervisorEnv) -> Hypervisor {
    Hypervisor::start(prepare(stack), env.clone())
}

/// A WebAssembly module in which the first table has this many elements from the start.
fn with_table_of(module: &[u8], elements: u32) -> Vec<u8> {
    const TABLE_SECTION: u8 = 4;
    let leb = |mut value: usize| {
        let mut bytes = Vec::new();
        loop {
            let byte = u8::try_from(value & 0x7f).unwrap();
            value >>= 7;
            bytes.push(if value == 0 { byte } else { byte | 0x80 });
            if value == 0 {
                return bytes;
            }
        }
    };
    let read = |bytes: &[u8]| {
        let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
        (value, length)
    };
    let mut changed = module[..8].to_vec();
    let mut rest = &module[8..];
    while let Some((&id, after)) = rest.split_first() {
        let (size, length) = read(after);
        let content = &after[length..length + size];
        if id == TABLE_SECTION {
            // One table of functions, no upper bound.
            let mut table = vec![1, 0x70, 0];
            table.extend(leb(usize::try_from(elements).unwrap()));
            changed.push(id);
            changed.extend(leb(table.len()));
            changed.extend(table);
        } else {
            changed.push(id);
            changed.extend(leb(size));
            changed.extend_from_slice(content);
        }
        rest = &after[length + size..];
    }
    changed
}

#[test]
fn a_table_larger_than_allowed_is_refused_and_other_hosts_notice_nothing() {
    simulate(async {
        let mut library = library_with_guests();
        library.add("wide", with_table_of(test_guests::UNRULY, 10_000_000));
        let env = env();
        let other = start("unruly", &env_of("host2", &env));
        let host =
            Hypervisor::start(engine().prepare(&"wide".parse().unwrap(), &library).unwrap(), env.clone());
        for _ in 0..2 {
            let Err(CallError::Failed(failure)) = host.get_num_instances().await else {
                panic!("no failure")
            };
            let text = failure.to_string();
            assert!(text.starts_with("driver wide of host host1, get_num_instances: "), "{text}");
            match failure.cause {
                FailureCause::TableTooLarge { wanted, limit } => {
                    assert_eq!((wanted, limit), (10_000_000, Limits::DEFAULT.table_elements));
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!(other.get_num_instances().await, Ok(0));
    });
}

/// A disk of which nothing is said.
pub(crate) fn no_device() -> BlockDevice {
    BlockDevice {
        uuid: String::new(),
        source_type: BlockDeviceSource::Blank,
        destination_type: BlockDeviceDestination::Local,
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
        snapshot_id: None,
        volume_type: None,
        encryption: None,
    }
}

#[test]
fn an_answer_of_very_many_small_parts_is_refused() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env);
        let request = DeviceNamesRequest {
            instance: instance("a"),
            root_device_name: String::new(),
            devices: vec![no_device()],
        };
        let Err(CallError::Failed(failure)) = host.default_device_names_for_instance(request).await else {
            panic!("no failure")
        };
        assert_eq!(failure.method, Method::DefaultDeviceNamesForInstance);
        assert!(matches!(failure.cause, FailureCause::InvalidAnswer { .. }), "{}", failure.cause);
        assert_eq!(host.get_num_instances().await, Ok(0));
    });
}

#[test]
fn a_call_that_never_ends_holds_up_nobody_but_its_caller() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env);
        let patience = Duration::from_secs(60);
        let hanging = tokio::time::timeout(patience, host.power_on(power_on("hang")));
        let (hanging, others) = tokio::join!(hanging, async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                host.power_on(power_on("quick")).await.unwrap();
            }
            host.get_num_instances().await
        });
        assert!(hanging.is_err(), "it ended: {hanging:?}");
        assert_eq!(others, Ok(11));
        assert_eq!(host.power_on(power_on("after")).await, Ok(()));
        assert_eq!(host.deaths(), 0);
    });
}

#[test]
fn a_call_that_never_ends_ends_with_its_agent() {
    simulate(async {
        let host = start("unruly", &env());
        let (hanging, trap) = tokio::join!(host.power_on(power_on("hang")), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            host.get_host_ip_addr().await
        });
        assert!(matches!(trap, Err(CallError::Failed(_))));
        let Err(CallError::Failed(failure)) = hanging else { panic!("not ended") };
        assert!(matches!(failure.cause, FailureCause::DiedMeanwhile { .. }), "{}", failure.cause);
    });
}

/// A manager that calls the driver while the driver waits for its answer.
struct Calling {
    driver: RefCell<Option<Hypervisor>>,
    events: RefCell<Vec<LifecycleEvent>>,
}

impl VirtApi for Calling {
    fn wait_for_instance_event(&self, a: Instance, b: Vec<InstanceEvent>, c: Duration) -> Rc<dyn EventWait> {
        FakeVirtApi.wait_for_instance_event(a, b, c)
    }

    fn update_compute_provider_status(&self, a: String, b: bool) -> LocalFuture<Result<(), String>> {
        FakeVirtApi.update_compute_provider_status(a, b)
    }

    fn emit_event(&self, event: LifecycleEvent) {
        self.events.borrow_mut().push(event);
    }

    fn update_task_state(
        &self,
        _: Uuid,
        task: DriverTask,
        _: Option<DriverTask>,
    ) -> LocalFuture<Result<(), VirtError>> {
        assert_eq!(task, DriverTask::ImageUploading);
        let driver = self.driver.borrow().clone();
        Box::pin(async move {
            let Some(driver) = driver else { return Err(VirtError::NotImplemented) };
            match driver.get_num_instances().await {
                Ok(calls) => Err(VirtError::Other(format!("{calls} calls so far"))),
                Err(error) => Err(VirtError::Other(error.to_string())),
            }
        })
    }
}

#[test]
fn the_manager_may_call_the_driver_while_the_driver_waits_for_the_manager() {
    simulate(async {
        let manager = Rc::new(Calling { driver: RefCell::default(), events: RefCell::default() });
        let mut env = env();
        env.virtapi = manager.clone();
        let host = start("unruly", &env);
        *manager.driver.borrow_mut() = Some(host.clone());
        assert_eq!(
            host.power_on(power_on("manager")).await,
            Err(CallError::Raised(VirtError::Other("1 calls so far".to_owned())))
        );
        let event = LifecycleEvent {
            instance: "manager".to_owned(),
            transition: LifecycleTransition::PostcopyStarted,
            timestamp: None,
        };
        assert_eq!(*manager.events.borrow(), [event]);
        let traced = env.trace.records().iter().any(|record| {
            matches!(&record.event, TraceEvent::DriverLog { message, .. }
                if message == "lifecycle event: guest manager postcopy_started")
        });
        assert!(traced);
        // The manager and the driver hold each other.
        manager.driver.borrow_mut().take();
    });
}

#[test]
fn what_a_manager_does_not_offer_is_raised_to_the_driver() {
    struct Nothing;
    impl VirtApi for Nothing {
        fn wait_for_instance_event(
            &self,
            a: Instance,
            b: Vec<InstanceEvent>,
            c: Duration,
        ) -> Rc<dyn EventWait> {
            FakeVirtApi.wait_for_instance_event(a, b, c)
        }

        fn update_compute_provider_status(&self, a: String, b: bool) -> LocalFuture<Result<(), String>> {
            FakeVirtApi.update_compute_provider_status(a, b)
        }
    }
    simulate(async {
        let mut env = env();
        env.virtapi = Rc::new(Nothing);
        let answer = start("unruly", &env).power_on(power_on("manager")).await;
        assert_eq!(answer, Err(CallError::Raised(VirtError::NotImplemented)));
    });
}

#[test]
fn a_storm_of_errors_and_of_deaths_leaves_no_memory_behind() {
    simulate(async {
        const MEMORY: usize = 16 << 20;
        let mut env = env();
        env.trace = Trace::off(env.clock);
        env.limits.memory = MEMORY;
        let host = start("unruly", &env);
        let round = async || {
            for _ in 0..100 {
                host.get_volume_connector(instance("a")).await.unwrap_err();
            }
            for name in ["memory", "panic", "recurse", "trap", "avalanche", "watches"] {
                host.power_on(power_on(name)).await.unwrap_err();
            }
            resident_kib()
        };
        // What is allocated once is there after some rounds.
        let mut before = 0;
        for _ in 0..5 {
            before = round().await;
        }
        let mut after = 0;
        const ROUNDS: usize = 60;
        for _ in 0..ROUNDS {
            after = round().await;
        }
        assert_eq!(host.deaths(), 6 * (5 + ROUNDS as u64));
        // Other tests of this process need memory too, but not as much as that.
        let leak = u64::try_from(MEMORY * ROUNDS / 1024).unwrap();
        assert!(after < before + leak / 2, "{before} KiB before, {after} KiB after");
    });
}

/// Memory of this process, in KiB; 0 where the system does not tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
