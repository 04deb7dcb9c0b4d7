//! What a client of a served cloud waits for: the list of a thousand servers with all that is known of them, and one server
//! from the request to ACTIVE, alone and while seven other clients do the same. Medians.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../examples/soak/load.rs"]
#[expect(dead_code, reason = "how much memory a cloud has is for the soak to ask")]
mod load;

use load::{Client, Cloud, Problem, servers_come_and_go, what_is_left};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// How many servers there are when they are listed.
const SERVERS: usize = 1_000;
/// How often each is measured.
const TIMES: usize = 101;
/// No limits, as for an administrator who measures.
const ARGUMENTS: &[&str] =
    &["--hosts", "100", "--set", "quota.instances=-1", "--set", "quota.cores=-1", "--set", "quota.ram=-1"];

fn main() -> Result<(), Problem> {
    let cloud = Cloud::serve(Path::new(env!("CARGO_BIN_EXE_novarig")), ARGUMENTS)?;
    let mut client = Client::connect(&cloud.address, "bench")?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begin = Instant::now();
        let id = client.create("measured")?;
        client.wait_until_active(&id)?;
        times.push(begin.elapsed());
        client.delete(&id)?;
    }
    tell("POST /servers to ACTIVE", times);
    let begin = Instant::now();
    servers_come_and_go(&cloud.address, 8, 400, 400, |_| Ok(()))?;
    println!("8 clients make and delete {:>6.0} servers a second", 400.0 / begin.elapsed().as_secs_f64());
    assert_eq!(what_is_left(&cloud)?, Vec::<String>::new());
    // The API's own limit of servers in one request is as Nova has none; a page holds a thousand.
    let server = json!({"name": "web", "flavorRef": "1", "imageRef": "155d900f-4e14-4e4c-a73d-069cbf4541e6"});
    let mut many = server;
    (many["min_count"], many["max_count"]) = (json!(SERVERS), json!(SERVERS));
    let (status, answer) = client.ask("POST", "/v2.1/servers", &json!({"server": many}))?;
    assert_eq!(status, 202, "{}", String::from_utf8_lossy(&answer));
    let of = |client: &mut Client, status: &str| -> Result<usize, Problem> {
        let listed = client.get(&format!("/v2.1/servers?status={status}"))?;
        Ok(listed["servers"].as_array().map_or(0, Vec::len))
    };
    while of(&mut client, "BUILD")? > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(of(&mut client, "ACTIVE")?, SERVERS);
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begin = Instant::now();
        let (status, answer) = client.ask("GET", "/v2.1/servers/detail", &Value::Null)?;
        times.push(begin.elapsed());
        assert!(status == 200 && answer.len() > SERVERS * 500, "{status}, {} bytes", answer.len());
    }
    tell("GET /servers/detail of 1,000", times);
    Ok(())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    println!("{what:<30} {:>7.2} ms", times.get(times.len() / 2).map_or(f64::NAN, milliseconds));
}
