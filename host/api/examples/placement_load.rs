//! Loads a placement service over HTTP and says how fast it answers:
//! `cargo run -p novarig-api --example placement_load -- --address HOST:PORT [--providers N] [--seconds S]`.
//!
//! It fills the service with compute nodes, then measures with connections that are kept open: the median time of a
//! query for allocation candidates with a limit and without, and how many allocations a second are written by one client
//! and by eight. The last line is JSON.
#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How many clients write at once in the second measurement.
const CLIENTS: usize = 8;

/// How many times over the nodes may be used, so that no measurement fills them.
const ROOM: f64 = 10_000.0;

struct Options {
    address: String,
    providers: u32,
    seconds: f64,
}

impl Options {
    fn from_arguments() -> Result<Self> {
        let mut options = Self { address: "127.0.0.1:8778".to_string(), providers: 1_000, seconds: 3.0 };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--address" => options.address = value,
                "--providers" => options.providers = value.parse()?,
                "--seconds" => options.seconds = value.parse()?,
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        Ok(options)
    }
}

/// A connection that is kept open.
struct Client {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(300)))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), body: Vec::new() })
    }

    /// One request; the status of its answer, whose body is kept until the next.
    fn request(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<u16> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: placement\r\nX-Auth-Token: admin\r\nAccept: application/json\r\n\
             OpenStack-API-Version: placement 1.39\r\n{kind}Content-Length: {}\r\n\r\n{text}",
            text.len()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("no status line")?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    fn must(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<()> {
        match self.request(method, path, body)? {
            200..300 => Ok(()),
            status => {
                Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&self.body)).into())
            }
        }
    }
}

fn fill(client: &mut Client, providers: u32) -> Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for number in 0..providers {
        let id = Uuid::new_v4();
        client.must(
            "POST",
            "/resource_providers",
            Some(&json!({"name": format!("load-{id}-{number}"), "uuid": id})),
        )?;
        let inventories = json!({
            "VCPU": {"total": 64, "allocation_ratio": ROOM},
            "MEMORY_MB": {"total": 262_144, "allocation_ratio": ROOM},
            "DISK_GB": {"total": 4_000, "allocation_ratio": ROOM},
        });
        let body = json!({"resource_provider_generation": 0, "inventories": inventories});
        client.must("PUT", &format!("/resource_providers/{id}/inventories"), Some(&body))?;
        ids.push(id);
    }
    Ok(ids)
}

/// The median time of a request, in milliseconds, and the size of its answer in bytes.
fn median_of(client: &mut Client, path: &str, budget: Duration) -> Result<(f64, usize)> {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 5 || begin.elapsed() < budget && times.len() < 20_000 {
        let start = Instant::now();
        client.must("GET", path, None)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[times.len() / 2].as_secs_f64() * 1e3, client.body.len()))
}

/// How many allocations a second so many clients write, and how many of their requests were refused.
fn writes(options: &Options, ids: &[Uuid], clients: usize) -> Result<(f64, usize)> {
    let budget = Duration::from_secs_f64(options.seconds);
    let begin = Instant::now();
    let write = |first: usize| -> Result<(usize, usize)> {
        let mut client = Client::connect(&options.address)?;
        let (mut done, mut refused) = (0, 0);
        while begin.elapsed() < budget {
            let provider = ids[(first * 7919 + done + refused) % ids.len()];
            let body = json!({
                "allocations": {provider.to_string(): {"resources": {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}}},
                "project_id": "load", "user_id": "load", "consumer_generation": null, "consumer_type": "INSTANCE",
            });
            let consumer = Uuid::new_v4();
            match client.request("PUT", &format!("/allocations/{consumer}"), Some(&body)) {
                Ok(204) => done += 1,
                Ok(_) => refused += 1,
                Err(_) => {
                    // Some servers close the connection after an error of theirs.
                    refused += 1;
                    client = Client::connect(&options.address)?;
                }
            }
        }
        Ok((done, refused))
    };
    let results: Vec<Result<(usize, usize)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || write(number))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a client died".into())))
            .collect()
    });
    let (mut done, mut refused) = (0, 0);
    for result in results {
        let (d, r) = result?;
        (done, refused) = (done + d, refused + r);
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    Ok((done as f64 / begin.elapsed().as_secs_f64(), refused))
}

fn main() -> Result<()> {
    let options = Options::from_arguments()?;
    let mut client = Client::connect(&options.address)?;
    let ids = fill(&mut client, options.providers)?;
    let budget = Duration::from_secs_f64(options.seconds);
    let query = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:512,DISK_GB:1";
    let (limited, limited_size) = median_of(&mut client, &format!("{query}&limit=100"), budget)?;
    println!("candidates, limit 100: {limited:.3} ms, {limited_size} bytes");
    let (all, all_size) = median_of(&mut client, query, budget)?;
    println!("candidates, all:       {all:.3} ms, {all_size} bytes");
    let (one, refused_one) = writes(&options, &ids, 1)?;
    println!("writes, one client:    {one:.0}/s, {refused_one} refused");
    let (eight, refused_eight) = writes(&options, &ids, CLIENTS)?;
    println!("writes, eight clients: {eight:.0}/s, {refused_eight} refused");
    println!(
        "{}",
        json!({
            "providers": options.providers,
            "candidates_limit_100_ms": limited,
            "candidates_all_ms": all,
            "writes_1_per_second": one,
            "writes_8_per_second": eight,
        })
    );
    Ok(())
}
