//! Properties of the engine, shown on random worlds and histories.

mod candidates;
mod clients;
mod reference;
