//! The shipped drivers through the boundary. A driver without a module here does not compile.

macro_rules! has_tests {
    ($driver:ident) => {
        #[expect(unused_imports, reason = "only has to exist")]
        use self::$driver as _;
    };
}
drivers::foreach_driver!(has_tests);

use crate::shipped_layers::{
    amnesia, build_abort, fail, fail_unshelve_spawn, flaky, hang, liar, live_migrate, lost_reply, reschedule,
    slow, trap, zombie,
};

mod fake {
    use crate::common::{self, instance, migrate_disk, resize_to, simulate, spawn, start};
    use virt::types::{Capability, InstanceInfo, PowerState, VirtError};
    use virt::{CallError, Hypervisor};

    #[test]
    fn every_method_of_the_contract_can_be_called() {
        simulate(async {
            let (host, _) = start("fake");
            host.init_host("host1".to_owned()).await.unwrap();
            assert_eq!(host.get_available_nodes(false).await.unwrap(), ["host1"]);
            assert_eq!(host.get_nodenames_by_uuid(false).await.unwrap()[0].1, "host1");
            assert!(host.node_is_available("host1".to_owned()).await.unwrap());
            assert_eq!(host.get_host_ip_addr().await.unwrap(), "192.168.0.1");
            let binding = host.network_binding_host_id(instance("a")).await.unwrap();
            assert_eq!(binding.as_deref(), Some("host1"));
            assert!(host.capabilities().await.unwrap().contains(&Capability::SupportsMultiattach));
            let resources = host.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
            assert_eq!((resources.vcpus, resources.memory_mb, resources.local_gb), (1000, 800_000, 600_000));

            host.prepare_for_spawn(instance("a")).await.unwrap();
            host.prepare_networks_before_block_device_mapping(instance("a"), common::network_info())
                .await
                .unwrap();
            assert_eq!(
                host.default_root_device_name(instance("a"), common::no_image(), None).await,
                Err(CallError::Raised(VirtError::NotImplemented))
            );
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(
                host.get_info(instance("a"), true).await.unwrap(),
                InstanceInfo { state: PowerState::Running, internal_id: None }
            );
            assert_eq!(host.get_num_instances().await.unwrap(), 1);
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            assert_eq!(host.list_instance_uuids().await.unwrap(), ["a"]);
            assert!(host.instance_exists(instance("a")).await.unwrap());
            host.plug_vifs(instance("a"), common::network_info()).await.unwrap();
            host.unplug_vifs(instance("a"), common::network_info()).await.unwrap();
            assert_eq!(host.get_volume_connector(instance("a")).await.unwrap().host, "host1");
            host.power_off(instance("a"), 60, 10).await.unwrap();
            host.power_on(common::power_on("a")).await.unwrap();
            assert_eq!(host.migrate_disk_and_power_off(migrate_disk("a")).await.unwrap(), None);
            assert_eq!(host.list_instances().await.unwrap(), [""; 0]);
            host.confirm_migration(resize_to("host2"), instance("a"), vec![]).await.unwrap();
            host.destroy(common::destroy("a")).await.unwrap();
            assert_eq!(
                host.check_instance_shared_storage_local(instance("a")).await,
                Err(CallError::Raised(VirtError::NotImplemented))
            );
            host.check_instance_shared_storage_cleanup(String::new()).await.unwrap();
            host.cleanup_host("host1".to_owned()).await.unwrap();
            assert_eq!(host.deaths(), 0);
        });
    }

    #[test]
    fn its_guests_outlive_its_agent_and_its_service() {
        simulate(async {
            let (host, env) = start("fake");
            host.init_host("host1".to_owned()).await.unwrap();
            host.spawn(spawn("a")).await.unwrap();
            let uuid = host.get_nodenames_by_uuid(true).await.unwrap();
            drop(host);
            let host = Hypervisor::start(common::prepare("fake"), env);
            host.init_host("host1".to_owned()).await.unwrap();
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            assert_eq!(host.get_nodenames_by_uuid(true).await.unwrap(), uuid);
        });
    }

    #[test]
    fn settings_reach_it() {
        simulate(async {
            let (host, _) = start("fake(size=small,vcpus=8)");
            let resources = host.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
            assert_eq!((resources.vcpus, resources.memory_mb, resources.local_gb), (8, 8192, 1028));
        });
    }
}

mod fail_finish_migration {
    use crate::common::{finish_migration, simulate, spawn, start};
    use model::{ExceptionClass, NovaError};
    use virt::CallError;
    use virt::types::VirtError;

    #[test]
    fn finish_migration_raises_and_everything_else_goes_to_the_driver_below() {
        simulate(async {
            let (host, _) = start("fake(vcpus=2)+fail-finish-migration");
            host.init_host("host1".to_owned()).await.unwrap();
            let error = host.finish_migration(finish_migration("a", "host1")).await.unwrap_err();
            let message = "Virtual Interface creation failed".to_owned();
            assert_eq!(error, CallError::Raised(VirtError::VirtualInterfaceCreate(message.clone())));
            assert_eq!(
                NovaError::from(error),
                NovaError::new(ExceptionClass::VirtualInterfaceCreateException, message)
            );
            host.spawn(spawn("a")).await.unwrap();
            assert_eq!(host.list_instances().await.unwrap(), ["a"]);
            assert_eq!(host.get_available_resource("host1".to_owned()).await.unwrap().unwrap().vcpus, 2);
        });
    }
}
