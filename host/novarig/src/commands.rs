//! The subcommands. Each answers whether all is as it must be.

mod bugs;
mod bugs_find;
mod client;
mod demo;
mod driver_build;
mod driver_check;
mod driver_inspect;
mod driver_new;
mod driver_watch;
mod drivers;
mod explain;
mod explore;
mod list;
mod placement;
mod replay;
mod run;
mod serve;
mod step;

pub(crate) use self::explore::explore;
pub(crate) use bugs::bugs;
pub(crate) use client::{clouds_yaml, env};
pub(crate) use demo::demo;
pub(crate) use driver_build::driver_build;
pub(crate) use driver_check::driver_check;
pub(crate) use driver_inspect::driver_inspect;
pub(crate) use driver_new::driver_new;
pub(crate) use drivers::drivers;
pub(crate) use explain::explain;
pub(crate) use list::scenarios;
pub(crate) use placement::placement;
pub(crate) use replay::replay;
pub(crate) use run::run;
pub(crate) use serve::serve;
