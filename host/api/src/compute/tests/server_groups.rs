//! Server groups over HTTP.

use super::{SERVERS, boot, server, start_hosts};
use crate::testing::{Rig, body_of};
use serde_json::json;

const GROUPS: &str = "/compute/v2.1/os-server-groups";

#[test]
fn members_of_a_group_are_kept_apart_and_shown_with_it() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake"), ("host2", "fake")]).await;
        let loner = boot(&rig).await;
        let rig = rig.at("2.71");
        let made = rig
            .post(GROUPS, json!({"server_group": {"name": "apart", "policy": "anti-affinity", "rules": {}}}))
            .await;
        assert_eq!(made.status(), 200, "{}", body_of(&made));
        let group = body_of(&made)["server_group"].clone();
        assert_eq!((&group["policy"], &group["rules"]), (&json!("anti-affinity"), &json!({})));
        assert_eq!(body_of(&rig.get(&loner).await)["server"]["server_groups"], json!([]));
        let mut request = server();
        for (key, value) in [("min_count", json!(2)), ("return_reservation_id", json!(true))] {
            request["server"][key] = value;
        }
        request["os:scheduler_hints"] = json!({"group": group["id"]});
        let answer = body_of(&rig.post(SERVERS, request).await);
        let reservation = answer["reservation_id"].as_str().expect("a reservation").to_owned();
        rig.at_rest().await;
        let listed = body_of(&rig.get(&format!("{SERVERS}/detail?reservation_id={reservation}")).await);
        let mut hosts: Vec<_> = listed["servers"]
            .as_array()
            .expect("servers")
            .iter()
            .map(|server| server["OS-EXT-SRV-ATTR:host"].as_str().expect("a host"))
            .collect();
        hosts.sort_unstable();
        assert_eq!(hosts, ["host1", "host2"]);
        let path = format!("{GROUPS}/{}", group["id"].as_str().expect("an id"));
        let shown = body_of(&rig.get(&path).await)["server_group"].clone();
        assert_eq!(shown["members"].as_array().map(Vec::len), Some(2));
        let member = format!("{SERVERS}/{}", shown["members"][0].as_str().expect("an id"));
        assert_eq!(body_of(&rig.get(&member).await)["server"]["server_groups"], json!([group["id"]]));
        let limits = body_of(&rig.get("/compute/v2.1/limits").await);
        assert_eq!(limits["limits"]["absolute"]["totalServerGroupsUsed"], 1);
        assert_eq!(rig.delete(&path).await.status(), 204);
        assert_eq!(rig.get(&path).await.status(), 404);
    });
}

#[test]
fn what_a_group_may_say_depends_on_the_microversion() {
    Rig::open().run(async |rig| {
        let old = json!({"server_group": {"name": "old", "policies": ["soft-affinity"]}});
        assert_eq!(rig.at("2.14").post(GROUPS, old.clone()).await.status(), 400);
        let made = body_of(&rig.at("2.15").post(GROUPS, old.clone()).await)["server_group"].clone();
        assert_eq!((&made["policies"], &made["metadata"]), (&json!(["soft-affinity"]), &json!({})));
        assert_eq!(rig.at("2.64").post(GROUPS, old).await.status(), 400);
        let ruled = |policy: &str| {
            let rules = json!({"max_server_per_host": 2});
            json!({"server_group": {"name": "new", "policy": policy, "rules": rules}})
        };
        let refused = rig.at("2.64").post(GROUPS, ruled("affinity")).await;
        assert_eq!(refused.status(), 400);
        let message = body_of(&refused)["badRequest"]["message"].clone();
        assert_eq!(message, "Only anti-affinity policy supports rules.");
        let made =
            body_of(&rig.at("2.64").post(GROUPS, ruled("anti-affinity")).await)["server_group"].clone();
        assert_eq!(made["rules"], json!({"max_server_per_host": 2}));
        let listed = body_of(&rig.at("2.64").get(&format!("{GROUPS}?offset=1&limit=1")).await);
        assert_eq!(listed["server_groups"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["server_groups"][0]["name"], "new");
        assert_eq!(rig.get(&format!("{GROUPS}?offset=x")).await.status(), 400);
        let unknown = rig.get(&format!("{GROUPS}/none")).await;
        let message = body_of(&unknown)["itemNotFound"]["message"].clone();
        assert_eq!(message, "Instance group none could not be found.");
    });
}
