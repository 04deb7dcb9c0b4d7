//! The compute API as its clients meet it, on hypervisors that are real components.

mod administration;
mod parts_of_servers;
mod quotas;
mod server_groups;
mod volumes_of_new_servers;

use crate::testing::{Client, Rig, body_of, header_of};
use serde_json::{Value, json};

const SERVERS: &str = "/compute/v2.1/servers";

async fn start_hosts(rig: &Client, stacks: &[(&str, &str)]) {
    for (host, stack) in stacks {
        let body = json!({"name": "compute", "host": host, "driver": stack});
        let answer = rig.post("/_novarig/v1/services", body).await;
        assert_eq!(answer.status(), 200, "{}", body_of(&answer));
    }
}

fn server() -> Value {
    json!({"server": {
        "name": "web", "flavorRef": "http://rig/1", "imageRef": "155d900f-4e14-4e4c-a73d-069cbf4541e6", "networks": "auto",
    }})
}

/// Makes a server, waits until the cloud is at rest and answers its path.
async fn boot(rig: &Client) -> String {
    let answer = rig.at("2.96").post(SERVERS, server()).await;
    assert_eq!(answer.status(), 202, "{}", body_of(&answer));
    rig.at_rest().await;
    format!("{SERVERS}/{}", body_of(&answer)["server"]["id"].as_str().unwrap_or(""))
}

async fn act(rig: &Client, server: &str, action: Value) -> u16 {
    let status = rig.at("2.96").post(&format!("{server}/action"), action).await.status().as_u16();
    rig.at_rest().await;
    status
}

#[test]
fn versions_are_told_to_anybody() {
    Rig::keystone().run(async |rig| {
        let versions = body_of(&rig.get("/").await);
        assert_eq!(versions["versions"][1]["version"], "2.104");
        let document = body_of(&rig.get("/compute/v2.1").await);
        assert_eq!(document["version"]["links"][0]["href"], "http://rig/compute/v2.1/");
        assert_eq!(document["version"]["min_version"], "2.1");
        assert_eq!(rig.get("/compute/elsewhere").await.status(), 300);
        assert_eq!(rig.get(SERVERS).await.status(), 401);
    });
}

#[test]
fn every_answer_tells_its_microversion_and_errors_have_novas_form() {
    Rig::open().run(async |rig| {
        let answer = rig.at("2.53").get(&format!("{SERVERS}/none")).await;
        assert_eq!(answer.status(), 404);
        assert_eq!(header_of(&answer, "openstack-api-version"), "compute 2.53");
        assert!(header_of(&answer, "x-compute-request-id").starts_with("req-"));
        let fault = json!({"itemNotFound": {"code": 404, "message": "Instance none could not be found."}});
        assert_eq!(body_of(&answer), fault);
        assert_eq!(rig.at("2.105").get(SERVERS).await.status(), 406);
        let answer = rig.get("/compute/v2.1/os-nonsense").await;
        assert_eq!(body_of(&answer)["itemNotFound"]["message"], "The resource could not be found.");
        let answer = rig.get("/compute/v2.1/abc/servers").await;
        assert_eq!(answer.status(), 400, "another project's id in the path");
    });
}

#[test]
fn a_server_is_made_shown_listed_and_deleted() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let shown = body_of(&rig.at("2.96").get(&web).await);
        let shown = &shown["server"];
        assert_eq!(shown["status"], "ACTIVE", "{shown}");
        assert_eq!(shown["OS-EXT-SRV-ATTR:host"], "host1");
        assert_eq!(shown["flavor"]["original_name"], "m1.tiny");
        assert_eq!(shown["addresses"]["private"][0]["version"], 4);
        let listed = body_of(&rig.get(&format!("{SERVERS}?name=we&limit=1")).await);
        assert_eq!(listed["servers"][0]["name"], "web");
        assert!(listed["servers_links"][0]["href"].as_str().unwrap_or("").contains("marker="));
        assert_eq!(rig.delete(&web).await.status(), 204);
        rig.at_rest().await;
        assert_eq!(rig.get(&web).await.status(), 404);
    });
}

