//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use conductor::Retention;
use explore::search::Kind;
use model::options::Options;
use std::path::PathBuf;

/// A whole Nova compute control plane in one process, with hypervisors you can break.
#[derive(Debug, Parser)]
#[command(name = "novarig", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario and judge the cloud it leaves
    Run(RunArguments),
    /// Run a scenario and tell why each server went where it did: which filter refused a host, what each weigher gave it
    Explain(ExplainArguments),
    /// Run scenarios under every single fault that can strike them, and find those that break the cloud
    Explore(ExploreArguments),
    /// Run a finding of `explore` again, from its file
    Replay(ReplayArguments),
    /// List the built-in scenarios
    Scenarios,
    /// List the shipped drivers and layers with their settings, and Nova's names for stacks of them
    Drivers(DriversArguments),
    /// List the defects that can be switched: old bugs of Nova with --bug, cures of present ones with --fix
    Bugs(BugsArguments),
    /// Show Nova bug 1825537 happen, and not happen, on two WebAssembly hypervisors
    Demo,
    /// Write, build, inspect and check drivers and fault layers of your own
    #[command(subcommand)]
    Driver(DriverCommand),
    /// Serve Placement's API alone, microversions 1.0 to 1.39, with its state in memory
    Placement(PlacementArguments),
    /// Serve a whole cloud on one port: identity, compute, placement, image, network, and the control API
    Serve(ServeArguments),
    /// Print the shell variables a client of a served cloud needs: eval "$(novarig env)"
    Env(ClientArguments),
    /// Print a clouds.yaml for clients of a served cloud, whose name in it is `novarig`
    CloudsYaml(ClientArguments),
}

#[derive(Debug, Args)]
#[command(after_long_help = options_help())]
pub(crate) struct RunArguments {
    /// A built-in scenario (`novarig scenarios` lists them), or a YAML file
    pub(crate) scenario: String,

    /// Run this stack on every host
    #[arg(long, value_name = "STACK")]
    pub(crate) driver: Option<String>,

    /// Run this stack on one host, which is added if the scenario does not have it
    #[arg(long, value_name = "NAME=STACK")]
    pub(crate) host: Vec<String>,

    /// Set an option of the control plane, by Nova's name; `--help` lists them
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    #[command(flatten)]
    pub(crate) switches: SwitchArguments,

    /// Judge the cloud by this oracle, too: a component that exports the world `oracle` of wit/oracle-v1.0, or the folder in
    /// which one was built
    #[arg(long, value_name = "PATH")]
    pub(crate) oracle: Vec<PathBuf>,

    /// The seed of everything random
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// Write everything that happens to this file, as lines of JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Write what happened to this file, as an HTML page to look at
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// How the outcome is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) run: RunArguments,

    /// Tell only of this server, by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_long_help = "Exit codes: 0 nothing breaks but what Nova is known to break itself; 1 there are new findings; \
                       2 the input cannot be used."
)]
pub(crate) struct ExploreArguments {
    /// Built-in scenarios or YAML files; all built-in ones if none is named
    pub(crate) scenario: Vec<String>,

    /// Run this stack on every host
    #[arg(long, value_name = "STACK")]
    pub(crate) driver: Option<String>,

    #[command(flatten)]
    pub(crate) switches: SwitchArguments,

