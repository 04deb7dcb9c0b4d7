//! The network service as its clients meet it.

use crate::testing::{Client, Rig, body_of};
use serde_json::{Value, json};

const ROOT: &str = "/networking/v2.0";
const SERVERS: &str = "/compute/v2.1/servers";
const IMAGE: &str = "155d900f-4e14-4e4c-a73d-069cbf4541e6";

/// Makes something; answers the status and what was made.
async fn make(rig: &Client, kind: &str, given: Value) -> (u16, Value) {
    let path = match kind {
        "security_group" => "security-groups".to_owned(),
        "security_group_rule" => "security-group-rules".to_owned(),
        kind => format!("{kind}s"),
    };
    let answer = rig.post(&format!("{ROOT}/{path}"), json!({kind: given})).await;
    let body = body_of(&answer);
    (
        answer.status().as_u16(),
        if body[kind].is_null() { body["NeutronError"].clone() } else { body[kind].clone() },
    )
}

/// A network with a subnet; answers their ids.
async fn network(rig: &Client, name: &str, range: &str) -> (String, String) {
    let (status, network) = make(rig, "network", json!({"name": name})).await;
    assert_eq!(status, 201, "{network}");
    let id = network["id"].as_str().unwrap_or("").to_owned();
    let (status, subnet) =
        make(rig, "subnet", json!({"network_id": id, "cidr": range, "ip_version": 4})).await;
    assert_eq!(status, 201, "{subnet}");
    (id, subnet["id"].as_str().unwrap_or("").to_owned())
}

/// Makes a server on these networks and waits until the cloud is at rest; answers the status and the server.
async fn boot(rig: &Client, networks: Value) -> (u16, Value) {
    let server = json!({"name": "web", "flavorRef": "1", "imageRef": IMAGE, "networks": networks});
    let answer = rig.at("2.96").post(SERVERS, json!({"server": server})).await;
    rig.at_rest().await;
    let id = body_of(&answer)["server"]["id"].as_str().unwrap_or("none").to_owned();
    let shown = body_of(&rig.at("2.96").get(&format!("{SERVERS}/{id}")).await);
    (
        answer.status().as_u16(),
        if answer.status() == 202 { shown["server"].clone() } else { body_of(&answer) },
    )
}

async fn start_host(rig: &Client) {
    let body = json!({"name": "compute", "host": "host1", "driver": "fake"});
    assert_eq!(rig.post("/_novarig/v1/services", body).await.status(), 200);
}

fn demo(rig: &Client) -> Client {
    rig.with(&[("x-auth-user", "demo"), ("x-auth-project-id", "demo"), ("x-roles", "member")])
}

#[test]
fn the_clouds_own_network_is_found_by_its_name_and_ports_are_made_on_it() {
    Rig::open().run(async |rig| {
        let networks = body_of(&rig.get(&format!("{ROOT}/networks?name=private")).await);
        let id = networks["networks"][0]["id"].as_str().unwrap_or("").to_owned();
        assert_eq!(body_of(&rig.get(&format!("{ROOT}/networks?name=public")).await), json!({"networks": []}));
        assert_eq!(rig.get(&format!("{ROOT}/networks/{id}")).await.status(), 200);
        let (status, port) = make(&rig, "port", json!({"network_id": id})).await;
        assert_eq!((status, &port["fixed_ips"][0]["ip_address"]), (201, &json!("192.168.0.2")));
        let listed = body_of(&rig.get(&format!("{ROOT}/ports?fixed_ips=ip_address%3D192.168.0.2")).await);
        assert_eq!(listed["ports"][0]["id"], port["id"]);
        assert_eq!(rig.get(&format!("{ROOT}/routers")).await.status(), 404);
        let one = format!("{ROOT}/ports/{}", port["id"].as_str().unwrap_or(""));
        let named = rig.put(&one, json!({"port": {"name": "p1"}})).await;
        assert_eq!(body_of(&named)["port"]["name"], "p1");
        assert_eq!(rig.delete(&one).await.status(), 204);
        assert_eq!(rig.delete(&one).await.status(), 404);
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{id}")).await.status(), 409, "servers need it");
    });
}

