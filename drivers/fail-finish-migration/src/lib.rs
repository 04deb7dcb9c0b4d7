//! A resize or cold migration fails on its destination: `finish_migration` raises VirtualInterfaceCreateException.
//!
//! In Nova's tests this is `FakeFinishMigrationFailDriver` (`nova/virt/fake.py`), with which they pin bug 1825537. As a layer
//! it works over any driver.

use novarig_driver_sdk::{Driver, FinishMigrationRequest, Layer, VirtError, export_driver, layer};

#[derive(Default)]
struct FailFinishMigration;

#[layer]
impl Driver<Layer> for FailFinishMigration {
    async fn finish_migration(&self, _: FinishMigrationRequest) -> Result<(), VirtError> {
        Err(VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned()))
    }
}

export_driver! {
    FailFinishMigration: layer,
    name: "fail-finish-migration",
    summary: "finish_migration raises VirtualInterfaceCreateException, so resizes fail on their destination",
}
