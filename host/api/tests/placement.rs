//! Placement's API as clients meet it, without a network between: the worked scenarios of its rules, and input that is
//! large or hostile. What every route answers at every microversion is shown by Placement's own suite
//! (`tests/conformance/placement_gabbi.py`).

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use novarig_api::placement::{Config, LockedEngine, Service};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const ANSWER_LIMIT: usize = 512 << 20;

struct Api {
    service: Service<LockedEngine>,
    version: &'static str,
}

impl Api {
    fn new() -> Self {
        Self { service: Service::new(LockedEngine::default(), Config::default()), version: "1.39" }
    }

    /// The same state, spoken to at another microversion.
    fn at(&self, version: &'static str) -> Self {
        Self { service: self.service.clone(), version }
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let text = body.map(Value::to_string);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-auth-token", "admin")
            .header("openstack-api-version", format!("placement {}", self.version));
        if let Some(text) = &text {
            request = request.header("content-type", "application/json").header("content-length", text.len());
        }
        let request = request.body(text.map_or_else(Body::empty, Body::from)).expect("a well-formed request");
        let response = self.service.answer(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), ANSWER_LIMIT).await.expect("the body is at hand");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    async fn provider(&self, number: u128, parent: Option<u128>, inventories: Value) -> String {
        let id = uuid(number);
        let body =
            json!({"name": format!("p{number}"), "uuid": id, "parent_provider_uuid": parent.map(uuid)});
        self.ok("POST", "/resource_providers", Some(&body)).await;
        if !inventories.is_null() {
            let body = json!({"resource_provider_generation": 0, "inventories": inventories});
            self.ok("PUT", &format!("/resource_providers/{id}/inventories"), Some(&body)).await;
        }
        id
    }

    async fn put_allocations(
        &self,
        consumer: u128,
        allocations: Value,
        generation: Value,
    ) -> (StatusCode, Value) {
        let body = consumer_body(allocations, generation);
        self.call("PUT", &format!("/allocations/{}", uuid(consumer)), Some(&body)).await
    }

    async fn generation(&self, provider: &str) -> Value {
        self.ok("GET", &format!("/resource_providers/{provider}"), None).await["generation"].clone()
    }

    async fn candidates(&self, query: &str) -> Vec<Value> {
        let answer = self.ok("GET", &format!("/allocation_candidates?{query}"), None).await;
        answer["allocation_requests"].as_array().expect("a list").clone()
    }
}