#[test]
fn networks_and_subnets_are_made_changed_and_deleted_by_those_whose_they_are() {
    Rig::open().run(async |rig| {
        let (id, subnet) = network(&rig, "blue", "10.1.0.0/29").await;
        let shown = body_of(&rig.get(&format!("{ROOT}/networks/{id}")).await);
        assert_eq!(shown["network"]["subnets"], json!([subnet]));
        let shown = body_of(&rig.get(&format!("{ROOT}/subnets/{subnet}")).await);
        assert_eq!(shown["subnet"]["gateway_ip"], "10.1.0.1");
        assert_eq!(shown["subnet"]["allocation_pools"], json!([{"start": "10.1.0.2", "end": "10.1.0.6"}]));
        let others = demo(&rig);
        assert_eq!(others.get(&format!("{ROOT}/networks/{id}")).await.status(), 404, "another project's");
        assert_eq!(others.get(&format!("{ROOT}/subnets/{subnet}")).await.status(), 404);
        assert_eq!(make(&others, "network", json!({"shared": true})).await.0, 403);
        assert_eq!(make(&others, "network", json!({"router:external": true})).await.0, 403);
        let renamed = rig
            .put(&format!("{ROOT}/networks/{id}"), json!({"network": {"name": "red", "shared": true}}))
            .await;
        assert_eq!(body_of(&renamed)["network"]["name"], "red");
        assert_eq!(others.get(&format!("{ROOT}/networks/{id}")).await.status(), 200, "it is for all now");
        assert_eq!(others.delete(&format!("{ROOT}/networks/{id}")).await.status(), 403);

        let (status, port) = make(&rig, "port", json!({"network_id": id})).await;
        assert_eq!((status, &port["fixed_ips"][0]["subnet_id"]), (201, &json!(subnet)));
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{id}")).await.status(), 409);
        assert_eq!(rig.delete(&format!("{ROOT}/subnets/{subnet}")).await.status(), 409);
        let port = port["id"].as_str().unwrap_or("").to_owned();
        assert_eq!(rig.delete(&format!("{ROOT}/ports/{port}")).await.status(), 204);
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{id}")).await.status(), 204);
        assert_eq!(rig.get(&format!("{ROOT}/subnets/{subnet}")).await.status(), 404);
    });
}

