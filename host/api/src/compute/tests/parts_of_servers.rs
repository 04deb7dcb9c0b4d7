//! What belongs to one server: tags, metadata, addresses, interfaces, volumes, live migrations.

use super::{SERVERS, act, boot, server, start_hosts};
use crate::testing::{Client, Rig, body_of, header_of};
use serde_json::{Value, json};

async fn status(rig: &Client, method: &str, path: &str) -> u16 {
    rig.send(method, path, bytes::Bytes::new()).await.status().as_u16()
}

#[test]
fn tags_are_set_one_by_one_or_together_and_filter_lists() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let rig = rig.at("2.26");
        let tags = format!("{web}/tags");
        assert_eq!(rig.put(&tags, json!({"tags": ["red", "blue"]})).await.status(), 200);
        let added = rig.put(&format!("{tags}/green"), json!(null)).await;
        assert_eq!(added.status(), 201);
        assert!(header_of(&added, "location").ends_with("/tags/green"));
        assert_eq!(status(&rig, "PUT", &format!("{tags}/green")).await, 204);
        assert_eq!(status(&rig, "GET", &format!("{tags}/red")).await, 204);
        assert_eq!(status(&rig, "DELETE", &format!("{tags}/red")).await, 204);
        let gone = rig.get(&format!("{tags}/red")).await;
        let message = body_of(&gone)["itemNotFound"]["message"].clone();
        assert!(message.as_str().unwrap_or("").ends_with("has no tag 'red'"), "{message}");
        assert_eq!(body_of(&rig.get(&tags).await), json!({"tags": ["blue", "green"]}));
        let names = async |query: &str| {
            let listed = body_of(&rig.get(&format!("{SERVERS}?{query}")).await);
            listed["servers"].as_array().map(Vec::len)
        };
        assert_eq!(names("tags=blue,green").await, Some(1));
        assert_eq!(names("tags=blue,red").await, Some(0));
        assert_eq!(names("tags-any=blue,red").await, Some(1));
        assert_eq!(names("not-tags=blue,green").await, Some(0));
        assert_eq!(rig.put(&tags, json!({"tags": ["a,b"]})).await.status(), 400);
        assert_eq!(rig.at("2.25").get(&tags).await.status(), 404);
    });
}

#[test]
fn metadata_of_a_server_that_is_put_away_does_not_change() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let metadata = format!("{web}/metadata");
        let set = rig.post(&metadata, json!({"metadata": {"role": "db"}})).await;
        assert_eq!(body_of(&set), json!({"metadata": {"role": "db"}}));
        assert_eq!(act(&rig, &web, json!({"shelve": null})).await, 202);
        let refused = rig.put(&metadata, json!({"metadata": {}})).await;
        assert_eq!(refused.status(), 409);
        assert_eq!(status(&rig, "DELETE", &format!("{metadata}/role")).await, 409);
        assert_eq!(status(&rig, "DELETE", &format!("{metadata}/absent")).await, 404);
        let shown = body_of(&rig.get(&format!("{metadata}/role")).await);
        assert_eq!(shown, json!({"meta": {"role": "db"}}));
    });
}

#[test]
fn interfaces_come_and_go() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let interfaces = format!("{web}/os-interface");
        let attached = rig.post(&interfaces, json!({"interfaceAttachment": {}})).await;
        assert_eq!(attached.status(), 200, "{}", body_of(&attached));
        let port = body_of(&attached)["interfaceAttachment"]["port_id"].clone();
        let port = port.as_str().unwrap_or("");
        let listed = body_of(&rig.get(&interfaces).await);
        assert_eq!(listed["interfaceAttachments"].as_array().map(Vec::len), Some(2));
        assert_eq!(rig.get(&format!("{interfaces}/{port}")).await.status(), 200);
        assert_eq!(status(&rig, "DELETE", &format!("{interfaces}/{port}")).await, 202);
        rig.at_rest().await;
        assert_eq!(rig.get(&format!("{interfaces}/{port}")).await.status(), 404);
        let ips = body_of(&rig.get(&format!("{web}/ips")).await);
        assert_eq!(ips["addresses"]["private"].as_array().map(Vec::len), Some(1));
        assert_eq!(rig.get(&format!("{web}/ips/public")).await.status(), 404);
    });
}

#[test]
fn a_server_asked_for_without_networks_has_none() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let mut body = server();
        body["server"]["networks"] = json!("none");
        let made = rig.at("2.37").post(SERVERS, body).await;
        rig.at_rest().await;
        let id = body_of(&made)["server"]["id"].clone();
        let shown = body_of(&rig.get(&format!("{SERVERS}/{}", id.as_str().unwrap_or(""))).await);
        assert_eq!(shown["server"]["status"], "ACTIVE");
        assert_eq!(shown["server"]["addresses"], json!({}));
    });
}

