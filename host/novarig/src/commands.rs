//! The subcommands. Each answers whether all is as it must be.

mod demo;
mod driver_build;
mod driver_new;
mod list;
mod placement;
mod run;

pub(crate) use demo::demo;
pub(crate) use driver_build::driver_build;
pub(crate) use driver_new::driver_new;
pub(crate) use list::{drivers, scenarios};
pub(crate) use placement::placement;
pub(crate) use run::run;
