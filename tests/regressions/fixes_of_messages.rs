//! What lost and doubled messages, and requests that come in between, leave behind, as it is and cured.

use super::told::*;
use crate::common::{says_no, strike_service};
use conductor::UnshelveServer;
use harness::TestCloud;
use model::{ExceptionClass, Fix, HostName, ServerId};
use runtime::MessageFault;

async fn boot(cloud: &TestCloud) -> ServerId {
    cloud.boot_and_check_allocations(SMALL, "host1").await
}

/// Strikes the first delivery of a message.
fn strike_message(cloud: &TestCloud, message: &str, fault: MessageFault) {
    cloud.services().bus.faults().add(message.parse().unwrap(), fault);
}

/// What a server is like and what its last migration holds.
async fn told_with_migration(cloud: &TestCloud, server: ServerId) -> String {
    let server_is = told(cloud, server).await;
    format!("{server_is}; the migration holds [{}]", held(cloud, cloud.last_migration(server).id))
}

#[test]
fn messages_arrive() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::MessagesArrive,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike_message(cloud, "compute.host2:finish_resize#1", MessageFault::Lost);
            cloud.api().resize(server, MEDIUM).await.unwrap();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Resize resize_migrated on host2, holds [host2], guests []");
    assert_eq!(fixed, "VerifyResize on host2, holds [host2], guests [host2]");
}

#[test]
fn messages_come_once() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::MessagesComeOnce,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            strike_message(cloud, "compute.host2:prep_resize#1", MessageFault::Twice);
            cloud.api().resize(server, MEDIUM).await.unwrap();
            told_with_migration(cloud, server).await
        },
    );
    let right = "VerifyResize on host2, holds [host2], guests [host2]; the migration holds [host1]";
    assert_ne!(as_is, right);
    assert_eq!(fixed, right);
}

#[test]
fn moves_end_with_their_server() {
    let slow = || stacks(&["fake", "fake+slow(method=finish_migration,ms=1000)"]);
    let (as_is, fixed) = as_is_and_fixed(Fix::MovesEndWithTheirServer, slow, async |cloud| {
        let server = boot(cloud).await;
        cloud.api().resize(server, MEDIUM).await.unwrap();
        pass(cloud, 500).await;
        cloud.api().delete(server).await.unwrap();
        told_with_migration(cloud, server).await
    });
    assert_eq!(as_is, "deleted on host2, holds [], guests [host2]; the migration holds []");
    assert_eq!(fixed, "deleted on host2, holds [], guests []; the migration holds []");
}

#[test]
fn a_migration_holds_nothing_though_what_it_left_of_a_deleted_server_cannot_be_destroyed() {
    let slow = || stacks(&["fake", "fake+slow(method=finish_migration,ms=1000)"]);
    let (_, fixed) = as_is_and_fixed(Fix::MovesEndWithTheirServer, slow, async |cloud| {
        let server = boot(cloud).await;
        cloud.api().resize(server, MEDIUM).await.unwrap();
        pass(cloud, 500).await;
        // The first is the deletion's.
        cloud.inject_fault("host2:destroy#2", says_no());
        cloud.api().delete(server).await.unwrap();
        told_with_migration(cloud, server).await
    });
    assert_eq!(fixed, "deleted on host2, holds [], guests [host2]; the migration holds []");
}

/// A server is resized, and deleted while the message for a further step is on its way.
fn deleted_before(message: &'static str, next: impl AsyncFn(&TestCloud, ServerId)) -> (String, String) {
    as_is_and_fixed(
        Fix::MovesEndWithTheirServer,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            cloud.resize_server(server, MEDIUM).await;
            cloud.at_rest().await;
            strike_message(cloud, message, MessageFault::Late);
            next(cloud, server).await;
            pass(cloud, 500).await;
            cloud.api().delete(server).await.unwrap();
            told_with_migration(cloud, server).await
        },
    )
}

#[test]
fn a_migration_holds_nothing_once_its_server_was_deleted_before_the_next_step() {
    // The deletion waits for a confirmation that is under way, but not when the server no longer says so.
    let confirm = async |cloud: &TestCloud, server| {
        cloud.api().confirm_resize(server).await.unwrap();
        cloud.api().reset_state(server, true).await.unwrap();
    };
    let revert = async |cloud: &TestCloud, server| cloud.api().revert_resize(server).await.unwrap();
    let outcomes = [
        deleted_before("compute.host1:confirm_resize#1", confirm),
        deleted_before("compute.host2:revert_resize#1", revert),
        deleted_before("compute.host1:finish_revert_resize#1", revert),
    ];
    for (as_is, fixed) in outcomes {
        assert_eq!(as_is, "deleted on host2, holds [], guests []; the migration holds [host1]");
        assert_eq!(fixed, "deleted on host2, holds [], guests []; the migration holds []");
    }
}