#[test]
fn volumes_are_attached_shown_and_detached() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let volume = "6ca404f3-d844-4169-bb96-bc792f37de99";
        let attachments = format!("{web}/os-volume_attachments");
        let wanted = json!({"volumeAttachment": {"volumeId": volume}});
        let attached = rig.at("2.79").post(&attachments, wanted.clone()).await;
        assert_eq!(attached.status(), 200, "{}", body_of(&attached));
        let shown = body_of(&attached)["volumeAttachment"].clone();
        assert_eq!(shown["device"], "/dev/sdb", "{shown}");
        assert_eq!(shown["delete_on_termination"], false);
        rig.at_rest().await;
        let listed = body_of(&rig.at("2.89").get(&attachments).await);
        assert_eq!(listed["volumeAttachments"][0]["volumeId"], volume);
        assert!(listed["volumeAttachments"][0]["bdm_uuid"].is_string(), "{listed}");
        assert_eq!(rig.post(&attachments, wanted).await.status(), 400, "it is in use");
        let flag = json!({"volumeAttachment": {"volumeId": volume, "delete_on_termination": true}});
        let one = format!("{attachments}/{volume}");
        assert_eq!(rig.at("2.85").put(&one, flag).await.status(), 202);
        let shown = body_of(&rig.at("2.79").get(&one).await);
        assert_eq!(shown["volumeAttachment"]["delete_on_termination"], true);
        assert_eq!(status(&rig, "DELETE", &one).await, 202);
        rig.at_rest().await;
        assert_eq!(rig.get(&one).await.status(), 404);
    });
}

#[test]
fn diagnostics_have_one_form_since_2_48_and_are_for_administrators() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let path = format!("{web}/diagnostics");
        let numbers = body_of(&rig.at("2.48").get(&path).await);
        assert_eq!(numbers["state"], "running", "{numbers}");
        assert!(body_of(&rig.get(&path).await).get("state").is_none());
        let member = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        assert_eq!(member.get(&path).await.status(), 403);
        let topology = body_of(&rig.at("2.78").get(&format!("{web}/topology")).await);
        assert_eq!(topology, json!({"nodes": [], "pagesize_kb": null}));
    });
}

#[test]
fn a_live_migration_is_seen_while_it_lasts_and_can_be_aborted() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake+live-migrate"), ("host2", "fake+live-migrate")]).await;
        let web = boot(&rig).await;
        let rig = rig.at("2.65");
        let live = json!({"os-migrateLive": {"host": null, "block_migration": "auto"}});
        assert_eq!(rig.post(&format!("{web}/action"), live).await.status(), 202);
        let migrations = format!("{web}/migrations");
        let mut number = Value::Null;
        for _ in 0..100 {
            let listed = body_of(&rig.get(&migrations).await);
            if listed["migrations"][0]["status"] == "running" {
                number = listed["migrations"][0]["id"].clone();
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(number, 1, "no migration was seen to run");
        assert_eq!(rig.get(&format!("{migrations}/1")).await.status(), 200);
        assert_eq!(rig.get(&format!("{migrations}/9")).await.status(), 404);
        assert_eq!(status(&rig, "DELETE", &format!("{migrations}/1")).await, 202);
        rig.at_rest().await;
        let all = body_of(&rig.at("2.59").get("/compute/v2.1/os-migrations").await);
        assert_eq!(all["migrations"][0]["status"], "cancelled", "{all}");
        assert_eq!(body_of(&rig.get(&web).await)["server"]["status"], "ACTIVE");
    });
}

#[test]
fn other_services_tell_of_events_one_by_one() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let web = boot(&rig).await;
        let id = web.rsplit('/').next().unwrap_or("");
        let events = json!({"events": [
            {"server_uuid": id, "name": "network-changed"},
            {"server_uuid": "00000000-0000-0000-0000-000000000001", "name": "network-changed"},
            {"server_uuid": id, "name": "volume-extended"},
        ]});
        let answer = rig.at("2.51").post("/compute/v2.1/os-server-external-events", events.clone()).await;
        assert_eq!(answer.status(), 207);
        let codes: Vec<Value> = body_of(&answer)["events"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|event| event["code"].clone())
            .collect();
        assert_eq!(codes, [json!(200), json!(404), json!(400)]);
        let old = rig.post("/compute/v2.1/os-server-external-events", events).await;
        assert_eq!(old.status(), 400, "volume-extended came with 2.51");
    });
}
