//! How a large cloud does, on one core, without a trace: 1,000 servers built over 100 hosts; and one server scheduled and
//! built among 1,000 and 10,000 hosts. An argument selects what has it in its name.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use conductor::{Cloud, CloudConfig, Count, CreateServer};
use model::{HostName, Options, ServerStatus};
use runtime::simulation::simulate;
use std::time::{Duration, Instant};
use virt::{Engine, Library, PreparedStack};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Servers of which the median is told.
const SERVERS: usize = 51;

/// A host that does not fill up.
const STACK: &str = "fake(vcpus=1000,memory_mb=800000,local_gb=600000)";

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let engine = Engine::new(Some(env!("CARGO_TARGET_TMPDIR").into())).expect("WebAssembly runs here");
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    let stack = STACK.parse().expect("a stack");
    let stack = engine.prepare(&stack, &library).expect("the shipped driver loads");
    for (what, request) in [("one request each", Count::ONE), ("one request", Count { min: 1000, max: 1000 })]
    {
        let what = format!("1,000 servers over 100 hosts, {what}");
        if what.contains(&wanted) {
            let took = build_many(stack.clone(), 100, 1000, request);
            println!("{what:<50} {:>8.1} ms", took.as_secs_f64() * 1e3);
        }
    }
    for hosts in [1_000, 10_000] {
        let what = format!("one server among {hosts} hosts");
        if what.contains(&wanted) {
            let took = build_one(stack.clone(), hosts);
            println!("{what:<50} {:>8.1} µs", took.as_secs_f64() * 1e6);
        }
    }
}

fn options() -> Options {
    Options { instances: -1, cores: -1, ram: -1, ..Options::default() }
}

async fn cloud_of(hosts: usize, stack: PreparedStack) -> Cloud {
    let cloud = Cloud::new(CloudConfig { options: options(), ..CloudConfig::default() });
    for number in 1..=hosts {
        let host = HostName::from(format!("host{number:05}"));
        cloud.start_compute(host, stack.clone()).await.expect("the host starts");
    }
    cloud
}

fn request() -> CreateServer {
    CreateServer { name: "server".to_owned(), flavor: "m1.small".to_owned(), ..CreateServer::default() }
}

/// The time in which so many servers are built, the start of the hosts not counted.
fn build_many(stack: PreparedStack, hosts: usize, servers: usize, count: Count) -> Duration {
    simulate(|| async move {
        let cloud = cloud_of(hosts, stack).await;
        let begin = Instant::now();
        let requests = servers / usize::try_from(count.max).expect("a small number");
        for _ in 0..requests {
            cloud.api().create_servers(request(), count).await.expect("the API accepts it");
        }
        cloud.at_rest().await;
        let took = begin.elapsed();
        let active =
            cloud.records().servers().iter().filter(|one| one.status() == ServerStatus::Active).count();
        assert_eq!(active, servers, "all are built");
        took
    })
    .expect("a simulation")
}

/// The time from a request to a server that runs, the median over some.
fn build_one(stack: PreparedStack, hosts: usize) -> Duration {
    simulate(|| async move {
        let cloud = cloud_of(hosts, stack).await;
        let mut times = Vec::new();
        for _ in 0..SERVERS {
            let begin = Instant::now();
            cloud.api().create(request()).await.expect("the API accepts it");
            cloud.at_rest().await;
            times.push(begin.elapsed());
        }
        times.sort();
        times[SERVERS / 2]
    })
    .expect("a simulation")
}
