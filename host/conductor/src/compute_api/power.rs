//! Everything that changes how a guest runs on the host it is on: starting, stopping, rebooting, pausing, suspending,
//! rescuing, dumping. Each is a check, a task and a message to the server's compute.

use super::{ApiError, ComputeApi};
use crate::preconditions::{self, Precondition};
use compute::Records as _;
use model::rpc::{Address, Method, RebootType};
use model::{ExceptionClass, ImageId, ImageMeta, NovaError, Server, ServerId, TaskState};
use serde_json::{Value, json};

/// Letters of passwords that are made here; none that is taken for another.
const PASSWORD_LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Length of passwords that are made here (`password_length`).
const PASSWORD_LENGTH: usize = 12;

impl ComputeApi {
    /// Powers a server on (202).
    pub async fn start(&self, id: ServerId) -> Result<(), ApiError> {
        self.power(id, "start", &preconditions::START, TaskState::PoweringOn, Method::StartInstance).await
    }

    /// Powers a server off (202).
    pub async fn stop(&self, id: ServerId) -> Result<(), ApiError> {
        self.power(id, "stop", &preconditions::STOP, TaskState::PoweringOff, Method::StopInstance).await
    }

    /// Reboots a server (202).
    pub async fn reboot(&self, id: ServerId, reboot_type: RebootType) -> Result<(), ApiError> {
        let (precondition, task) = match reboot_type {
            RebootType::Soft => (&preconditions::REBOOT_SOFT, TaskState::Rebooting),
            RebootType::Hard => (&preconditions::REBOOT_HARD, TaskState::RebootingHard),
        };
        self.power(id, "reboot", precondition, task, Method::RebootInstance { reboot_type }).await
    }

    /// Pauses a server (202).
    pub async fn pause(&self, id: ServerId) -> Result<(), ApiError> {
        self.power(id, "pause", &preconditions::PAUSE, TaskState::Pausing, Method::PauseInstance).await
    }

    /// Lets a paused server go on (202).
    pub async fn unpause(&self, id: ServerId) -> Result<(), ApiError> {
        let task = TaskState::Unpausing;
        self.power(id, "unpause", &preconditions::UNPAUSE, task, Method::UnpauseInstance).await
    }

    /// Suspends a server (202).
    pub async fn suspend(&self, id: ServerId) -> Result<(), ApiError> {
        let task = TaskState::Suspending;
        self.power(id, "suspend", &preconditions::SUSPEND, task, Method::SuspendInstance).await
    }

    /// Lets a suspended server go on (202).
    pub async fn resume(&self, id: ServerId) -> Result<(), ApiError> {
        self.power(id, "resume", &preconditions::RESUME, TaskState::Resuming, Method::ResumeInstance).await
    }

    /// Runs a server from a rescue image (200). Answers the administrator's password in it, which is made when none is
    /// given.
    pub async fn rescue(
        &self,
        id: ServerId,
        password: Option<String>,
        image: Option<ImageId>,
        from_volume: bool,
    ) -> Result<String, ApiError> {
        self.call("rescue", Some(id), json!({"rescue_image_ref": image}), 200, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::RESCUE)?;
            if let Some(image) = image {
                self.requested_image(image, || format!("Requested rescue image '{image}' is not available"))
                    .await?;
            }
            if server.volume_backed() {
                self.check_rescue_of_volume(&server, image.filter(|_| from_volume))?;
            }
            let password = password.unwrap_or_else(|| self.make_password());
            self.set_task(&server, TaskState::Rescuing).await?;
            self.records.start_action(id, &context.request, "rescue");
            let method = Method::RescueInstance { rescue_password: password.clone(), rescue_image: image };
            self.cast(&context, id, Address::Compute(host), method);
            Ok(password)
        })
        .await
    }

    /// A server that boots from a volume is rescued only with an image that says how, on a host that can.
    fn check_rescue_of_volume(&self, server: &Server, image: Option<ImageId>) -> Result<(), ApiError> {
        const SAID_HOW: [&str; 2] = ["hw_rescue_bus", "hw_rescue_device"];
        let image = image.and_then(|image| self.records.image(image));
        let says_how = |image: &ImageMeta| SAID_HOW.iter().all(|key| image.properties.contains_key(*key));
        let reason = if !image.as_ref().is_some_and(says_how) {
            "Cannot rescue a volume-backed instance"
        } else if !self.host_can_rescue_volumes(server) {
            "Host unable to rescue a volume-backed instance"
        } else {
            return Ok(());
        };
        let message = format!("Instance {} cannot be rescued: {reason}", server.id);
        Err(NovaError::new(ExceptionClass::InstanceNotRescuable, message).into())
    }

    fn host_can_rescue_volumes(&self, server: &Server) -> bool {
        let node = server.host.as_ref().and_then(|host| self.records.compute_node(host));
        node.is_some_and(|node| {
            self.services.report_client.read(|placement| {
                let provider = placement.provider(node.id);
                provider
                    .is_ok_and(|provider| provider.traits().any(|name| name.as_str() == "COMPUTE_RESCUE_BFV"))
            })
        })
    }

    /// Runs a rescued server from its own disk again (202).
    pub async fn unrescue(&self, id: ServerId) -> Result<(), ApiError> {
        let task = TaskState::Unrescuing;
        self.power(id, "unrescue", &preconditions::UNRESCUE, task, Method::UnrescueInstance).await
    }

    /// Has a server's kernel dump its memory (202). No task is set.
    pub async fn trigger_crash_dump(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("trigger_crash_dump", Some(id), Value::Null, 202, async {
            let context = self.context();
            let (_, host) = self.begin(&context, id, &preconditions::TRIGGER_CRASH_DUMP)?;
            self.records.start_action(id, &context.request, "trigger_crash_dump");
            self.cast(&context, id, Address::Compute(host), Method::TriggerCrashDump);
            Ok(())
        })
        .await
    }

    async fn power(
        &self,
        id: ServerId,
        action: &'static str,
        precondition: &Precondition,
        task: TaskState,
        method: Method,
    ) -> Result<(), ApiError> {
        self.call(action, Some(id), json!(method), 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, precondition)?;
            self.set_task(&server, task).await?;
            self.records.start_action(id, &context.request, action);
            self.cast(&context, id, Address::Compute(host), method);
            Ok(())
        })
        .await
    }

    /// A password such as Nova makes.
    pub(super) fn make_password(&self) -> String {
        let letter = |_| {
            let drawn = self.services.random.below(PASSWORD_LETTERS.len() as u64);
            let at = usize::try_from(drawn).unwrap_or_default();
            PASSWORD_LETTERS.get(at).copied().map_or('a', char::from)
        };
        (0..PASSWORD_LENGTH).map(letter).collect()
    }
}