#[test]
fn addresses_are_given_out_until_none_is_left_and_are_nobody_elses() {
    Rig::open().run(async |rig| {
        let (id, subnet) = network(&rig, "small", "10.1.0.0/29").await;
        let taken = json!({"network_id": id, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.1.0.4"}]});
        assert_eq!(make(&rig, "port", taken.clone()).await.0, 201);
        let (status, error) = make(&rig, "port", taken).await;
        assert_eq!((status, &error["type"]), (409, &json!("IpAddressAlreadyAllocated")));
        let elsewhere = json!({"network_id": id, "fixed_ips": [{"ip_address": "10.9.0.4"}]});
        assert_eq!(make(&rig, "port", elsewhere).await.0, 400);
        let mut given = Vec::new();
        for _ in 0..4 {
            let (_, port) = make(&rig, "port", json!({"network_id": id})).await;
            given.push(port["fixed_ips"][0]["ip_address"].as_str().unwrap_or("").to_owned());
        }
        assert_eq!(given, ["10.1.0.2", "10.1.0.3", "10.1.0.5", "10.1.0.6"]);
        let (status, error) = make(&rig, "port", json!({"network_id": id})).await;
        assert_eq!((status, &error["type"]), (409, &json!("IpAddressGenerationFailure")));
    });
}

#[test]
fn what_is_no_network_subnet_or_port_is_refused_with_the_reason() {
    Rig::open().run(async |rig| {
        let (id, _) = network(&rig, "blue", "10.1.0.0/24").await;
        for (kind, given, status) in [
            ("network", json!({"name": 5}), 400),
            ("network", json!({"admin_state_up": "maybe"}), 400),
            ("subnet", json!({"network_id": id}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.1.0.0"}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.1.0.128/25"}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.2.0.0/24", "ip_version": 6}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.2.0.0/24", "gateway_ip": "10.3.0.1"}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.2.0.0/24", "allocation_pools": [{"start": "10.2.0.9", "end": "10.2.0.8"}]}), 400),
            ("subnet", json!({"network_id": id, "cidr": "10.2.0.0/24", "dns_nameservers": ["nobody"]}), 400),
            ("subnet", json!({"network_id": "11111111-1111-4111-8111-111111111111", "cidr": "10.2.0.0/24"}), 404),
            ("port", json!({}), 400),
            ("port", json!({"network_id": "11111111-1111-4111-8111-111111111111"}), 404),
            ("port", json!({"network_id": id, "mac_address": "fa:16"}), 400),
            ("port", json!({"network_id": id, "fixed_ips": [{"subnet_id": "11111111-1111-4111-8111-111111111111"}]}), 404),
            ("floatingip", json!({"floating_network_id": id}), 400),
            ("security_group_rule", json!({"security_group_id": "11111111-1111-4111-8111-111111111111"}), 404),
        ] {
            let (answered, error) = make(&rig, kind, given.clone()).await;
            assert_eq!(answered, status, "{kind} {given}: {error}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        }
        assert_eq!(rig.post(&format!("{ROOT}/networks"), json!([])).await.status(), 400);
    });
}

#[test]
fn a_server_is_plugged_into_the_networks_it_asks_for_and_shows_their_names() {
    Rig::open().run(async |rig| {
        start_host(&rig).await;
        let (blue, _) = network(&rig, "blue", "10.1.0.0/24").await;
        let (red, _) = network(&rig, "red", "10.2.0.0/24").await;
        let (status, refused) = boot(&rig, json!("auto")).await;
        assert_eq!(status, 409, "there are several to choose from: {refused}");
        let (status, web) = boot(&rig, json!([{"uuid": blue, "fixed_ip": "10.1.0.30"}, {"uuid": red}])).await;
        assert_eq!((status, &web["status"]), (202, &json!("ACTIVE")));
        assert_eq!(web["addresses"]["blue"][0]["addr"], "10.1.0.30");
        assert_eq!(web["addresses"]["red"][0]["addr"], "10.2.0.2");
        let (status, refused) = boot(&rig, json!([{"uuid": blue, "fixed_ip": "10.1.0.30"}])).await;
        assert_eq!(status, 400, "{refused}");
        assert_eq!(boot(&rig, json!([{"uuid": blue, "fixed_ip": "10.2.0.30"}])).await.0, 400);
        assert_eq!(boot(&rig, json!([{"uuid": "11111111-1111-4111-8111-111111111111"}])).await.0, 400);
        let (_, bare) = make(&rig, "network", json!({"name": "bare"})).await;
        let (status, refused) = boot(&rig, json!([{"uuid": bare["id"]}])).await;
        assert_eq!(status, 400, "it has no subnet: {refused}");
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{blue}")).await.status(), 409, "a server is on it");

        let id = web["id"].as_str().unwrap_or("").to_owned();
        let attached = rig
            .post(
                &format!("{SERVERS}/{id}/os-interface"),
                json!({"interfaceAttachment": {
                "net_id": red, "fixed_ips": [{"ip_address": "10.2.0.77"}]}}),
            )
            .await;
        assert_eq!(body_of(&attached)["interfaceAttachment"]["fixed_ips"][0]["ip_address"], "10.2.0.77");
        rig.at_rest().await;
        assert_eq!(rig.delete(&format!("{SERVERS}/{id}")).await.status(), 204);
        rig.at_rest().await;
        let ports = body_of(&rig.get(&format!("{ROOT}/ports")).await);
        assert_eq!(ports, json!({"ports": []}), "all of them were made for it");
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{blue}")).await.status(), 204);
    });
}

#[test]
fn a_floating_address_comes_from_an_external_network_and_shows_at_its_server() {
    Rig::open().run(async |rig| {
        start_host(&rig).await;
        let (_, web) = boot(&rig, json!("auto")).await;
        let (id, _) = network(&rig, "public", "203.0.113.0/29").await;
        let external = json!({"network": {"router:external": true}});
        assert_eq!(rig.put(&format!("{ROOT}/networks/{id}"), external).await.status(), 200);
        let server = web["id"].as_str().unwrap_or("").to_owned();
        let ports = body_of(&rig.get(&format!("{ROOT}/ports?device_id={server}")).await);
        let port = ports["ports"][0]["id"].clone();

        let (status, floating) = make(&rig, "floatingip", json!({"floating_network_id": id})).await;
        assert_eq!(
            (status, &floating["floating_ip_address"], &floating["status"]),
            (201, &json!("203.0.113.2"), &json!("DOWN"))
        );
        let one = format!("{ROOT}/floatingips/{}", floating["id"].as_str().unwrap_or(""));
        let led = body_of(&rig.put(&one, json!({"floatingip": {"port_id": port}})).await);
        assert_eq!(led["floatingip"]["fixed_ip_address"], "192.168.0.2");
        let shown = body_of(&rig.get(&format!("{SERVERS}/{server}")).await);
        let addresses = &shown["server"]["addresses"]["private"];
        assert_eq!(addresses[1]["addr"], "203.0.113.2");
        assert_eq!(addresses[1]["OS-EXT-IPS:type"], "floating");
        let (status, refused) =
            make(&rig, "floatingip", json!({"floating_network_id": id, "port_id": port})).await;
        assert_eq!((status, &refused["type"]), (409, &json!("FloatingIPPortAlreadyAssociated")));
        assert_eq!(demo(&rig).get(&one).await.status(), 404, "another project's");
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{id}")).await.status(), 409);

        rig.delete(&format!("{SERVERS}/{server}")).await;
        rig.at_rest().await;
        let left = body_of(&rig.get(&one).await);
        assert_eq!(
            (&left["floatingip"]["port_id"], &left["floatingip"]["status"]),
            (&Value::Null, &json!("DOWN"))
        );
        assert_eq!(rig.delete(&one).await.status(), 204);
        assert_eq!(rig.delete(&format!("{ROOT}/networks/{id}")).await.status(), 204);
    });
}

#[test]
fn security_groups_are_kept_with_their_rules_and_the_default_one_stays() {
    Rig::open().run(async |rig| {
        let groups = "/networking/v2.0/security-groups";
        let (_, made) = make(&rig, "security_group", json!({"name": "web"})).await;
        let id = made["id"].as_str().unwrap_or("").to_owned();
        let rule = json!({"security_group_id": id, "protocol": "tcp", "port_range_min": 80});
        assert_eq!(make(&rig, "security_group_rule", rule).await.0, 201);
        let shown = body_of(&rig.get(&format!("{groups}/{id}")).await);
        assert_eq!(
            shown["security_group"]["security_group_rules"].as_array().map(Vec::len),
            Some(3),
            "{shown}"
        );
        let renamed =
            rig.put(&format!("{groups}/{id}"), json!({"security_group": {"description": "80"}})).await;
        assert_eq!(body_of(&renamed)["security_group"]["description"], "80");
        assert_eq!(make(&rig, "security_group", json!({"name": "default"})).await.0, 409);
        let wrong = json!({"security_group_id": id, "direction": "sideways"});
        assert_eq!(make(&rig, "security_group_rule", wrong).await.0, 400);
        assert_eq!(rig.delete(&format!("{groups}/{id}")).await.status(), 204);
        let left = body_of(&rig.get(groups).await);
        assert_eq!(left["security_groups"].as_array().map(Vec::len), Some(1));
        assert_eq!(left["security_groups"][0]["name"], "default");
    });
}
