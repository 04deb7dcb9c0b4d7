//! Attaching a volume, as far as it goes on after the API has answered.

use crate::manager::ConductorManager;
use compute::ExpectedTask;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{BlockDevice, ExceptionClass, NovaError, Server, ServerId, VmState, VolumeId};

impl ConductorManager {
    /// Has the server's host name the device, reserves the volume, and has it attached. A server that is on no host gets
    /// its volume when it is brought back. When anything fails the server does not have the volume.
    pub(crate) async fn attach_volume(
        &self,
        context: &RequestContext,
        id: ServerId,
        volume: VolumeId,
        device: Option<String>,
        delete_on_termination: bool,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let Some(host) = server.host.clone() else {
            return self.attach_to_offloaded(context, &server, volume, device, delete_on_termination).await;
        };
        let method = Method::ReserveBlockDeviceName { volume, device, delete_on_termination };
        let message = Message { context: context.clone(), server: id, method };
        let host = Address::Compute(host);
        self.services.bus.call(&Address::Conductor, host.clone(), message).await?;
        self.reserve_volume(id, volume).await?;
        self.records.start_action(id, &context.request, "attach_volume");
        let method = Method::AttachVolume { volume };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&Address::Conductor, host, message);
        Ok(())
    }

    async fn attach_to_offloaded(
        &self,
        context: &RequestContext,
        server: &Server,
        volume: VolumeId,
        device: Option<String>,
        delete_on_termination: bool,
    ) -> Result<(), NovaError> {
        if server.vm_state != VmState::ShelvedOffloaded {
            let message = format!("Instance {} is not ready", server.id);
            return Err(NovaError::new(ExceptionClass::InstanceNotReady, message));
        }
        let size_gb = self.services.volumes.get(volume).await?.size_gb;
        let id = self.services.random.uuid();
        let added = BlockDevice {
            device_name: device,
            ..BlockDevice::new(id, volume, size_gb, delete_on_termination)
        };
        let add = &mut |server: &mut Server| server.block_devices.push(added.clone());
        self.services.records.update_server(server.id, ExpectedTask::Any, add).await?;
        self.reserve_volume(server.id, volume).await?;
        self.records.start_action(server.id, &context.request, "attach_volume");
        Ok(())
    }

    /// Makes the attachment. When the volume service refuses, the server does not have the volume.
    async fn reserve_volume(&self, id: ServerId, volume: VolumeId) -> Result<(), NovaError> {
        let reserved = self.services.volumes.attachment_create(volume, id, None).await;
        let change = &mut |server: &mut Server| match &reserved {
            Ok(attachment) => {
                let of = |device: &&mut BlockDevice| device.volume == volume;
                server.block_devices.iter_mut().filter(of).for_each(|device| {
                    device.attachment = Some(*attachment);
                });
            }
            Err(_) => server.block_devices.retain(|device| device.volume != volume),
        };
        self.services.records.update_server(id, ExpectedTask::Any, change).await?;
        reserved.map(drop)
    }
}
