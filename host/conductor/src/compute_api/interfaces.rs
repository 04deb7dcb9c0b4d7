//! Interfaces that come to a server, or go, while it exists (`attach_interface`, `detach_interface`).

use super::{ApiError, ComputeApi};
use crate::preconditions;
use model::rpc::{Address, Method};
use model::{ExceptionClass, PortId, ServerId};
use serde_json::{Value, json};

impl ComputeApi {
    /// Plugs a port into a server (200), and waits for it; a new port when none is named. Answers the port.
    pub async fn attach_interface(&self, id: ServerId, port: Option<PortId>) -> Result<PortId, ApiError> {
        self.call("attach_interface", Some(id), json!({"port_id": port}), 200, async {
            let context = self.context();
            let (_, host) = self.begin(&context, id, &preconditions::ATTACH_INTERFACE)?;
            self.records.start_action(id, &context.request, "attach_interface");
            match self.ask(&context, id, host, Method::AttachInterface { port }).await {
                Ok(answer) => Ok(answer.into_port()?),
                // An error that was foreseen is shown although it is the server's.
                Err(error) if error.is(ExceptionClass::InterfaceAttachFailed) => {
                    Err(ApiError { code: 500, message: error.message })
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Takes a port out of a server (202).
    pub async fn detach_interface(&self, id: ServerId, port: PortId) -> Result<(), ApiError> {
        self.call("detach_interface", Some(id), Value::Null, 202, async {
            let context = self.context();
            let (_, host) = self.begin(&context, id, &preconditions::DETACH_INTERFACE)?;
            self.records.start_action(id, &context.request, "detach_interface");
            self.cast(&context, id, Address::Compute(host), Method::DetachInterface { port });
            Ok(())
        })
        .await
    }
}