fn uuid(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn consumer_body(allocations: Value, generation: Value) -> Value {
    json!({
        "allocations": allocations, "project_id": "p", "user_id": "u",
        "consumer_generation": generation, "consumer_type": "INSTANCE",
    })
}

fn of(provider: &str, resources: Value) -> Value {
    json!({ provider: {"resources": resources} })
}

fn detail(answer: &Value) -> &str {
    answer["errors"][0]["detail"].as_str().unwrap_or("")
}

#[tokio::test]
async fn a_repeated_first_write_is_a_consumer_conflict_that_nova_recognises() {
    let api = Api::new();
    let host = api.provider(1, None, json!({"VCPU": {"total": 4}})).await;
    let (status, _) = api.put_allocations(9, of(&host, json!({"VCPU": 2})), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(api.generation(&host).await, 2);
    let (status, answer) = api.put_allocations(9, of(&host, json!({"VCPU": 2})), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(answer["errors"][0]["code"], "placement.concurrent_update");
    assert!(detail(&answer).contains("consumer generation conflict - expected 1 but got None"), "{answer}");
}

#[tokio::test]
async fn an_over_committed_provider_takes_what_makes_it_no_worse() {
    let api = Api::new();
    let host = api.provider(1, None, json!({"VCPU": {"total": 8}})).await;
    api.put_allocations(9, of(&host, json!({"VCPU": 8})), Value::Null).await;
    let smaller = json!({"resource_provider_generation": 2, "inventories": {"VCPU": {"total": 4}}});
    api.ok("PUT", &format!("/resource_providers/{host}/inventories"), Some(&smaller)).await;

    let (status, _) = api.put_allocations(9, of(&host, json!({"VCPU": 6})), json!(1)).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "6 instead of 8 is a relief");
    let (status, answer) = api.put_allocations(10, of(&host, json!({"VCPU": 1})), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(detail(&answer).contains("The requested amount would exceed the capacity."), "{answer}");

    let swap = json!({
        uuid(9): consumer_body(json!({}), json!(2)),
        uuid(10): consumer_body(of(&host, json!({"VCPU": 6})), Value::Null),
    });
    api.ok("POST", "/allocations", Some(&swap)).await;
    assert_eq!(api.ok("GET", &format!("/allocations/{}", uuid(9)), None).await, json!({"allocations": {}}));
}

#[tokio::test]
async fn sharing_providers_join_the_trees_of_their_aggregate() {
    let api = Api::new();
    let full = json!({"VCPU": {"total": 8}, "MEMORY_MB": {"total": 1024}, "DISK_GB": {"total": 100}});
    let diskless = json!({"VCPU": {"total": 8}, "MEMORY_MB": {"total": 1024}});
    let hosts = [
        api.provider(1, None, full).await,
        api.provider(2, None, diskless).await,
        api.provider(3, None, json!({"DISK_GB": {"total": 100}})).await,
    ];
    for host in &hosts {
        let body = json!({"aggregates": [uuid(77)], "resource_provider_generation": 1});
        api.ok("PUT", &format!("/resource_providers/{host}/aggregates"), Some(&body)).await;
    }
    let body = json!({"traits": ["MISC_SHARES_VIA_AGGREGATE"], "resource_provider_generation": 2});
    api.ok("PUT", &format!("/resource_providers/{}/traits", hosts[2]), Some(&body)).await;

    let found = api.candidates("resources=VCPU:1,DISK_GB:10").await;
    let mut pairs: Vec<Vec<&String>> =
        found.iter().map(|c| c["allocations"].as_object().expect("an object").keys().collect()).collect();
    pairs.sort();
    assert_eq!(pairs, [vec![&hosts[0]], vec![&hosts[0], &hosts[2]], vec![&hosts[1], &hosts[2]]]);
    let in_tree = format!("resources=VCPU:1,DISK_GB:10&in_tree={}", hosts[1]);
    assert!(api.candidates(&in_tree).await.is_empty(), "the sharing provider is outside of the tree");
}

#[tokio::test]
async fn isolated_groups_have_providers_of_their_own_and_one_amount_is_never_split() {
    let api = Api::new();
    api.provider(1, None, json!({"VCPU": {"total": 8}})).await;
    api.provider(2, Some(1), json!({"VGPU": {"total": 2}})).await;
    api.provider(3, Some(1), json!({"VGPU": {"total": 2}})).await;
    let groups = "resources=VCPU:1&resources1=VGPU:1&resources2=VGPU:1&group_policy";
    assert_eq!(api.candidates(&format!("{groups}=isolate")).await.len(), 2);
    assert_eq!(api.candidates(&format!("{groups}=none")).await.len(), 4);
    assert!(api.candidates("resources=VGPU:3").await.is_empty());
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_an_error_only_if_what_comes_before_it_can_be_met() {
    let api = Api::new();
    api.provider(1, None, json!({"VCPU": {"total": 8}, "DISK_GB": {"total": 10, "max_unit": 5}})).await;
    api.ok("PUT", "/traits/CUSTOM_T", None).await;
    let ask = async |query: &str| {
        let path = format!("/allocation_candidates?{query}&group_policy=none");
        let (status, answer) = api.call("GET", &path, None).await;
        (status.as_u16(), answer["allocation_requests"].as_array().map(Vec::len))
    };
    for unknown in ["resources2=CUSTOM_NONE:1", "resources2=VCPU:1&required2=CUSTOM_NONE"] {
        for (before, answer) in [
            ("resources1=VCPU:1", (400, None)),
            ("resources1=VCPU:9", (200, Some(0))),
            ("resources=DISK_GB:6", (200, Some(0))),
            ("resources1=VCPU:1&required1=CUSTOM_T", (200, Some(0))),
            ("resources1=VCPU:1&root_required=CUSTOM_T", (200, Some(0))),
            ("resources1=VCPU:1&root_required=!CUSTOM_T", (400, None)),
            ("resources1=VCPU:1&root_required=CUSTOM_NONE", (400, None)),
        ] {
            assert_eq!(ask(&format!("{before}&{unknown}")).await, answer, "{before}&{unknown}");
        }
    }
}

#[tokio::test]
async fn a_provider_moves_with_its_subtree_from_1_37_on() {
    let api = Api::new();
    for (number, parent) in [(1, None), (2, Some(1)), (3, Some(2)), (4, None)] {
        api.provider(number, parent, Value::Null).await;
    }
    let body = json!({"name": "p2", "parent_provider_uuid": uuid(4)});
    let path = format!("/resource_providers/{}", uuid(2));
    let (status, answer) = api.at("1.36").call("PUT", &path, Some(&body)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&answer).contains("re-parenting a provider is not currently allowed"), "{answer}");
    api.ok("PUT", &path, Some(&body)).await;
    let child = api.ok("GET", &format!("/resource_providers/{}", uuid(3)), None).await;
    assert_eq!(child["root_provider_uuid"], uuid(4));
}

#[tokio::test]
async fn an_empty_write_for_nobody_leaves_a_consumer_that_is_no_longer_new() {
    let api = Api::new();
    let host = api.provider(1, None, json!({"VCPU": {"total": 4}})).await;
    let (status, _) = api.put_allocations(9, json!({}), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = api.put_allocations(9, of(&host, json!({"VCPU": 1})), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = api.put_allocations(9, of(&host, json!({"VCPU": 1})), json!(0)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn inventory_moves_to_a_child_together_with_what_is_allocated_of_it() {
    let api = Api::new();
    let host = api.provider(1, None, json!({"VCPU": {"total": 8}, "VGPU": {"total": 2}})).await;
    let child = api.provider(2, Some(1), Value::Null).await;
    api.put_allocations(9, of(&host, json!({"VCPU": 1, "VGPU": 2})), Value::Null).await;
    let moved = json!({
        &host: {"resource_provider_generation": 2, "inventories": {"VCPU": {"total": 8}}},
        &child: {"resource_provider_generation": 0, "inventories": {"VGPU": {"total": 2}}},
    });
    let careless = json!({"inventories": moved, "allocations": {}});
    let (status, answer) = api.call("POST", "/reshaper", Some(&careless)).await;
    assert_eq!(
        (status, &answer["errors"][0]["code"]),
        (StatusCode::CONFLICT, &json!("placement.inventory.inuse"))
    );
    assert_eq!(api.generation(&host).await, 2, "what is refused changes nothing");

    let allocations = json!({ &host: {"resources": {"VCPU": 1}}, &child: {"resources": {"VGPU": 2}} });
    let whole = json!({"inventories": moved, "allocations": {uuid(9): consumer_body(allocations, json!(1))}});
    api.ok("POST", "/reshaper", Some(&whole)).await;
    let usages = api.ok("GET", &format!("/resource_providers/{child}/usages"), None).await;
    assert_eq!(usages["usages"], json!({"VGPU": 2}));
}

#[tokio::test]
async fn below_a_prefix_paths_begin_with_it() {
    let config = Config { prefix: "/placement".to_string(), ..Config::default() };
    let api = Api { service: Service::new(LockedEngine::default(), config), version: "1.39" };
    for root in ["/placement", "/placement/"] {
        assert!(api.ok("GET", root, None).await["versions"].is_array());
    }
    let body = json!({"name": "host", "uuid": uuid(1)});
    let made = api.ok("POST", "/placement/resource_providers", Some(&body)).await;
    assert_eq!(made["links"][0]["href"], format!("/placement/resource_providers/{}", uuid(1)));
    let (status, _) = api.call("GET", "/placement/cows", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_write_that_names_an_unknown_provider_leaves_its_new_consumer_behind() {
    let api = Api::new();
    let (status, answer) = api.put_allocations(9, of(&uuid(1), json!({"VCPU": 1})), Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&answer).contains("that does not exist"), "{answer}");
    let (_, answer) = api.put_allocations(9, json!({}), Value::Null).await;
    assert!(detail(&answer).contains("expected 0 but got None"), "as the real service does: {answer}");
}

#[tokio::test]
async fn ten_thousand_allocations_are_one_write() {
    let api = Api::new();
    let host = api.provider(1, None, json!({"VCPU": {"total": 20_000}})).await;
    let consumers: Map<String, Value> = (0..10_000)
        .map(|n| (uuid(1_000 + n), consumer_body(of(&host, json!({"VCPU": 1})), Value::Null)))
        .collect();
    api.ok("POST", "/allocations", Some(&consumers.into())).await;
    let usages = api.ok("GET", &format!("/resource_providers/{host}/usages"), None).await;
    assert_eq!(usages["usages"]["VCPU"], 10_000);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_for_what_is_wrong_with_it_and_not_said_back() {
    let api = Api::new();
    let (status, answer) =
        api.call("POST", "/resource_providers", Some(&json!({"name": "x".repeat(10 << 20)}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&answer).contains("is too long") && detail(&answer).len() < 5_000);
}

#[tokio::test]
async fn nesting_beyond_reason_is_malformed_json() {
    let api = Api::new();
    let mut request =
        Request::builder().method("POST").uri("/resource_providers").header("x-auth-token", "admin");
    request = request.header("content-type", "application/json");
    let deep = "[".repeat(1 << 20);
    let response = api.service.answer(request.body(Body::from(deep)).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_query_with_too_many_combinations_is_refused_unless_it_is_limited() {
    let api = Api::new();
    api.provider(1, None, json!({"VCPU": {"total": 8}})).await;
    for number in 2..32 {
        api.provider(number, Some(1), json!({"VGPU": {"total": 100}})).await;
    }
    let groups: String = (1..8).map(|n| format!("&resources{n}=VGPU:1")).collect();
    let query = format!("resources=VCPU:1{groups}&group_policy=none");
    let (status, answer) = api.call("GET", &format!("/allocation_candidates?{query}"), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&answer).contains("limit"), "{answer}");
    assert_eq!(api.candidates(&format!("{query}&limit=50")).await.len(), 50);
}

#[tokio::test]
async fn a_tree_of_a_thousand_levels_is_served() {
    let api = Api::new();
    for number in 1..1_000 {
        api.provider(number, (number > 1).then_some(number - 1), Value::Null).await;
    }
    let inventories = json!({"resource_provider_generation": 0, "inventories": {"VGPU": {"total": 1}}});
    let path = format!("/resource_providers/{}/inventories", uuid(999));
    api.ok("PUT", &path, Some(&inventories)).await;
    let found = api.candidates("resources=VGPU:1").await;
    assert_eq!(found[0]["mappings"], json!({"": [uuid(999)]}));
    let loop_ = json!({"name": "p1", "parent_provider_uuid": uuid(999)});
    let (status, _) = api.call("PUT", &format!("/resource_providers/{}", uuid(1)), Some(&loop_)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn numbers_of_any_size_are_answered() {
    let api = Api::new();
    let huge = json!({"VCPU": {"total": 2_147_483_647_u32, "allocation_ratio": 3.4e38}});
    let host = api.provider(1, None, huge).await;
    let found = api.ok("GET", "/allocation_candidates?resources=VCPU:1", None).await;
    let capacity = found["provider_summaries"][&host]["resources"]["VCPU"]["capacity"].as_f64();
    assert!(capacity.is_some_and(|n| n > 7e47), "{found}");
    assert!(api.candidates("resources=VCPU:999999999999999999999999999999").await.is_empty());
    for generation in [json!(-1), json!(1e30), json!(0.5)] {
        let body = json!({"resource_provider_generation": generation, "inventories": {}});
        let (status, _) =
            api.call("PUT", &format!("/resource_providers/{host}/inventories"), Some(&body)).await;
        assert!(status.is_client_error(), "{generation}");
    }
}
