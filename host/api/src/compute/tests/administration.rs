//! What operators do: aggregates, zones, services, access to flavors.

use super::{SERVERS, boot, server, start_hosts};
use crate::testing::{Client, Rig, body_of};
use serde_json::{Value, json};

const AGGREGATES: &str = "/compute/v2.1/os-aggregates";

async fn aggregate(rig: &Client, name: &str, zone: Option<&str>) -> String {
    let made = rig.post(AGGREGATES, json!({"aggregate": {"name": name, "availability_zone": zone}})).await;
    assert_eq!(made.status(), 200, "{}", body_of(&made));
    format!("{AGGREGATES}/{}", body_of(&made)["aggregate"]["id"])
}

async fn add_host(rig: &Client, aggregate: &str, host: &str) -> (u16, Value) {
    let answer = rig.post(&format!("{aggregate}/action"), json!({"add_host": {"host": host}})).await;
    (answer.status().as_u16(), body_of(&answer))
}

#[test]
fn an_aggregate_with_a_zone_takes_the_servers_that_ask_for_it() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake"), ("host2", "fake")]).await;
        let west = aggregate(&rig, "west", Some("west")).await;
        let (status, shown) = add_host(&rig, &west, "host2").await;
        assert_eq!((status, &shown["aggregate"]["hosts"]), (200, &json!(["host2"])));
        let zones = body_of(&rig.get("/compute/v2.1/os-availability-zone").await);
        let names: Vec<_> = zones["availabilityZoneInfo"].as_array().into_iter().flatten().collect();
        assert_eq!(names.iter().map(|zone| &zone["zoneName"]).collect::<Vec<_>>(), ["nova", "west"]);
        for _ in 0..3 {
            let mut body = server();
            body["server"]["availability_zone"] = json!("west");
            let made = body_of(&rig.at("2.37").post(SERVERS, body).await);
            rig.at_rest().await;
            let path = format!("{SERVERS}/{}", made["server"]["id"].as_str().unwrap_or(""));
            let shown = body_of(&rig.get(&path).await);
            assert_eq!(shown["server"]["OS-EXT-SRV-ATTR:host"], "host2", "{shown}");
            assert_eq!(shown["server"]["OS-EXT-AZ:availability_zone"], "west");
        }
        let mut body = server();
        body["server"]["availability_zone"] = json!("east");
        let refused = rig.at("2.37").post(SERVERS, body).await;
        assert_eq!(
            body_of(&refused)["badRequest"]["message"],
            "The requested availability zone is not available"
        );
    });
}

#[test]
fn no_server_is_moved_from_one_zone_to_another_by_its_host() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        boot(&rig).await;
        let west = aggregate(&rig, "west", Some("west")).await;
        let (status, refused) = add_host(&rig, &west, "host1").await;
        assert_eq!(status, 409);
        let message = refused["conflictingRequest"]["message"].as_str().unwrap_or("");
        assert!(message.contains("would change from 'None' to 'west'"), "{message}");
        let plain = aggregate(&rig, "plain", None).await;
        assert_eq!(add_host(&rig, &plain, "host1").await.0, 200);
        assert_eq!(add_host(&rig, &plain, "host1").await.0, 409);
        assert_eq!(add_host(&rig, &plain, "host9").await.0, 404);
        let zone = json!({"set_metadata": {"metadata": {"availability_zone": "west"}}});
        assert_eq!(rig.post(&format!("{plain}/action"), zone).await.status(), 400);
        assert_eq!(rig.delete(&plain).await.status(), 400, "it has a host");
        assert_eq!(rig.delete(&west).await.status(), 200);
        assert_eq!(rig.get(&west).await.status(), 404);
        assert_eq!(rig.post(AGGREGATES, json!({"aggregate": {"name": "plain"}})).await.status(), 409);
    });
}

#[test]
fn a_service_is_disabled_up_to_2_52_by_its_host_and_later_by_its_id() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let body = json!({"host": "host1", "binary": "nova-compute", "disabled_reason": "broken"});
        let path = "/compute/v2.1/os-services/disable-log-reason";
        let disabled = body_of(&rig.put(path, body).await);
        assert_eq!(disabled["service"]["status"], "disabled", "{disabled}");
        let listed = body_of(&rig.at("2.53").get("/compute/v2.1/os-services?host=host1").await);
        assert_eq!(listed["services"][0]["disabled_reason"], "broken");
        let refused = rig.at("2.37").post(SERVERS, server()).await;
        assert_eq!(refused.status(), 202);
        rig.at_rest().await;
        let shown = body_of(&rig.get(&format!("{SERVERS}/detail")).await);
        assert_eq!(shown["servers"][0]["status"], "ERROR", "no host takes servers");
        let unknown = json!({"host": "host9", "binary": "nova-compute"});
        assert_eq!(rig.put("/compute/v2.1/os-services/enable", unknown).await.status(), 404);
    });
}

