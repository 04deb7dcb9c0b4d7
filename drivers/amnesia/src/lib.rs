//! The agent forgets its guests when it restarts: they are there, and it knows nothing of them.
//!
//! In Nova nothing stands for it; it is what a driver does that keeps its guests in memory, or whose database was restored
//! from an old copy. A forgotten guest is not listed and cannot be found; to destroy it does nothing, so it stays for ever. A
//! server whose guest is made again (by `spawn`, a move or a hard reboot) is known again. A restart is a second `init_host`:
//! of the service, or of an agent that has died.

use novarig_driver_sdk::{
    Call, DestroyRequest, Driver, Instance, Intercept, Layer, Uuid, VirtError, below, durable, export_driver,
    layer, log,
};

#[derive(Default)]
struct Amnesia;

/// Drawers of durable storage: identifiers and names of forgotten guests.
const UUIDS: &str = "uuid/";
const NAMES: &str = "name/";
const STARTED: &str = "started";

/// Methods that need a guest.
const NEED_A_GUEST: &[&str] = &[
    "get_info",
    "power_off",
    "power_on",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "rescue",
    "unrescue",
    "soft_delete",
    "restore",
    "trigger_crash_dump",
    "get_console_output",
    "get_vnc_console",
    "get_spice_console",
    "get_serial_console",
    "get_mks_console",
    "get_diagnostics",
    "get_instance_diagnostics",
    "set_admin_password",
    "snapshot",
    "attach_volume",
    "detach_volume",
    "swap_volume",
    "extend_volume",
    "attach_interface",
    "detach_interface",
    "migrate_disk_and_power_off",
    "live_migration",
];

/// Methods that make one.
const MAKE_A_GUEST: &[&str] = &[
    "spawn",
    "rebuild",
    "reboot",
    "finish_migration",
    "finish_revert_migration",
    "post_live_migration_at_destination",
];

fn key(drawer: &str, name: &str) -> String {
    format!("{drawer}{name}")
}

fn is_forgotten(uuid: &str) -> bool {
    durable::get(&key(UUIDS, uuid)).is_some()
}

/// What the driver below does not know either counts as no guest.
fn none_if_not_offered<T: Default>(answer: Result<T, VirtError>) -> Result<T, VirtError> {
    match answer {
        Err(VirtError::NotImplemented) => Ok(T::default()),
        answer => answer,
    }
}

#[layer]
impl Driver<Layer> for Amnesia {
    async fn init_host(&self, host: String) -> Result<(), VirtError> {
        below::init_host(host).await?;
        if durable::get(STARTED).is_some() {
            let uuids = none_if_not_offered(below::list_instance_uuids().await)?;
            log::info(&format!("forgets {} guests", uuids.len()));
            for uuid in uuids {
                durable::set(&key(UUIDS, &uuid), &[]);
            }
            for name in none_if_not_offered(below::list_instances().await)? {
                durable::set(&key(NAMES, &name), &[]);
            }
        }
        durable::set(STARTED, &[]);
        Ok(())
    }

    async fn list_instances(&self) -> Result<Vec<String>, VirtError> {
        let mut names = below::list_instances().await?;
        names.retain(|name| durable::get(&key(NAMES, name)).is_none());
        Ok(names)
    }

    async fn list_instance_uuids(&self) -> Result<Vec<Uuid>, VirtError> {
        let mut uuids = below::list_instance_uuids().await?;
        uuids.retain(|uuid| !is_forgotten(uuid));
        Ok(uuids)
    }

    async fn get_num_instances(&self) -> Result<u32, VirtError> {
        let known = Driver::<Layer>::list_instances(self).await?.len();
        Ok(u32::try_from(known).unwrap_or(u32::MAX))
    }

    async fn instance_exists(&self, instance: Instance) -> Result<bool, VirtError> {
        if is_forgotten(&instance.uuid) {
            return Ok(false);
        }
        below::instance_exists(instance).await
    }

    async fn destroy(&self, request: DestroyRequest) -> Result<(), VirtError> {
        if is_forgotten(&request.instance.uuid) {
            log::warning(&format!("knows no guest of {}", request.instance.uuid));
            return Ok(());
        }
        below::destroy(request).await
    }
}

impl Intercept for Amnesia {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        match &call.instance {
            Some(instance) if NEED_A_GUEST.contains(&call.method) && is_forgotten(&instance.uuid) => {
                Err(VirtError::InstanceNotFound(instance.uuid.clone()))
            }
            _ => Ok(()),
        }
    }

    async fn after(&self, call: &Call, outcome: Result<(), VirtError>) -> Option<VirtError> {
        if let Some(instance) = &call.instance
            && outcome.is_ok()
            && MAKE_A_GUEST.contains(&call.method)
        {
            durable::delete(&key(UUIDS, &instance.uuid));
            durable::delete(&key(NAMES, &instance.name));
        }
        None
    }
}

export_driver! {
    Amnesia: layer + intercept,
    name: "amnesia",
    summary: "The agent forgets its guests when it restarts, although they are still there",
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, call, flavor, instance, run};

    fn start() {
        run(Amnesia.init_host("host1".to_owned())).unwrap();
    }

    #[test]
    fn guests_are_known_until_the_agent_restarts_and_again_when_they_are_made_again() {
        testing::below("init_host", [Ok(())]);
        testing::below("list_instance_uuids", [Ok(vec!["a".to_owned()])]);
        testing::below("list_instances", [Ok(vec!["instance-a".to_owned()])]);
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        let get_info = || run(Amnesia.before(&call("get_info", Some(&server))));
        let names = || run(Driver::<Layer>::list_instances(&Amnesia)).unwrap();
        start();
        assert_eq!((get_info(), names().len()), (Ok(()), 1));
        start();
        assert_eq!(get_info(), Err(VirtError::InstanceNotFound("a".to_owned())));
        assert_eq!((names().len(), run(Amnesia.get_num_instances()).unwrap()), (0, 0));
        assert!(run(Amnesia.list_instance_uuids()).unwrap().is_empty());
        assert!(!run(Amnesia.instance_exists(server.clone())).unwrap());
        assert_eq!(run(Amnesia.after(&call("spawn", Some(&server)), Ok(()))), None);
        assert_eq!((get_info(), names().len()), (Ok(()), 1));
    }
}
