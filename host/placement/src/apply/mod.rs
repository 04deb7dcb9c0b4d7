//! The commands, each made whole or refused: everything that can be refused is checked before anything is changed.

mod aggregates;
mod allocations;
mod indexing;
mod inventories;
mod names;
mod providers;
mod reshape;
mod traits;
