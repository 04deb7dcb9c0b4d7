//! Quotas, limits, usage and key pairs.

use super::{SERVERS, act, boot, server, start_hosts};
use crate::testing::{Rig, body_of};
use serde_json::json;

const PROJECT: &str = "6f70656e737461636b20342065766572";

#[test]
fn what_a_project_may_have_is_shown_set_and_enforced() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let sets = format!("/compute/v2.1/os-quota-sets/{PROJECT}");
        let shown = body_of(&rig.at("2.57").get(&sets).await);
        assert_eq!(shown["quota_set"]["cores"], 20);
        assert_eq!(shown["quota_set"].get("injected_files"), None);
        let set = rig.put(&sets, json!({"quota_set": {"cores": 2}})).await;
        assert_eq!(body_of(&set)["quota_set"]["cores"], 2);
        let web = boot(&rig).await;
        boot(&rig).await;
        let refused = rig.at("2.37").post(SERVERS, server()).await;
        assert_eq!(refused.status(), 403);
        let message = "Quota exceeded for cores: Requested 1, but already used 2 of 2 cores";
        assert_eq!(body_of(&refused)["forbidden"]["message"], message);
        let resize = rig.post(&format!("{web}/action"), json!({"resize": {"flavorRef": "3"}})).await;
        assert_eq!(resize.status(), 403);
        let detail = body_of(&rig.get(&format!("{sets}/detail")).await);
        assert_eq!(detail["quota_set"]["cores"], json!({"in_use": 2, "limit": 2, "reserved": 0}));
        let less = rig.put(&sets, json!({"quota_set": {"cores": 1}})).await;
        let message = "Quota limit 1 for cores must be greater than or equal to already used and reserved 2.";
        assert_eq!(body_of(&less)["badRequest"]["message"], message);
        assert_eq!(rig.delete(&sets).await.status(), 202);
        assert_eq!(body_of(&rig.get(&sets).await)["quota_set"]["cores"], 20);
        let limits = body_of(&rig.get("/compute/v2.1/limits").await);
        assert_eq!(limits["limits"]["absolute"]["totalInstancesUsed"], 2);
    });
}

#[test]
fn a_user_has_at_most_what_was_set_for_the_user() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let sets = format!("/compute/v2.1/os-quota-sets/{PROJECT}?user_id=fake");
        let more = rig.put(&sets, json!({"quota_set": {"instances": 11}})).await;
        let message = "Quota limit 11 for instances must be less than or equal to 10.";
        assert_eq!(body_of(&more)["badRequest"]["message"], message);
        assert_eq!(rig.put(&sets, json!({"quota_set": {"instances": 1}})).await.status(), 200);
        let fake = rig.with(&[("x-auth-user", "fake"), ("x-roles", "member,reader")]);
        boot(&fake).await;
        let refused = fake.at("2.37").post(SERVERS, server()).await;
        let message = "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances";
        assert_eq!(body_of(&refused)["forbidden"]["message"], message);
        boot(&rig).await;
    });
}

#[test]
fn shelved_servers_are_counted_by_placement_only_while_they_are_on_a_host() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        let options = json!({"group": "quota", "options": {"count_usage_from_placement": true, "cores": 1}});
        assert_eq!(rig.put("/_novarig/v1/config", options).await.status(), 200);
        let web = boot(&rig).await;
        assert_eq!(act(&rig, &web, json!({"shelve": null})).await, 202);
        let db = boot(&rig).await;
        assert_eq!(act(&rig, &web, json!({"unshelve": null})).await, 403);
        assert_eq!(rig.delete(&db).await.status(), 204);
        rig.at_rest().await;
        assert_eq!(act(&rig, &web, json!({"unshelve": null})).await, 202);
    });
}

#[test]
fn usage_is_the_time_servers_ran() {
    Rig::open().run(async |rig| {
        start_hosts(&rig, &[("host1", "fake")]).await;
        boot(&rig).await;
        rig.sleep(7_200).await;
        let path = format!("/compute/v2.1/os-simple-tenant-usage/{PROJECT}?start=2026-01-01T00:00:00");
        let usage = body_of(&rig.get(&path).await);
        assert_eq!(usage["tenant_usage"]["server_usages"][0]["vcpus"], 1, "{usage}");
        let hours = usage["tenant_usage"]["total_hours"].as_f64().unwrap_or_default();
        assert!((2.0..2.1).contains(&hours), "{usage}");
        let backwards = rig.get(&format!("{path}&end=2025-01-01T00:00:00")).await;
        assert_eq!(backwards.status(), 400);
    });
}

#[test]
fn keys_are_imported_named_by_servers_and_deleted() {
    Rig::open().run(async |rig| {
        let keys = "/compute/v2.1/os-keypairs";
        let key =
            json!({"keypair": {"name": "laptop", "public_key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB rig"}});
        let rig = rig.at("2.37");
        let made = rig.post(keys, key.clone()).await;
        assert_eq!(made.status(), 201);
        let fingerprint = body_of(&made)["keypair"]["fingerprint"].as_str().map(str::len);
        assert_eq!(fingerprint, Some(47));
        assert_eq!(rig.post(keys, key).await.status(), 409);
        let bad = json!({"keypair": {"name": "bad", "public_key": "ssh-rsa"}});
        assert_eq!(rig.post(keys, bad).await.status(), 400);
        assert_eq!(body_of(&rig.get(keys).await)["keypairs"][0]["keypair"]["name"], "laptop");
        let unmade = json!({"keypair": {"name": "made"}});
        let made = body_of(&rig.post(keys, unmade.clone()).await)["keypair"].clone();
        assert!(made["public_key"].as_str().is_some_and(|key| key.starts_with("ssh-ed25519 ")), "{made}");
        assert!(made["private_key"].as_str().is_some_and(|key| key.contains("OPENSSH PRIVATE KEY")));
        assert!(body_of(&rig.get(&format!("{keys}/made")).await)["keypair"]["private_key"].is_null());
        assert_eq!(rig.at("2.92").post(keys, unmade).await.status(), 400);
        let mut body = server();
        body["server"]["key_name"] = json!("desktop");
        let refused = rig.post(SERVERS, body).await;
        assert_eq!(body_of(&refused)["badRequest"]["message"], "Invalid key_name provided.");
        assert_eq!(rig.delete(&format!("{keys}/laptop")).await.status(), 204);
        assert_eq!(rig.get(&format!("{keys}/laptop")).await.status(), 404);
    });
}