#[test]
fn second_deletion_ends() {
    let slow = || stacks(&["fake+slow(method=node_is_available,ms=1000)"]);
    let ends = as_is_and_fixed(Fix::SecondDeletionEnds, slow, async |cloud| {
        let server = boot(cloud).await;
        cloud.api().delete(server).await.unwrap();
        pass(cloud, 500).await;
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        let sent = cloud.services().notifier.sent();
        let count = |event: &str| sent.iter().filter(|sent| sent.event_type == event).count();
        (count("instance.delete.start"), count("instance.delete.end"))
    });
    assert_eq!(ends, ((2, 1), (2, 2)));
}

#[test]
fn a_deletion_goes_on_when_its_ports_are_taken_back_at_the_second_try() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::NetworkIsAskedAgain,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            let refused = ExceptionClass::NovaException;
            strike_service(cloud, "network.deallocate_for_instance", refused, "neutron says no");
            cloud.api().delete(server).await.unwrap();
            cloud.at_rest().await;
            let ports = cloud.network().ports().iter().filter(|port| port.device == Some(server)).count();
            (told(cloud, server).await, ports)
        },
    );
    assert_eq!(as_is, ("Error on host1, holds [host1], guests []".to_owned(), 1));
    assert_eq!(fixed, ("deleted on host1, holds [], guests []".to_owned(), 0));
}

#[test]
fn a_resize_goes_on_when_its_ports_are_bound_at_the_second_try() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::NetworkIsAskedAgain,
        || hosts(2),
        async |cloud| {
            let server = boot(cloud).await;
            let refused = ExceptionClass::NovaException;
            strike_service(cloud, "network.migrate_instance_finish", refused, "neutron says no");
            cloud.api().resize(server, MEDIUM).await.unwrap();
            let server_is = told(cloud, server).await;
            let bound = |host: &str| {
                let ports = cloud.network().ports();
                ports.iter().all(|port| port.bindings.get(&HostName::from(host)) == Some(&true))
            };
            (server_is, bound("host2"))
        },
    );
    assert_eq!(as_is, ("Error on host2, holds [host2], guests []".to_owned(), false));
    assert_eq!(fixed, ("VerifyResize on host2, holds [host2], guests [host2]".to_owned(), true));
}

#[test]
fn shelve_takes_task_back() {
    let (as_is, fixed) = as_is_and_fixed(
        Fix::ShelveTakesTaskBack,
        || hosts(1),
        async |cloud| {
            let server = boot(cloud).await;
            strike_service(cloud, "image.create", ExceptionClass::NovaException, "glance says no");
            cloud.api().shelve(server).await.unwrap_err();
            told(cloud, server).await
        },
    );
    assert_eq!(as_is, "Active shelving on host1, holds [host1], guests [host1]");
    assert_eq!(fixed, "Active on host1, holds [host1], guests [host1]");
}

#[test]
fn unshelve_needs_image() {
    let unshelved_without = |class: ExceptionClass| {
        as_is_and_fixed(
            Fix::UnshelveNeedsImage,
            || hosts(1),
            async |cloud| {
                let server = boot(cloud).await;
                cloud.api().shelve(server).await.unwrap();
                cloud.at_rest().await;
                strike_service(cloud, "image.get", class, "glance says no");
                cloud.api().unshelve(server, UnshelveServer::default()).await.unwrap();
                told(cloud, server).await
            },
        )
    };
    let (as_is, fixed) = unshelved_without(ExceptionClass::NovaException);
    assert_eq!(as_is, "ShelvedOffloaded unshelving on nowhere, holds [], guests []");
    assert_eq!(fixed, "ShelvedOffloaded on nowhere, holds [], guests []");
    let (as_is, fixed) = unshelved_without(ExceptionClass::ImageNotFound);
    assert_eq!(as_is, "Error unshelving on nowhere, holds [], guests []");
    assert_eq!(fixed, "Error on nowhere, holds [], guests []");
}
