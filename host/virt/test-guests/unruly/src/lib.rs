//! A driver that misbehaves on request: what `power_on` does goes by the name of the server, and some answers are not what
//! the contract allows.

use novarig_driver_sdk::{
    BlockDevice, DeviceNamesRequest, Driver, DriverTask, Instance, InstanceEvent, InstanceInfo,
    LifecycleEvent, LifecycleTransition, PowerOnRequest, PowerState, Uuid, VirtError, clock, durable,
    export_driver, log, random, settings, virtapi,
};
use std::cell::Cell;
use std::hint::black_box;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// What the driver knows for as long as its instance lives.
#[derive(Default)]
struct Unruly {
    calls: Cell<u32>,
}

/// Calls itself until the stack is full.
fn recurse(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { depth } else { recurse(depth + 1).wrapping_add(black_box(1)) }
}

/// Begins a call of the host and does not wait for it.
async fn begin(mut call: Pin<&mut impl Future<Output = ()>>) {
    std::future::poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await
}

impl Driver for Unruly {
    /// Counts its starts, and fails from the second on if the setting says so.
    async fn init_host(&self, _: String) -> Result<(), VirtError> {
        let starts = durable::get("starts").map_or(1, |starts| starts.len() + 1);
        durable::set("starts", &vec![1; starts]);
        if starts > 1 && settings::text("restart").as_deref() == Some("fail") {
            return Err(VirtError::Other("the hypervisor does not come back".to_owned()));
        }
        Ok(())
    }

    async fn power_on(&self, request: PowerOnRequest) -> Result<(), VirtError> {
        let instance = request.instance;
        self.calls.set(self.calls.get() + 1);
        match instance.name.as_str() {
            "panic" => panic!("no power for {}", instance.uuid),
            #[cfg(target_arch = "wasm32")]
            "trap" => core::arch::wasm32::unreachable(),
            "loop" => loop {
                black_box(());
            },
            "memory" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(black_box(vec![1; 1 << 20]));
                }
            }
            "recurse" => Err(VirtError::Other(recurse(0).to_string())),
            "flood" => {
                for line in 0..100_000 {
                    log::info(&format!("line {line} of very many"));
                }
                Ok(())
            }
            "fill" => {
                for key in 0_u64.. {
                    durable::set(&key.to_string(), &vec![0; 1 << 20]);
                }
                Ok(())
            }
            "sleep" => {
                clock::sleep(Duration::from_secs(10)).await;
                Ok(())
            }
            "hang" => {
                clock::sleep(Duration::from_secs(1_000 * 365 * 24 * 60 * 60)).await;
                Ok(())
            }
            "avalanche" => loop {
                let mut call = Box::pin(clock::sleep(Duration::from_secs(1_000_000)));
                begin(call.as_mut()).await;
                std::mem::forget(call);
            },
            "watches" => loop {
                let event = InstanceEvent { name: "network-vif-plugged".to_owned(), tag: String::new() };
                std::mem::forget(virtapi::InstanceEventWait::new(&instance, &[event], 300));
            },
            "events" => {
                for _ in 0..100_000 {
                    virtapi::emit_event(&LifecycleEvent {
                        instance: instance.uuid.clone(),
                        transition: LifecycleTransition::Started,
                        timestamp: None,
                    });
                }
                Ok(())
            }
            "shout" => {
                log::info(&"x".repeat(30 << 20));
                Ok(())
            }
            "manager" => {
                virtapi::emit_event(&LifecycleEvent {
                    instance: instance.uuid.clone(),
                    transition: LifecycleTransition::PostcopyStarted,
                    timestamp: None,
                });
                virtapi::update_task_state(instance.uuid, DriverTask::ImageUploading, None).await
            }
            name => {
                durable::set(&format!("on/{name}"), b"");
                log::info(&format!("{name} is on"));
                Ok(())
            }
        }
    }

    /// How many calls of `power_on` this instance has seen.
    async fn get_num_instances(&self) -> Result<u32, VirtError> {
        Ok(self.calls.get())
    }

    /// What was powered on, ever.
    async fn list_instances(&self) -> Result<Vec<String>, VirtError> {
        Ok(durable::keys("on/"))
    }

    /// Too much for one answer.
    async fn list_instance_uuids(&self) -> Result<Vec<Uuid>, VirtError> {
        Ok(vec!["x".repeat(20 << 20)])
    }

    /// Too many for one answer, each of them almost nothing.
    async fn default_device_names_for_instance(
        &self,
        request: DeviceNamesRequest,
    ) -> Result<Vec<BlockDevice>, VirtError> {
        Ok(vec![request.devices[0].clone(); 100_000])
    }

    /// Text that is not UTF-8.
    #[expect(unsafe_code, reason = "is meant to be wrong")]
    async fn get_host_ip_addr(&self) -> Result<String, VirtError> {
        // SAFETY: there is none; the host has to notice.
        Ok(unsafe { String::from_utf8_unchecked(black_box(vec![0xff, 0xfe])) })
    }

    /// A power state that does not exist.
    #[expect(unsafe_code, reason = "is meant to be wrong")]
    async fn get_info(&self, _: Instance, _: bool) -> Result<InstanceInfo, VirtError> {
        // SAFETY: there is none; the host has to notice.
        let state = unsafe { std::mem::transmute::<u8, PowerState>(black_box(77)) };
        Ok(InstanceInfo { state, internal_id: None })
    }

    /// A random number.
    async fn get_available_nodes(&self, _: bool) -> Result<Vec<String>, VirtError> {
        Ok(vec![random::next_u64().to_string()])
    }
}

export_driver! {
    Unruly: driver,
    name: "unruly",
    summary: "Misbehaves on request",
    settings: {
        restart: one_of["work", "fail"] = "work", "What init_host does after the first time";
    },
}