    /// How many faults a plan has at most: 1, or 2, the second at a point that only the first leads to
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) faults: u8,

    /// After each plan also try what an operator would do: start every service again, delete every server, run every periodic
    /// task; nothing may be left then, and the cloud must be as it is after the same without a fault
    #[arg(long)]
    pub(crate) recover: bool,

    /// Judge the cloud after each plan by this oracle, too: a component that exports the world `oracle` of wit/oracle-v1.0, or the
    /// folder in which one was built
    #[arg(long, value_name = "PATH")]
    pub(crate) oracle: Vec<PathBuf>,

    /// Keep the outcome of each plan of one fault in this file, and take from it what is there: a search that was interrupted
    /// goes on where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,

    /// Try only these kinds of faults: driver (a call fails), service (the image, network or volume service refuses), message (one
    /// is lost, late, or doubled), crash (a service dies in a call, with a message or at a write of its own, and is started again),
    /// hang (a driver call does not answer until its host's service is killed), slow (it takes longer than what waits for it),
    /// requests (a second user asks for something about the same server while a driver call goes on or a message is on its way),
    /// periodics (a host runs a periodic task then); all if none is named
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,

    /// Also deliver the messages in so many other orders, without any fault
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) orders: u64,

    /// Also draw so many plans of up to four faults at random, with the seed, led by what others showed that was new
    #[arg(long, value_name = "PLANS", default_value_t = 0)]
    pub(crate) random: usize,

    /// The seed of everything random
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// Threads that run plans; as many as there are processors if nothing is said
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// Write each new finding to this folder, as a file for `novarig replay`
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,

    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Write everything that was found to this file, as an HTML page to look at: each finding drawn, a map of all plans, and
    /// which handlers no plan tried in failure. Plans are traced for it, which takes longer
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// How what was found is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_long_help = "Exit codes: 0 it went as it did before, to the byte; 1 it did not; 2 the input cannot be used."
)]
pub(crate) struct ReplayArguments {
    /// The file, written by `novarig explore --out`
    pub(crate) file: PathBuf,

    /// Judge the cloud by this oracle, too, as when it was found by one
    #[arg(long, value_name = "PATH")]
    pub(crate) oracle: Vec<PathBuf>,

    /// Write everything that happens to this file, as lines of JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Write what happened to this file, as an HTML page to look at
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Print it as a Rust test for tests/regressions/, and nothing else
    #[arg(long, conflicts_with_all = ["step", "format"])]
    pub(crate) rust: bool,

    /// Walk through what happened, event by event, with the state of the cloud beside it: forward, back, to the next fault,
    /// to an event by its number. Without a terminal, commands are read from standard input, a line each: n, p, f, g N, q
    #[arg(long, conflicts_with = "format")]
    pub(crate) step: bool,

    /// How the outcome is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Which defects are switched.
#[derive(Debug, Args)]
pub(crate) struct SwitchArguments {
    /// Bring back an old defect of Nova, by its Launchpad number; `novarig bugs` lists them
    #[arg(long, value_name = "NUMBER")]
    pub(crate) bug: Vec<String>,

    /// Cure a defect that Nova 34.0.0 still has, by its name; `all` cures all. `novarig bugs` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) fix: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person
    Text,
    /// For a program
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DriverCommand {
    /// Start a driver, layer or oracle of your own: a project that builds as it is
    New(NewArguments),
    /// Build a driver or layer for WebAssembly
    Build(BuildArguments),
    /// Show what a stack is made of: contract, interfaces, methods, sizes, limits, settings, capabilities
    Inspect(InspectArguments),
    /// Try every rule of the contract and every built-in scenario with a stack
    #[command(
        after_long_help = "Exit codes: 0 nothing is broken; 1 something is; 2 the input cannot be used."
    )]
    Check(CheckArguments),
}

#[derive(Debug, Args)]
pub(crate) struct BugsArguments {
    /// Have the explorer find each of them, knowing nothing of it, in the built-in scenarios: of an old bug what breaks with it
    /// that does not break without; of a present defect what breaks when all others are cured that does not break when all are
    #[arg(long)]
    pub(crate) find: bool,

    /// Find only this one, by its number or name
    #[arg(long, value_name = "ID", requires = "find")]
    pub(crate) only: Vec<String>,

    /// Threads that run plans; as many as there are processors if nothing is said
    #[arg(long, value_name = "N", requires = "find")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// How the list is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct DriversArguments {
    /// How the list is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// The stack, for instance `fake+fail-finish-migration` or `fake+./my-layer`
    pub(crate) stack: String,

    /// How what is found is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The stack, for instance `fake+fail-finish-migration` or `fake+./my-layer`
    pub(crate) stack: String,