#[test]
fn a_page_begins_after_its_marker_also_when_that_has_changed_meanwhile() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let (first, second, third) = (boot(&rig).await, boot(&rig).await, boot(&rig).await);
        let id = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
        let after = async |marker: &str| {
            let answer = rig.get(&format!("{SERVERS}?status=ACTIVE&marker={}", id(marker))).await;
            assert_eq!(answer.status(), 200, "{}", body_of(&answer));
            let listed = body_of(&answer)["servers"].as_array().cloned().unwrap_or_default();
            listed.iter().map(|server| server["id"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(after(&third).await, [id(&second), id(&first)], "the newest first");
        assert_eq!(act(&rig, &second, json!({"os-stop": null})).await, 202);
        assert_eq!(after(&second).await, [id(&first)]);
        assert_eq!(rig.delete(&second).await.status(), 204);
        rig.at_rest().await;
        assert_eq!(after(&second).await, [id(&first)]);
        let unknown = rig.get(&format!("{SERVERS}?marker=none")).await;
        assert_eq!(body_of(&unknown)["badRequest"]["message"], "marker [none] not found");
    });
}

#[test]
fn bodies_are_checked_with_novas_messages() {
    Rig::open().run(async |rig| {
        let message = async |body: Value| {
            let answer = rig.at("2.96").post(SERVERS, body).await;
            assert_eq!(answer.status(), 400);
            body_of(&answer)["badRequest"]["message"].as_str().unwrap_or("").to_owned()
        };
        let mut body = server();
        body["server"]["name"] = json!("");
        let said = message(body).await;
        assert!(
            said.starts_with("Invalid input for field/attribute name. Value: . '' should be non-empty"),
            "{said}"
        );
        let mut body = server();
        body["server"]["foo"] = json!(1);
        let said = message(body).await;
        assert!(said.contains("Additional properties are not allowed ('foo' was unexpected)"), "{said}");
        let mut body = server();
        body["server"]["flavorRef"] = json!("99");
        assert_eq!(message(body).await, "Flavor 99 could not be found.");
    });
}

#[test]
fn a_server_is_resized_and_the_resize_confirmed() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake"), ("host2", "fake")]).await;
        let web = boot(&rig).await;
        assert_eq!(act(&rig, &web, json!({"resize": {"flavorRef": "2"}})).await, 202);
        let shown = body_of(&rig.get(&web).await);
        assert_eq!(shown["server"]["status"], "VERIFY_RESIZE");
        let migrations = body_of(&rig.at("2.59").get("/compute/v2.1/os-migrations").await);
        assert_eq!(migrations["migrations"][0]["status"], "finished");
        assert_eq!(act(&rig, &web, json!({"confirmResize": null})).await, 204);
        assert_eq!(body_of(&rig.get(&web).await)["server"]["status"], "ACTIVE");
        let actions = body_of(&rig.at("2.62").get(&format!("{web}/os-instance-actions")).await);
        let names: Vec<_> = actions["instanceActions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|action| action["action"].clone())
            .collect();
        assert_eq!(names[..2], [json!("confirmResize"), json!("resize")]);
        assert_eq!(act(&rig, &web, json!({"confirmResize": null})).await, 409);
        assert_eq!(act(&rig, &web, json!({"dance": null})).await, 400);
    });
}

#[test]
fn a_resize_that_fails_on_its_destination_shows_the_fault() {
    Rig::open().run(async |rig| {
        let stack = "fake+fail-finish-migration";
        start_hosts(&rig, &[("host1", stack), ("host2", stack)]).await;
        let web = boot(&rig).await;
        assert_eq!(act(&rig, &web, json!({"resize": {"flavorRef": "2"}})).await, 202);
        let shown = body_of(&rig.get(&web).await);
        assert_eq!(shown["server"]["status"], "ERROR");
        let fault = shown["server"]["fault"]["message"].as_str().unwrap_or("");
        assert!(fault.contains("Virtual Interface creation failed"), "{fault}");
    });
}

