//! A layer for tests that does in one method what no driver may do. It is built by the tests that use it.

use novarig_driver_sdk::{
    Driver, FinishMigrationRequest, Instance, Layer, SpawnRequest, VirtError, below, export_driver, settings,
};

#[derive(Default)]
struct Misbehave;

/// Does it, if it is meant to be done in this method.
fn misbehave_in(method: &str) {
    if settings::text("method").as_deref() != Some(method) {
        return;
    }
    match settings::text("how").as_deref() {
        Some("panic") => panic!("no more"),
        Some("loop") => {
            let mut number = 0_u64;
            loop {
                number = std::hint::black_box(number.wrapping_add(1));
            }
        }
        Some("memory") => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
            }
        }
        _ => drop(std::hint::black_box(deeper(1))),
    }
}

/// Calls itself until the stack is full.
fn deeper(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX {
        depth
    } else {
        deeper(depth + 1).wrapping_add(std::hint::black_box(1))
    }
}

impl Driver<Layer> for Misbehave {
    async fn init_host(&self, host: String) -> Result<(), VirtError> {
        misbehave_in("init_host");
        below::init_host(host).await
    }

    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        misbehave_in("spawn");
        below::spawn(request).await
    }

    async fn power_off(
        &self,
        instance: Instance,
        timeout: u32,
        retry_interval: u32,
    ) -> Result<(), VirtError> {
        misbehave_in("power_off");
        below::power_off(instance, timeout, retry_interval).await
    }

    async fn finish_migration(&self, request: FinishMigrationRequest) -> Result<(), VirtError> {
        misbehave_in("finish_migration");
        below::finish_migration(request).await
    }
}

export_driver! {
    Misbehave: layer,
    name: "misbehave",
    summary: "Does in one method what no driver may do",
    settings: {
        method: one_of["init_host", "spawn", "power_off", "finish_migration"] = "spawn", "Where";
        how: one_of["panic", "loop", "memory", "stack"] = "panic", "What";
    },
}