    /// How the verdicts are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The folder to make; its last part is the driver's or layer's name
    pub(crate) path: PathBuf,

    /// Make a layer, which stands over any driver, and not a whole driver
    #[arg(long)]
    pub(crate) layer: bool,

    /// Make an oracle, which judges clouds: an invariant of your own for `run`, `explore` and `replay`
    #[arg(long, conflicts_with = "layer")]
    pub(crate) oracle: bool,

    /// The language it is written in
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Small and fast
    Rust,
    /// With the whole interpreter in the component
    Python,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// The driver's folder, with its Cargo.toml or driver.py
    pub(crate) path: PathBuf,

    /// Build it again whenever a file of it changes, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlacementArguments {
    /// Where to listen; port 0 is any that is free. Whoever can reach it may do everything
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8778")]
    pub(crate) listen: String,
}

#[derive(Debug, Args)]
#[command(after_long_help = options_help())]
pub(crate) struct ServeArguments {
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8774")]
    pub(crate) listen: String,

    /// Listen where other machines can reach it
    #[arg(long)]
    pub(crate) reachable: bool,

    /// Serve users, projects and roles as a directory (LDAP) as well, at this address
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) ldap: Option<String>,

    /// Refuse what a client (a user in a project) asks for beyond this, with 429; without it there is no limit
    #[arg(long, value_name = "NUMBER/s|m|h")]
    pub(crate) rate_limit: Option<api::Rate>,

    /// Start a host with this stack
    #[arg(long, value_name = "NAME=STACK")]
    pub(crate) host: Vec<String>,

    /// Start this many hosts, host1 and so on; 1 if no other is named
    #[arg(long, value_name = "N")]
    pub(crate) hosts: Option<u32>,

    /// The stack of the hosts that --hosts starts
    #[arg(long, value_name = "STACK", default_value = "fake")]
    pub(crate) driver: String,

    /// How users are known
    #[arg(long, value_enum, default_value_t = Auth::Keystone)]
    pub(crate) auth: Auth,

    /// How time passes
    #[arg(long, value_enum, default_value_t = Time::Real)]
    pub(crate) time: Time,

    /// Set an option of the control plane, by Nova's name; `--help` lists them
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    #[command(flatten)]
    pub(crate) switches: SwitchArguments,

    /// Keep what happens, for the control API to show: the newest 50,000 records at least
    #[arg(long)]
    pub(crate) trace: bool,

    /// How many deleted servers stay known, with their actions and migrations; then the oldest are archived
    #[arg(long, value_name = "N", default_value_t = Retention::SERVED.deleted_servers)]
    pub(crate) keep_deleted: usize,

    /// How many notifications stay known
    #[arg(long, value_name = "N", default_value_t = Retention::SERVED.notifications)]
    pub(crate) keep_notifications: usize,

    /// The seed of everything random but tokens
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    /// Where the cloud is served
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8774")]
    pub(crate) url: String,

    /// The user: admin, demo, or demo_reader, unless you made others
    #[arg(long, default_value = "admin")]
    pub(crate) user: String,

    /// The user's password
    #[arg(long, default_value = "secret")]
    pub(crate) password: String,

    /// The project
    #[arg(long, default_value = "demo")]
    pub(crate) project: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// By tokens of the identity service; users admin and demo, password `secret`
    Keystone,
    /// By what their requests say of themselves, as test suites want it
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Time {
    /// As on the machine's clock
    Real,
    /// Only when the control API moves it
    Virtual,
}

/// The options of the control plane, group by group.
fn options_help() -> String {
    let mut help = String::from("Options of the control plane, for --set KEY=VALUE:\n");
    let mut group = "";
    for (of, name) in Options::NAMES {
        if *of != group {
            group = of;
            help.push_str(&format!("  [{group}]\n"));
        }
        help.push_str(&format!("    {name}\n"));
    }
    help.push_str(
        "\nExit codes: 0 expectations and invariants hold; 1 they do not; 2 the input cannot be used.",
    );
    help
}
