//! Writing the addresses of a guest's interfaces into it (`inject_network_info`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId};

impl ComputeManager {
    /// Hands the interfaces as the network service knows them to the driver.
    pub(super) async fn inject_network_info(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::query(context, id), async {
            let server = self.services.records.server(id)?;
            let network_info = self.services.network.get_instance_nw_info(id).await?;
            let network = virt_types::network_info(&network_info);
            Ok(self.driver.inject_network_info(virt_types::instance(&server), network).await?)
        })
        .await
    }
}
