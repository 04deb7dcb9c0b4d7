//! What lost and doubled messages leave behind, as it is and cured.

use super::told::*;
use harness::TestCloud;
use model::{Fix, ServerId};
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
