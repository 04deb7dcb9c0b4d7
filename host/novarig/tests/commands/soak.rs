//! A small soak: what must not be left of servers that came and went. Whether memory is flat is for the large one to say
//! (`just soak`), of which this has the clients.

#[path = "../../examples/soak/load.rs"]
mod load;

use load::{Client, Cloud, servers_come_and_go, what_is_left};
use std::path::Path;

#[test]
fn nothing_is_left_of_servers_that_several_clients_made_and_deleted_but_what_is_kept_for_a_while() {
    let novarig = Path::new(env!("CARGO_BIN_EXE_novarig"));
    let bounds = ["--hosts", "3", "--keep-deleted", "10", "--keep-notifications", "25"];
    let cloud = Cloud::serve(novarig, &bounds).expect("a cloud");
    let count =
        |kind: &str| cloud.control("census").expect("a census")["census"][kind].as_u64().unwrap_or(u64::MAX);
    servers_come_and_go(&cloud.address, 5, 40, 20, |_| Ok(())).expect("servers");
    assert_eq!(what_is_left(&cloud).expect("an answer"), Vec::<String>::new());
    let kept = ["deleted servers", "request specs", "notifications"].map(count);
    assert_eq!(kept, [10, 10, 25]);
    let memory = cloud.memory_kib().expect("its memory");
    assert!(memory > 1_024, "{memory} KiB are not those of a process");
    let mut admin = Client::connect(&cloud.address, "soak-1").expect("a connection");
    let deleted = admin.get("/v2.1/servers?deleted=true&all_tenants=true").expect("a list");
    assert_eq!(deleted["servers"].as_array().map(Vec::len), Some(10));
}
