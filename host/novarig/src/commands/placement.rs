//! `novarig placement`: Placement's API alone, over an engine in memory.
//!
//! Whoever asks is taken at their word, as in the `noauth2` mode of the real service; so it warns when others than this
//! machine can ask. Under Placement's own test suite (`tests/conformance/placement_gabbi.py`), the environment variable
//! `GABBI_FIXTURE` names the suite's fixture whose configuration the service takes; it has no other use.

use crate::cli::PlacementArguments;
use crate::output::{print, progress};
use crate::stop::Stop;
use anyhow::{Context, anyhow};
use api::placement::{Config, LockedEngine, Service, serve_placement};
use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;
use tokio::net::TcpListener;

/// How often an address that is taken is tried again.
const TRIES: u32 = 20;
/// How long after one another.
const BETWEEN_TRIES: Duration = Duration::from_millis(25);

/// The variable with a fixture's name.
const FIXTURE: &str = "GABBI_FIXTURE";

/// Serves until Ctrl-C, having said where.
pub(crate) fn placement(arguments: &PlacementArguments) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the threads that serve cannot be started")?;
    let served = runtime.block_on(serve(&arguments.listen));
    // What is still being answered is for nobody: the state goes as well.
    runtime.shutdown_background();
    served.map(|()| true)
}

async fn serve(listen: &str) -> anyhow::Result<()> {
    let listener = listen_at(listen).await?;
    let address = listener.local_addr().context("the system does not say where it listens")?;
    if !address.ip().to_canonical().is_loopback() {
        progress(&format!(
            "warning: {address} can be reached from other machines, and whoever asks is taken at their word"
        ));
    }
    let config = Config::for_fixture(&std::env::var(FIXTURE).unwrap_or_default());
    let service = Service::new(LockedEngine::default(), config);
    // From here on it takes Ctrl-C, so that nobody who has read the line can be too early.
    let mut stop = Stop::listen().context("the system does not hand over Ctrl-C")?;
    print(&format!("placement serves http://{address}/ until Ctrl-C\n"));
    tokio::select! {
        ended = serve_placement(listener, service) => ended.with_context(|| format!("{address} cannot be served any more")),
        () = stop.wanted() => Ok(()),
    }
}

/// Listens at `HOST:PORT`.
pub(super) async fn listen_at(listen: &str) -> anyhow::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = listen
        .to_socket_addrs()
        .with_context(|| {
            format!("--listen: `{listen}` is no address; it is HOST:PORT, for instance 127.0.0.1:8778")
        })?
        .collect();
    let mut bound = TcpListener::bind(addresses.as_slice()).await;
    // Whoever had it may be about to let go of it.
    for _ in 0..TRIES {
        if !matches!(&bound, Err(error) if error.kind() == ErrorKind::AddrInUse) {
            break;
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
        bound = TcpListener::bind(addresses.as_slice()).await;
    }
    bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("--listen: {listen} is taken by another program; choose another port, or 0 for any that is free")
        }
        _ => anyhow!(error).context(format!("--listen: cannot listen at {listen}")),
    })
}
