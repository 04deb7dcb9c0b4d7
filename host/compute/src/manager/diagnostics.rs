//! Numbers about a guest: as its driver names them, and in the form common to all drivers (`get_diagnostics`,
//! `get_instance_diagnostics`, `nova/objects/diagnostics.py`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, NovaError, PowerState, Server, ServerId};
use serde_json::{Map, Value, json};
use virt::types;

impl ComputeManager {
    /// The numbers as the driver names them (up to API version 2.47).
    pub(super) async fn get_diagnostics(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<Value, NovaError> {
        self.run(Operation::query(context, id), async {
            let server = self.running_server(id, "get_diagnostics").await?;
            let numbers = self.driver.get_diagnostics(virt_types::instance(&server)).await?;
            let shown: Map<_, _> = numbers.into_iter().map(|(name, number)| (name, value(number))).collect();
            Ok(shown.into())
        })
        .await
    }

    /// The numbers in the common form (since API version 2.48).
    pub(super) async fn get_instance_diagnostics(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<Value, NovaError> {
        self.run(Operation::query(context, id), async {
            let server = self.running_server(id, "get_diagnostics").await?;
            Ok(common_form(self.driver.get_instance_diagnostics(virt_types::instance(&server)).await?))
        })
        .await
    }

    /// The server, if its guest runs; else the error that says it is in the wrong power state for `method`.
    async fn running_server(&self, id: ServerId, method: &str) -> Result<Server, NovaError> {
        let server = self.services.records.server(id)?;
        if self.power_state(&server).await? == PowerState::Running {
            return Ok(server);
        }
        let state = state_name(server.power_state);
        Err(NovaError::new(
            ExceptionClass::InstanceInvalidState,
            format!("Cannot '{method}' instance {id} while it is in power state {state}"),
        ))
    }
}

/// The name of a power state (`power_state.STATE_MAP`).
fn state_name(state: PowerState) -> &'static str {
    match state {
        PowerState::NoState => "pending",
        PowerState::Running => "running",
        PowerState::Paused => "paused",
        PowerState::Shutdown => "shutdown",
        PowerState::Crashed => "crashed",
        PowerState::Suspended => "suspended",
    }
}

fn value(number: types::DiagnosticValue) -> Value {
    match number {
        types::DiagnosticValue::Null => Value::Null,
        types::DiagnosticValue::Boolean(yes) => yes.into(),
        types::DiagnosticValue::Integer(number) => number.into(),
        types::DiagnosticValue::Float(number) => number.into(),
        types::DiagnosticValue::Text(text) => text.into(),
    }
}

fn common_form(numbers: types::InstanceDiagnostics) -> Value {
    let cpus: Vec<_> = numbers
        .cpu_details
        .iter()
        .map(|cpu| json!({"id": cpu.id, "time": cpu.time, "utilisation": cpu.utilisation}))
        .collect();
    let nics: Vec<_> = numbers
        .nic_details
        .iter()
        .map(|nic| {
            json!({
                "mac_address": nic.mac_address,
                "rx_octets": nic.rx_octets,
                "rx_errors": nic.rx_errors,
                "rx_drop": nic.rx_drop,
                "rx_packets": nic.rx_packets,
                "rx_rate": nic.rx_rate,
                "tx_octets": nic.tx_octets,
                "tx_errors": nic.tx_errors,
                "tx_drop": nic.tx_drop,
                "tx_packets": nic.tx_packets,
                "tx_rate": nic.tx_rate,
            })
        })
        .collect();
    let disks: Vec<_> = numbers
        .disk_details
        .iter()
        .map(|disk| {
            json!({
                "read_bytes": disk.read_bytes,
                "read_requests": disk.read_requests,
                "write_bytes": disk.write_bytes,
                "write_requests": disk.write_requests,
                "errors_count": disk.errors_count,
            })
        })
        .collect();
    json!({
        "state": state_name(virt_types::power_state_from(numbers.state)),
        "driver": numbers.driver,
        "hypervisor": numbers.hypervisor,
        "hypervisor_os": numbers.hypervisor_os,
        "uptime": numbers.uptime,
        "config_drive": numbers.config_drive,
        "num_cpus": cpus.len(),
        "num_nics": nics.len(),
        "num_disks": disks.len(),
        "memory_details": {
            "maximum": numbers.memory_details.maximum,
            "used": numbers.memory_details.used,
        },
        "cpu_details": cpus,
        "nic_details": nics,
        "disk_details": disks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_states_and_numbers_are_shown_as_nova_names_them() {
        use PowerState as P;
        let states = [P::NoState, P::Running, P::Paused, P::Shutdown, P::Crashed, P::Suspended];
        let names = states.map(state_name);
        assert_eq!(names, ["pending", "running", "paused", "shutdown", "crashed", "suspended"]);
        use types::DiagnosticValue as D;
        let told = [D::Null, D::Boolean(true), D::Integer(-1), D::Float(0.5), D::Text("raw".to_owned())];
        assert_eq!(told.map(value), [Value::Null, true.into(), (-1).into(), 0.5.into(), "raw".into()]);
    }
}