#[test]
fn a_service_with_servers_is_not_deleted_and_one_without_is_forgotten_everywhere() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let rig = rig.at("2.53");
        let listed = body_of(&rig.get("/compute/v2.1/os-services?binary=nova-compute").await);
        let path =
            format!("/compute/v2.1/os-services/{}", listed["services"][0]["id"].as_str().unwrap_or(""));
        assert_eq!(rig.delete(&path).await.status(), 409);
        assert_eq!(rig.delete(&web).await.status(), 204);
        rig.at_rest().await;
        assert_eq!(rig.delete(&path).await.status(), 204);
        assert_eq!(body_of(&rig.get("/compute/v2.1/os-hypervisors").await), json!({"hypervisors": []}));
        let cloud = rig.world().cloud();
        let placement = cloud.placement();
        assert_eq!(placement.get().providers().count(), 0);
    });
}

#[test]
fn a_private_flavor_is_for_the_projects_that_were_let_in() {
    Rig::open().run(async |rig| {
        let flavor = json!({"flavor": {"name": "own", "ram": 1, "vcpus": 1, "disk": 0, "id": "own",
            "os-flavor-access:is_public": false}});
        assert_eq!(rig.post("/compute/v2.1/flavors", flavor).await.status(), 200);
        let member = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        assert_eq!(member.get("/compute/v2.1/flavors/own").await.status(), 404);
        let let_in = json!({"addTenantAccess": {"tenant": "6f70656e737461636b20342065766572"}});
        let action = "/compute/v2.1/flavors/own/action";
        assert_eq!(rig.post(action, let_in.clone()).await.status(), 200);
        assert_eq!(rig.post(action, let_in).await.status(), 409);
        assert_eq!(member.get("/compute/v2.1/flavors/own").await.status(), 200);
        let listed = body_of(&rig.get("/compute/v2.1/flavors/own/os-flavor-access").await);
        assert_eq!(listed["flavor_access"][0]["flavor_id"], "own");
        assert_eq!(rig.get("/compute/v2.1/flavors/1/os-flavor-access").await.status(), 404);
    });
}

#[test]
fn extra_specs_are_checked_since_2_86() {
    Rig::open().run(async |rig| {
        let specs = "/compute/v2.1/flavors/1/os-extra_specs";
        let wrong = json!({"extra_specs": {"hw:cpu_policy": "loud"}});
        let refused = rig.at("2.86").post(specs, wrong.clone()).await;
        assert_eq!(
            body_of(&refused)["badRequest"]["message"],
            "Validation failed; 'loud' is not one of: dedicated, shared, mixed."
        );
        assert_eq!(rig.at("2.85").post(specs, wrong).await.status(), 200);
        let one = format!("{specs}/hw:cpu_policy");
        assert_eq!(rig.put(&one, json!({"hw:cpu_policy": "shared"})).await.status(), 200);
        assert_eq!(rig.put(&one, json!({"other": "shared"})).await.status(), 400);
        assert_eq!(body_of(&rig.get(&one).await), json!({"hw:cpu_policy": "shared"}));
    });
}

#[test]
fn nodes_are_summed_up_until_2_87() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake"), ("host2", "fake")]).await;
        let sums = body_of(&rig.get("/compute/v2.1/os-hypervisors/statistics").await);
        assert_eq!(sums["hypervisor_statistics"]["count"], 2);
        assert_eq!(rig.at("2.88").get("/compute/v2.1/os-hypervisors/statistics").await.status(), 404);
        assert_eq!(rig.at("2.53").get("/compute/v2.1/os-hypervisors/1").await.status(), 400);
        let page = body_of(&rig.at("2.53").get("/compute/v2.1/os-hypervisors?limit=1").await);
        assert_eq!(page["hypervisors"].as_array().map(Vec::len), Some(1));
        assert!(page["hypervisors_links"][0]["href"].as_str().unwrap_or("").contains("marker="));
    });
}
