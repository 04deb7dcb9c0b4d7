//! Block devices of servers that are made: volumes of their own, those that are there, and the old way to name them.

use super::{SERVERS, server, start_hosts};
use crate::testing::{Client, Rig, body_of};
use serde_json::{Value, json};

const VOLUMES: &str = "/volume/v3/6f70656e737461636b20342065766572/volumes/detail";

/// Asks for servers with this added to the request; status and body of the answer.
async fn ask(rig: &Client, added: Value) -> (u16, Value) {
    let mut body = server();
    for (key, value) in added.as_object().into_iter().flatten() {
        body["server"][key] = value.clone();
    }
    let answer = rig.at("2.96").post(SERVERS, body).await;
    rig.at_rest().await;
    (answer.status().as_u16(), body_of(&answer))
}

/// The volumes of each server there is.
async fn volumes_of_servers(rig: &Client) -> Vec<Vec<String>> {
    let listed = body_of(&rig.at("2.96").get(&format!("{SERVERS}/detail?sort_key=display_name")).await);
    let servers = listed["servers"].as_array().cloned().unwrap_or_default();
    let volumes = servers.iter().map(|server| {
        assert_eq!(server["status"], "ACTIVE", "{server}");
        let attached = server["os-extended-volumes:volumes_attached"].as_array().cloned().unwrap_or_default();
        attached.iter().map(|volume| volume["id"].as_str().unwrap_or_default().to_owned()).collect()
    });
    volumes.collect()
}

async fn volumes(rig: &Client) -> Vec<Value> {
    body_of(&rig.get(VOLUMES).await)["volumes"].as_array().cloned().unwrap_or_default()
}

#[test]
fn of_several_servers_each_gets_volumes_of_its_own_and_none_can_share_one() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let root = json!({"source_type": "image", "destination_type": "volume", "boot_index": 0, "volume_size": 2,
            "uuid": "155d900f-4e14-4e4c-a73d-069cbf4541e6", "delete_on_termination": true});
        let blank = json!({"source_type": "blank", "destination_type": "volume", "volume_size": 3});
        let three = json!({"min_count": 1, "max_count": 3, "block_device_mapping_v2": [root, blank]});
        assert_eq!(ask(&rig, three).await.0, 202);
        let of_each = volumes_of_servers(&rig).await;
        assert_eq!(of_each.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
        let mut all: Vec<&String> = of_each.iter().flatten().collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6, "no two have the same");
        assert_eq!(volumes(&rig).await.len(), 6);
        // The quota has room for seven more: what was made for the others is not left behind.
        let many = json!({"min_count": 1, "max_count": 9, "block_device_mapping_v2": [blank]});
        assert_eq!(ask(&rig, many).await.0, 202);
        assert_eq!((volumes_of_servers(&rig).await.len(), volumes(&rig).await.len()), (10, 13));
        let shared = json!({"source_type": "volume", "destination_type": "volume", "uuid": all[0]});
        let (status, refused) = ask(&rig, json!({"max_count": 2, "block_device_mapping_v2": [shared]})).await;
        let told = "Cannot attach one or more volumes to multiple instances";
        assert_eq!((status, &refused["badRequest"]["message"]), (400, &json!(told)));
        let servers = body_of(&rig.get(SERVERS).await)["servers"].as_array().cloned().unwrap_or_default();
        for server in servers {
            let path = format!("{SERVERS}/{}", server["id"].as_str().unwrap_or_default());
            assert_eq!(rig.delete(&path).await.status(), 204);
        }
        rig.at_rest().await;
        let left = volumes(&rig).await;
        assert_eq!(left.len(), 10, "those that were not to go with their servers stay");
    });
}

#[test]
fn volumes_can_be_named_in_the_old_way_and_a_zone_that_is_only_said_to_be_there_counts() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let volume = "6ca404f3-d844-4169-bb96-bc792f37de98";
        let data = json!({"block_device_mapping": [{"volume_id": volume}, {"no_device": true}]});
        assert_eq!(ask(&rig, data).await.0, 202);
        assert_eq!(volumes_of_servers(&rig).await, [[volume]]);
        let boot = json!({"imageRef": "", "block_device_mapping": [
            {"device_name": "/dev/vda", "volume_id": "6ca404f3-d844-4169-bb96-bc792f37de99"}]});
        assert_eq!(ask(&rig, boot).await.0, 202);
        let neither = json!({"block_device_mapping": [{"device_name": "vdb"}]});
        assert_eq!(ask(&rig, neither).await.0, 400);
        let blank = json!({"source_type": "blank", "destination_type": "volume", "volume_size": 3});
        let both = json!({"block_device_mapping": [{"volume_id": volume}], "block_device_mapping_v2": [blank]});
        let told = "Using different block_device_mapping syntaxes is not allowed in the same request.";
        assert_eq!(ask(&rig, both).await.1["badRequest"]["message"], told);
        let fixture = async |name: &str, kwargs: Value| {
            let body = json!({"name": name, "args": [], "kwargs": kwargs});
            assert_eq!(rig.post("/_novarig/v1/fixtures", body).await.status(), 200);
        };
        fixture("CinderFixture", json!({"az": "north"})).await;
        fixture("AvailabilityZoneFixture", json!({"zones": ["london"]})).await;
        let options = json!({"group": "cinder", "options": {"cross_az_attach": false}});
        assert_eq!(rig.put("/_novarig/v1/config", options).await.status(), 200);
        let far = json!({"availability_zone": "london", "block_device_mapping": [{"volume_id": volume}]});
        let told = "Server and volumes are not in the same availability zone. Server is in: london. Volumes are in: north";
        assert_eq!(ask(&rig, far).await.1["badRequest"]["message"], told);
    });
}
