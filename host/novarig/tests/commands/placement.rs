//! `novarig placement` as its users meet it: a process with a port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

/// A server of its own for one test, which ends with it.
struct Server {
    process: Child,
    line: String,
}

impl Server {
    /// Starts it and waits until it says that it serves.
    fn start(listen: &str, environment: &[(&str, &str)]) -> Self {
        let mut process = command(listen)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("novarig starts");
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("stdout is read");
        Self { process, line }
    }

    fn address(&self) -> &str {
        let address =
            self.line.split_once("http://").and_then(|(_, rest)| Some(rest.split_once('/')?.0)).unwrap_or("");
        assert!(!address.is_empty(), "the line {:?} has no URL", self.line);
        address
    }

    /// Head and body of the answer to a request.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("it listens");
        let text = request.replace('\n', "\r\n") + "\r\nHost: placement\r\nConnection: close\r\n\r\n";
        stream.write_all(text.as_bytes()).expect("it takes requests");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers in text");
        answer
    }

    /// Sends a signal and waits for the end.
    #[cfg(unix)]
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().expect("there is kill");
        assert!(sent.success());
        let status = self.process.wait().expect("it ends");
        let mut stderr = String::new();
        self.process
            .stderr
            .take()
            .expect("stderr is piped")
            .read_to_string(&mut stderr)
            .expect("errors are text");
        (status.code(), stderr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn command(listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novarig"));
    command.args(["placement", "--listen", listen]).env_remove("GABBI_FIXTURE");
    command
}

#[track_caller]
fn refused(listen: &str, parts: &[&str]) {
    let Output { status, stdout, stderr } = command(listen).output().expect("novarig starts");
    let stderr = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(2), "{stderr}");
    assert!(stdout.is_empty());
    for part in parts {
        assert!(stderr.contains(part), "{part:?} is not in {stderr}");
    }
}

#[test]
fn it_says_where_it_is_and_answers_there() {
    let server = Server::start("127.0.0.1:0", &[]);
    assert_eq!(server.line, format!("placement serves http://{}/ until Ctrl-C\n", server.address()));
    let answer = server.ask("GET / HTTP/1.1");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(r#""max_version":"1.39""#), "{answer}");
    let unknown = server.ask("GET /resource_providers HTTP/1.1");
    assert!(unknown.starts_with("HTTP/1.1 401 "), "{unknown}");
    let known = server.ask("GET /resource_providers HTTP/1.1\nX-Auth-Token: admin");
    assert!(known.ends_with(r#"{"resource_providers":[]}"#), "{known}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_well_even_with_a_connection_open() {
    for signal in ["INT", "TERM"] {
        let server = Server::start("127.0.0.1:0", &[]);
        let mut half = TcpStream::connect(server.address()).expect("it listens");
        half.write_all(b"GET / HTTP/1.1\r\n").expect("it takes requests");
        assert_eq!(server.end(signal), (Some(0), String::new()), "SIG{signal}");
    }
}

#[cfg(unix)]
#[test]
fn it_warns_when_other_machines_can_reach_it() {
    let (code, stderr) = Server::start("0.0.0.0:0", &[]).end("INT");
    assert_eq!(code, Some(0));
    assert!(stderr.starts_with("warning: 0.0.0.0:") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn what_is_no_address_of_this_machine_ends_with_2() {
    for wrong in ["8778", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:99999", ""] {
        refused(
            wrong,
            &[&format!("--listen: `{wrong}` is no address"), "HOST:PORT, for instance 127.0.0.1:8778"],
        );
    }
    // An address that no machine has.
    refused("192.0.2.1:8778", &["--listen: cannot listen at 192.0.2.1:8778"]);
}

#[test]
fn an_address_in_use_ends_with_2() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = other.local_addr().expect("it has an address").to_string();
    refused(&taken, &[&format!("--listen: {taken} is taken by another program"), "choose another port"]);
}

#[test]
fn a_fixture_of_placements_suite_configures_it() {
    let preflight =
        "OPTIONS / HTTP/1.1\nOrigin: http://valid.example.com\nAccess-Control-Request-Method: GET";
    let allowed = "access-control-allow-origin: http://valid.example.com";
    let (plain, fixture) = (
        Server::start("127.0.0.1:0", &[]),
        Server::start("127.0.0.1:0", &[("GABBI_FIXTURE", "CORSFixture")]),
    );
    assert!(!plain.ask(preflight).contains(allowed));
    assert!(fixture.ask(preflight).contains(allowed));
}
