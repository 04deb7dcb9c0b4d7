//! Clients that make servers and delete them, each over a connection of its own, and the process they load.

use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What went wrong.
pub(crate) type Problem = Box<dyn Error + Send + Sync>;

/// How long a server may take to be there, or to be gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(4);
/// The image every cloud has.
const IMAGE: &str = "155d900f-4e14-4e4c-a73d-069cbf4541e6";

/// A served cloud, which ends with this.
pub(crate) struct Cloud {
    process: Child,
    /// Host and port.
    pub(crate) address: String,
}

impl Cloud {
    /// Serves one with these arguments, on any free port, and waits until it says that it serves.
    pub(crate) fn serve(novarig: &Path, arguments: &[&str]) -> Result<Self, Problem> {
        let mut process = Command::new(novarig)
            .args(["serve", "--auth", "none", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", novarig.display()))?;
        let mut line = String::new();
        let stdout = process.stdout.as_mut().ok_or("its output is not to be had")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address =
            line.split_once("http://").and_then(|(_, rest)| Some(rest.split_once('/')?.0.to_owned()));
        let address = address.ok_or_else(|| format!("it said {line:?} and not where it serves"));
        let mut cloud = Self { process, address: String::new() };
        cloud.address = address?;
        Ok(cloud)
    }

    /// How much memory it has now, in KiB.
    pub(crate) fn memory_kib(&self) -> Result<u64, Problem> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
    }

    /// One call of the control API.
    pub(crate) fn control(&self, call: &str) -> Result<Value, Problem> {
        Client::connect(&self.address, "control")?.get(&format!("/_novarig/v1/{call}"))
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// One client, with a project of its own.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    project: String,
}

impl Client {
    pub(crate) fn connect(address: &str, project: &str) -> Result<Self, Problem> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), project: project.to_owned() })
    }

    /// One request; status and body of its answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &Value) -> Result<(u16, Vec<u8>), Problem> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let kind = if body.is_null() { "" } else { "Content-Type: application/json\r\n" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: soak\r\nX-Auth-User: soak\r\nX-Auth-Project-Id: {}\r\nX-Roles: member,admin\r\n\
             {kind}Content-Length: {}\r\n\r\n{text}",
            self.project,
            text.len()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("the answer has no status")?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        Ok((status, answer))
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Value, Problem> {
        match self.ask("GET", path, &Value::Null)? {
            (200, answer) => Ok(serde_json::from_slice(&answer)?),
            (status, answer) => Err(said("GET", path, status, &answer)),
        }
    }

    /// Asks for a server and answers its id.
    pub(crate) fn create(&mut self, name: &str) -> Result<String, Problem> {
        let server = json!({"server": {"name": name, "flavorRef": "1", "imageRef": IMAGE}});
        match self.ask("POST", "/v2.1/servers", &server)? {
            (202, answer) => {
                let made: Value = serde_json::from_slice(&answer)?;
                Ok(made["server"]["id"].as_str().ok_or("the answer names no server")?.to_owned())
            }
            (status, answer) => Err(said("POST", "/v2.1/servers", status, &answer)),
        }
    }

    /// Waits until a server is ACTIVE.
    pub(crate) fn wait_until_active(&mut self, id: &str) -> Result<(), Problem> {
        self.poll(id, |status, server| match (status, server["server"]["status"].as_str()) {
            (200, Some("ACTIVE")) => Ok(true),
            (200, Some("BUILD")) => Ok(false),
            _ => Err(format!("instead of ACTIVE: {status} {server}")),
        })
    }

    /// Deletes a server and waits until it is gone.
    pub(crate) fn delete(&mut self, id: &str) -> Result<(), Problem> {
        let path = format!("/v2.1/servers/{id}");
        match self.ask("DELETE", &path, &Value::Null)? {
            (204, _) => {}
            (status, answer) => return Err(said("DELETE", &path, status, &answer)),
        }
        self.poll(id, |status, server| match status {
            404 => Ok(true),
            200 => Ok(false),
            _ => Err(format!("instead of 404: {status} {server}")),
        })
    }

    fn poll(&mut self, id: &str, there: impl Fn(u16, &Value) -> Result<bool, String>) -> Result<(), Problem> {
        let begin = Instant::now();
        loop {
            let (status, answer) = self.ask("GET", &format!("/v2.1/servers/{id}"), &Value::Null)?;
            let server = serde_json::from_slice(&answer).unwrap_or_default();
            match there(status, &server) {
                Ok(true) => return Ok(()),
                Ok(false) if begin.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Ok(false) => return Err(format!("server {id} is still {server}").into()),
                Err(problem) => return Err(format!("server {id}: {problem}").into()),
            }
        }
    }
}

fn said(method: &str, path: &str, status: u16, answer: &[u8]) -> Problem {
    format!("{method} {path}: {status} {}", String::from_utf8_lossy(answer)).into()
}

/// Lets so many clients make and delete so many servers between them, and calls `look` after every `step` of them.
pub(crate) fn servers_come_and_go(
    address: &str,
    clients: u32,
    servers: u32,
    step: u32,
    look: impl Fn(u32) -> Result<(), Problem> + Sync,
) -> Result<(), Problem> {
    let (next, done) = (AtomicU32::new(0), AtomicU32::new(0));
    let work = |number: u32| -> Result<(), Problem> {
        let mut client = Client::connect(address, &format!("soak-{number}"))?;
        while next.fetch_add(1, Ordering::Relaxed) < servers {
            let id = client.create("soaked")?;
            client.wait_until_active(&id)?;
            client.delete(&id)?;
            let so_far = done.fetch_add(1, Ordering::Relaxed) + 1;
            if so_far.is_multiple_of(step) {
                look(so_far)?;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || work(number))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a client died".into())))
    })
}

/// What must not be there when all servers are gone: servers, what they held, work, and broken invariants.
pub(crate) fn what_is_left(cloud: &Cloud) -> Result<Vec<String>, Problem> {
    let census = cloud.control("census")?;
    let must_be_gone = [
        "servers",
        "servers by host",
        "tasks",
        "waiting messages",
        "waits for events",
        "ports",
        "consumers",
        "volume attachments",
        "members of groups",
    ];
    let mut left = Vec::new();
    for kind in must_be_gone {
        match census["census"][kind].as_u64() {
            Some(0) => {}
            Some(count) => left.push(format!("{count} {kind}")),
            None => left.push(format!("nothing is said of {kind}")),
        }
    }
    let violations = cloud.control("invariants")?;
    match violations["violations"].as_array() {
        Some(none) if none.is_empty() => {}
        _ => left.push(violations.to_string()),
    }
    Ok(left)
}
