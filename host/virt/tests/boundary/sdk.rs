//! What the driver SDK promises and only the host can see.

use crate::common::{env, finish_migration, instance, library, simulate, spawn};
use crate::misfits::contract;
use novarig_driver_sdk::glue;
use virt::{Hypervisor, Limits};
use wit_parser::abi::AbiVariant;
use wit_parser::{Alignment, SizeAlign};

#[test]
fn the_blocks_in_which_parameters_arrive_are_as_large_as_the_contract_makes_them() {
    let (resolve, package) = contract(|_, text| text);
    let mut sizes = SizeAlign::default();
    sizes.fill(&resolve);
    let driver = &resolve.interfaces[resolve.packages[package].interfaces["driver"]];
    let blocks: Vec<(&str, usize)> = driver
        .functions
        .iter()
        .filter(|(_, function)| {
            resolve.wasm_signature(AbiVariant::GuestExportAsync, function).indirect_params
        })
        .map(|(name, function)| {
            let block = sizes.params(function.params.iter().map(|param| &param.ty));
            assert_eq!(block.align, Alignment::Bytes(glue::ALIGN.try_into().unwrap()), "{name}");
            (name.as_str(), block.size.size_wasm32())
        })
        .collect();
    assert_eq!(glue::BLOCKS, blocks);
}

/// A driver that has just enough memory must never need more, however often it is called.
#[test]
fn drivers_and_layers_do_not_grow_with_the_number_of_calls() {
    simulate(async {
        let engine = crate::common::engine();
        for stack in ["fake", "fake+fail-finish-migration"] {
            let mut env = env();
            env.trace = runtime::Trace::off(env.clock);
            env.limits = Limits { memory: 5 << 20, ..Limits::DEFAULT };
            let host =
                Hypervisor::start(engine.prepare(&stack.parse().unwrap(), &library()).unwrap(), env.clone());
            for _ in 0..20_000 {
                host.spawn(spawn("a")).await.unwrap();
                host.get_info(instance("a"), true).await.unwrap();
                let _ = host.finish_migration(finish_migration("a", "host1")).await;
                host.get_available_resource("host1".to_owned()).await.unwrap();
            }
            assert_eq!(host.deaths(), 0);
        }
    });
}
