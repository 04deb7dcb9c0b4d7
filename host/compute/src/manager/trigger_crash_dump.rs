//! Having a guest's kernel dump its memory (`trigger_crash_dump`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId};

impl ComputeManager {
    /// Sends the guest a non-maskable interrupt. The server's state is not touched, whatever becomes of it.
    pub(super) async fn trigger_crash_dump(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_trigger_crash_dump").keeps_task_state();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            self.notify(id, "trigger_crash_dump.start");
            self.driver.trigger_crash_dump(virt_types::instance(&server)).await?;
            self.notify(id, "trigger_crash_dump.end");
            Ok(())
        })
        .await
    }
}
