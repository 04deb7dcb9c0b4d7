//! Server groups, and servers that are asked for together.

use super::{SERVERS, server, start_hosts};
use crate::testing::{Rig, body_of};
use serde_json::json;

const GROUPS: &str = "/v2.1/os-server-groups";

#[test]
fn a_group_is_made_shown_and_deleted_and_its_form_depends_on_the_microversion() {
    Rig::open().run(async |rig| {
        let old = json!({"server_group": {"name": "g", "policies": ["anti-affinity"]}});
        let made = rig.at("2.13").post(GROUPS, old.clone()).await;
        assert_eq!(made.status(), 200, "{}", body_of(&made));
        let shown = body_of(&made)["server_group"].clone();
        assert_eq!(shown["policies"], json!(["anti-affinity"]));
        let one = format!("{GROUPS}/{}", shown["id"].as_str().unwrap_or(""));
        let newer = body_of(&rig.at("2.64").get(&one).await);
        assert_eq!(newer["server_group"]["policy"], "anti-affinity");
        assert_eq!(rig.at("2.64").post(GROUPS, old).await.status(), 400, "it is one policy since 2.64");
        let soft = json!({"server_group": {"name": "g", "policies": ["soft-affinity"]}});
        assert_eq!(rig.at("2.14").post(GROUPS, soft).await.status(), 400);
        assert_eq!(rig.delete(&one).await.status(), 204);
        assert_eq!(rig.get(&one).await.status(), 404);
    });
}

#[test]
fn servers_of_one_request_are_spread_by_their_group_and_share_a_reservation() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake"), ("host2", "fake")]).await;
        let group = json!({"server_group": {"name": "g", "policy": "anti-affinity"}});
        let group = body_of(&rig.at("2.64").post(GROUPS, group).await)["server_group"]["id"].clone();
        let mut body = server();
        body["server"]["min_count"] = json!(2);
        body["server"]["return_reservation_id"] = json!(true);
        body["os:scheduler_hints"] = json!({"group": group});
        let made = rig.at("2.96").post(SERVERS, body).await;
        assert_eq!(made.status(), 202, "{}", body_of(&made));
        let reservation = body_of(&made)["reservation_id"].as_str().unwrap_or("").to_owned();
        rig.at_rest().await;
        let listed =
            body_of(&rig.at("2.3").get(&format!("{SERVERS}/detail?reservation_id={reservation}")).await);
        let mut hosts: Vec<&str> = listed["servers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|server| server["OS-EXT-SRV-ATTR:host"].as_str())
            .collect();
        hosts.sort_unstable();
        assert_eq!(hosts, ["host1", "host2"], "{listed}");
        let one = listed["servers"][0]["id"].as_str().unwrap_or("");
        let shown = body_of(&rig.at("2.71").get(&format!("{SERVERS}/{one}")).await);
        assert_eq!(shown["server"]["server_groups"], json!([group]));
    });
}
