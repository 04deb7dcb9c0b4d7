//! What Nova's test fixtures stand for.

use super::{Outcome, Refusal, done, text};
use crate::control::config;
use crate::world::World;
use conductor::{FixedIp, Port};
use model::rpc::Address;
use model::{PortId, RequestedGroup, ResourceClass, VolumeId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use uuid::uuid;

/// What is always as these fixtures make it.
const ALWAYS_ON: &[&str] = &[
    "AllServicesCurrent",
    "ConfFixture",
    "Database",
    "DefaultFlavorsFixture",
    "GlanceFixture",
    "NotificationFixture",
    "OSAPIFixture",
    "PlacementFixture",
    "RealPolicyFixture",
    "SpawnIsSynchronousFixture",
    // The identity service has no limits, as the fixture at first.
    "UnifiedLimitsFixture",
];

/// The port that is there at first (`nova/tests/fixtures/neutron.py`).
const PORT_1: PortId = PortId(uuid!("ce531f90-199f-48c0-816c-13e38010b442"));

/// Its address.
const PORT_1_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 3);

/// Volumes that say something of what is on them (`nova/tests/fixtures/cinder.py`).
const VOLUMES: [(VolumeId, &[(&str, &str)]); 2] = [
    (
        VolumeId(uuid!("6194fc02-c60e-4a01-a8e5-600798208b5f")),
        &[("image_id", "155d900f-4e14-4e4c-a73d-069cbf4541e6"), ("trait:HW_CPU_X86_SGX", "required")],
    ),
    (
        VolumeId(uuid!("6ca404f3-d844-4169-bb96-bc792f37de26")),
        &[("os_require_quiesce", "True"), ("hw_qemu_guest_agent", "True")],
    ),
];

/// The device profiles of `nova/tests/fixtures/cyborg.py`, with what they ask of devices.
const DEVICE_PROFILES: [(&str, &[(&str, u64)]); 3] = [
    ("fakedev-dp", &[("FPGA", 1)]),
    ("fakedev-dp-port", &[("FPGA", 1)]),
    ("fakedev-dp-multi", &[("FPGA", 2), ("CUSTOM_FPGA2", 1)]),
];
/// The trait their devices have.
const DEVICE_TRAIT: &str = "CUSTOM_FAKE_DEVICE";

pub(super) fn switch_on(world: &World, body: &Value) -> Outcome {
    match text(body, "name")? {
        "CastAsCallFixture" | "CastAsCall" => {
            world.heard().borrow_mut().keep_first();
            done()
        }
        "NoopConductorFixture" => {
            // Messages for it wait for ever.
            world.cloud().services().bus.leave(&Address::Conductor);
            done()
        }
        "CyborgFixture" => {
            for (name, amounts) in DEVICE_PROFILES {
                let amount = |(class, amount): &(&str, u64)| (ResourceClass::new(*class), *amount);
                let group = RequestedGroup {
                    resources: amounts.iter().map(amount).collect(),
                    required_traits: [DEVICE_TRAIT.to_owned()].into(),
                    ..RequestedGroup::default()
                };
                world.cloud().records().device_profiles().put(name, vec![group]);
            }
            done()
        }
        "NeutronFixture" => {
            let cloud = world.cloud();
            let network = cloud.network();
            let address = PORT_1_ADDRESS.into();
            network.put_port(Port {
                id: PORT_1,
                network: network.network_id(),
                device: None,
                bindings: BTreeMap::new(),
                mac_address: "fa:16:3e:4c:2c:30".to_owned(),
                fixed_ips: network
                    .home_subnet()
                    .map(|subnet| FixedIp { subnet, address })
                    .into_iter()
                    .collect(),
                made_for_server: false,
                plugged: 0,
            });
            done()
        }
        "CinderFixture" => {
            for (volume, properties) in VOLUMES {
                let pairs = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
                world.cloud().volumes().set_image_properties(volume, pairs.collect());
            }
            if let Some(zone) = body["kwargs"]["az"].as_str() {
                world.cloud().volumes().set_zone(zone);
            }
            done()
        }
        "AvailabilityZoneFixture" => {
            let named = [&body["args"][0], &body["kwargs"]["zones"]];
            let zones = named.into_iter().filter_map(Value::as_array).flatten();
            let zones = zones.filter_map(|zone| zone.as_str().map(str::to_owned));
            world.cloud().records().aggregates().pretend(zones);
            done()
        }
        "HostNameWeigherFixture" => {
            let weigher = "HostNameWeigher".to_owned();
            config::set(world, "filter_scheduler", "weight_classes", weigher)?;
            done()
        }
        name if ALWAYS_ON.contains(&name) => done(),
        name => Err(Refusal::not_found(format!("there is nothing here that fixture {name} stands for"))),
    }
}
