//! `novarig demo`: Nova bug 1825537, with the defect and without.

use super::run::prepare;
use crate::output::{paint, print};
use anyhow::Context;
use explore::scenario::Hosts;
use explore::{Run, RunConfig, builtin, report};
use model::{Bug, Switches};

/// The hosts of the demonstration.
const HOSTS: [&str; 2] = ["host1=fake", "host2=fake+fail-finish-migration"];

/// Runs the resize onto a host that fails, with the bug and without, and shows both. Good is when the bug is seen with it and not
/// without it.
pub(crate) fn demo() -> anyhow::Result<bool> {
    let mut scenario = builtin("resize").context("the scenario resize is not built in")?.scenario()?;
    for host in HOSTS {
        let (host, stack) = Hosts::parse_entry(host)?;
        scenario.hosts.set(host, stack);
    }
    let stacks = prepare(&scenario)?;
    let run = |bugs: &[Bug]| -> anyhow::Result<Run> {
        let switches = Switches { bugs: bugs.iter().copied().collect(), ..Switches::default() };
        Ok(explore::run(&scenario, &RunConfig { switches, trace: true, ..RunConfig::default() }, &stacks)?)
    };
    let (with, without) = (run(&[Bug::Bug1825537])?, run(&[])?);
    let command = format!("$ novarig run resize --host {} --host {}", HOSTS[0], HOSTS[1]);
    let paint = paint();
    let title = |text: &str| paint.title(text);
    print(&format!(
        "{}\n\n{}\n{}\n{}\n\n{}{}",
        title("Nova bug 1825537, on two WebAssembly hypervisors"),
        INTRODUCTION,
        title(&format!("{command} --bug 1825537")),
        title(&command),
        report::side_by_side(["with the bug", "without it"], [&with, &without], paint),
        EXPLANATION,
    ));
    let shown = !with.report.passed() && without.report.passed();
    if !shown {
        print(
            "\nThis is not what the demonstration is to show: the run with the bug must fail, the other must pass.\n",
        );
    }
    Ok(shown)
}

const INTRODUCTION: &str = "\
A server on host1 is resized. Everything goes well until host2, the destination, is to start it in its new size: the layer
fail-finish-migration over its driver raises VirtualInterfaceCreateException from finish_migration. At that moment the
server's record names host2 already.
";

const EXPLANATION: &str = "
In both runs the server ends in ERROR on host2, and that is where a hard reboot or a rebuild would start it. With the bug,
as in Nova from Queens to Stein, the failed finish_resize gave the allocations back to host1: placement charges host1 for a
server it does not have, and host2 may hand the server's room out a second time. Since 20.0.0 Nova only drops what the
migration held on host1 and leaves the server's allocation where the server is. No periodic task repairs either outcome.
";
