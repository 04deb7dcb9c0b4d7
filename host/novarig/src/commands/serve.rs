//! `novarig serve`: a whole cloud on one port, for OpenStack's clients and for test harnesses.

use super::placement::listen_at;
use crate::cli::{Auth, ServeArguments, Time};
use crate::output::print;
use crate::setup;
use crate::stop::Stop;
use anyhow::{Context, bail};
use api::{AuthMode, HostPlan, Rate, Rig, TimeMode, WorldConfig};
use conductor::{Cloud, Retention};
use explore::CloudState;
use explore::invariants::check_all;
use model::{HostName, Options, Switches};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use tokio::net::TcpListener;
use virt::Stack;

/// Threads that read requests and write answers; the cloud has its own.
const THREADS: usize = 2;

/// Serves until Ctrl-C, having said where.
pub(crate) fn serve(arguments: &ServeArguments) -> anyhow::Result<bool> {
    let config = config(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("the threads that serve cannot be started")?;
    let served = runtime.block_on(serve_at(arguments, config));
    // What is still being answered is for nobody: the cloud goes as well.
    runtime.shutdown_background();
    served.map(|()| true)
}

fn config(arguments: &ServeArguments) -> anyhow::Result<WorldConfig> {
    let mut options = Options::default();
    for pair in &arguments.set {
        let (name, value) = pair.split_once('=').with_context(|| format!("--set {pair}: it is KEY=VALUE"))?;
        options.set_by_name(name, value).with_context(|| format!("--set {pair}"))?;
    }
    let stack = |text: &str| text.parse::<Stack>().with_context(|| format!("the stack {text:?}"));
    let mut hosts = Vec::new();
    for pair in &arguments.host {
        let (name, text) =
            pair.split_once('=').with_context(|| format!("--host {pair}: it is NAME=STACK"))?;
        hosts.push(HostPlan { name: HostName::from(name), stack: stack(text)? });
    }
    let count = arguments.hosts.unwrap_or(if hosts.is_empty() { 1 } else { 0 });
    for number in 1..=count {
        let name = HostName::from(format!("host{number}"));
        if !hosts.iter().any(|host| host.name == name) {
            hosts.push(HostPlan { name, stack: stack(&arguments.driver)? });
        }
    }
    Ok(WorldConfig {
        auth: match arguments.auth {
            Auth::Keystone => AuthMode::Keystone,
            Auth::None => AuthMode::None,
        },
        guarded: arguments.reachable,
        time: match arguments.time {
            Time::Real => TimeMode::Real,
            Time::Virtual => TimeMode::Virtual,
        },
        seed: arguments.seed,
        options,
        switches: Switches::parse(&arguments.switches.bug, &arguments.switches.fix)?,
        hosts,
        trace: arguments.trace,
        retention: Retention {
            deleted_servers: arguments.keep_deleted,
            notifications: arguments.keep_notifications,
            ..Retention::SERVED
        },
        oracle: Some(invariants),
    })
}

/// Which invariants a cloud violates: those that the explorer checks.
fn invariants(cloud: Rc<Cloud>) -> Pin<Box<dyn Future<Output = Value>>> {
    Box::pin(async move {
        let state = CloudState::read_while_served(&cloud).await;
        json!({"violations": check_all(&state)})
    })
}

async fn serve_at(arguments: &ServeArguments, config: WorldConfig) -> anyhow::Result<()> {
    let listener = listen_at(&arguments.listen).await?;
    let address = listener.local_addr().context("the system does not say where it listens")?;
    check_reach(arguments, "--listen", address)?;
    let directory = match &arguments.ldap {
        None => None,
        Some(text) => {
            let listener = listen_at(text).await?;
            let address = listener.local_addr().context("the system does not say where it listens")?;
            check_reach(arguments, "--ldap", address)?;
            Some((listener, address))
        }
    };
    let tools = || {
        let engine = setup::engine().map_err(|error| format!("{error:#}"))?;
        Ok((engine, setup::library()))
    };
    let rig = Rig::start(config, tools)?;
    // From here on it takes Ctrl-C, so that nobody who has read the lines can be too early.
    let mut stop = Stop::listen().context("the system does not hand over Ctrl-C")?;
    print(&endpoints(address, directory.as_ref().map(|(_, address)| *address)));
    let directory = directory.map(|(listener, _)| listener);
    serve_until(listener, directory, &rig, arguments.rate_limit, &mut stop)
        .await
        .with_context(|| format!("{address} cannot be served any more"))
}

async fn serve_until(
    listener: TcpListener,
    directory: Option<TcpListener>,
    rig: &Rig,
    rate: Option<Rate>,
    stop: &mut Stop,
) -> std::io::Result<()> {
    let directory = async {
        match directory {
            Some(listener) => api::serve_directory(listener, rig).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = directory => Ok(()),
        ended = api::serve(listener, rig, rate) => ended,
        () = stop.wanted() => Ok(()),
    }
}

/// Others than this machine reach a cloud only when that was asked for, and never one that takes them at their word.
fn check_reach(arguments: &ServeArguments, option: &str, address: SocketAddr) -> anyhow::Result<()> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if arguments.auth == Auth::None {
        bail!("--auth none: {address} can be reached from other machines; it is for 127.0.0.1 only");
    }
    if !arguments.reachable {
        bail!("{option}: {address} can be reached from other machines; say --reachable if it is to be");
    }
    Ok(())
}

fn endpoints(address: SocketAddr, directory: Option<SocketAddr>) -> String {
    let row = |(name, path): (&str, &str)| format!("  {name:<10}http://{address}{path}\n");
    let services = [
        ("identity", "/identity/v3"),
        ("compute", "/compute/v2.1"),
        ("placement", "/placement"),
        ("image", "/image/v2"),
        ("network", "/networking/v2.0"),
        ("volume", "/volume/v3"),
        ("control", "/_novarig/v1"),
    ];
    let ldap =
        directory.map_or_else(String::new, |at| format!("  {:<10}ldap://{at}/dc=novarig\n", "directory"));
    format!("novarig serves http://{address}/ until Ctrl-C\n{}{ldap}", services.map(row).concat())
}