#[test]
fn other_projects_do_not_see_a_server() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let other =
            rig.with(&[("x-auth-user", "eve"), ("x-auth-project-id", "e1"), ("x-roles", "member,reader")]);
        assert_eq!(other.get(&web).await.status(), 404);
        assert_eq!(act(&other, &web, json!({"os-stop": null})).await, 404);
        assert_eq!(body_of(&other.get(SERVERS).await)["servers"], json!([]));
        assert_eq!(other.get(&format!("{SERVERS}?all_tenants=1")).await.status(), 403);
        let member = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        assert_eq!(body_of(&member.get(&web).await)["server"].get("OS-EXT-SRV-ATTR:host"), None);
    });
}

#[test]
fn a_reader_looks_at_a_server_and_does_not_change_it() {
    Rig::keystone().run(async |rig| {
        let log_in = async |user: &str| {
            let body = json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": user, "domain": {"id": "default"}, "password": "secret",
                }}},
                "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}},
            }});
            let answer = rig.post("/identity/v3/auth/tokens", body).await;
            rig.with(&[("x-auth-token", &header_of(&answer, "x-subject-token"))])
        };
        start_hosts(&rig, &[("host1", "fake")]).await;
        let (member, reader) = (log_in("demo").await, log_in("demo_reader").await);
        let web = boot(&member).await;
        assert_eq!(reader.get(&web).await.status(), 200);
        let refused = reader.post(&format!("{web}/action"), json!({"os-stop": null})).await;
        let message = "Policy doesn't allow os_compute_api:servers:stop to be performed.";
        assert_eq!(
            (refused.status().as_u16(), &body_of(&refused)["forbidden"]["message"]),
            (403, &json!(message))
        );
        assert_eq!(act(&member, &web, json!({"os-stop": null})).await, 202);
    });
}

#[test]
fn flavors_are_made_listed_and_deleted() {
    Rig::open().run(async |rig| {
        let made = json!({"flavor": {"name": "huge", "ram": 4, "vcpus": 1, "disk": 0, "id": "77"}});
        assert_eq!(rig.post("/compute/v2.1/flavors", made.clone()).await.status(), 200);
        assert_eq!(rig.post("/compute/v2.1/flavors", made.clone()).await.status(), 409);
        let specs = json!({"extra_specs": {"hw:numa_nodes": "1"}});
        assert_eq!(rig.post("/compute/v2.1/flavors/77/os-extra_specs", specs).await.status(), 200);
        let shown = body_of(&rig.at("2.61").get("/compute/v2.1/flavors/77").await);
        assert_eq!(shown["flavor"]["extra_specs"]["hw:numa_nodes"], "1");
        let listed = body_of(&rig.get("/compute/v2.1/flavors").await);
        assert_eq!(listed["flavors"].as_array().map(Vec::len), Some(7));
        assert_eq!(rig.delete("/compute/v2.1/flavors/77").await.status(), 202);
        assert_eq!(rig.get("/compute/v2.1/flavors/huge").await.status(), 404);
        let member = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        assert_eq!(member.post("/compute/v2.1/flavors", made).await.status(), 403);
    });
}

#[test]
fn hypervisors_and_services_are_for_administrators() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let nodes = body_of(
            &rig.at("2.53").get("/compute/v2.1/os-hypervisors?hypervisor_hostname_pattern=host1").await,
        );
        assert_eq!(nodes["hypervisors"][0]["hypervisor_hostname"], "host1");
        let services = body_of(&rig.at("2.53").get("/compute/v2.1/os-services?binary=nova-compute").await);
        let id = services["services"][0]["id"].as_str().unwrap_or("").to_owned();
        let down = rig
            .at("2.53")
            .put(&format!("/compute/v2.1/os-services/{id}"), json!({"forced_down": true}))
            .await;
        assert_eq!(body_of(&down)["service"]["state"], "down", "{}", body_of(&down));
        let member = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        assert_eq!(member.get("/compute/v2.1/os-hypervisors").await.status(), 403);
    });
}
