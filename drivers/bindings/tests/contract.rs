//! The SDK is what the contract says.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use novarig_driver_bindings::Contract;
use novarig_driver_sdk::abi;

fn drivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn contract() -> Contract {
    Contract::read(&drivers().join("../wit/v1.0")).unwrap()
}

/// `UPDATE_CONTRACT=1 cargo test --workspace --test contract` renews the file.
#[test]
fn the_sdks_bindings_are_current() {
    let file = drivers().join("sdk/src/abi/contract.rs");
    let wanted = contract().generate().unwrap();
    if env::var_os("UPDATE_CONTRACT").is_some() {
        fs::write(&file, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap() == wanted,
        "drivers/sdk/src/abi/contract.rs is not what wit/v1.0 says: \
         run `UPDATE_CONTRACT=1 cargo test --workspace --test contract`"
    );
}

#[test]
fn the_sdk_lists_every_method_in_its_interface() {
    let listed: Vec<(String, Vec<String>)> = abi::INTERFACES
        .iter()
        .map(|(interface, methods)| {
            ((*interface).to_owned(), methods.iter().map(|method| (*method).to_owned()).collect())
        })
        .collect();
    assert_eq!(listed, contract().methods());
}

#[test]
fn the_sdk_lays_out_every_type_as_the_canonical_abi_does() {
    let layouts: BTreeMap<String, (usize, usize, usize)> =
        abi::layouts().into_iter().map(|(name, layout)| (name.to_owned(), layout)).collect();
    assert_eq!(layouts, contract().layouts());
}

/// `UPDATE_CONTRACT=1 cargo test --workspace --test contract` renews the files.
#[test]
fn the_python_sdk_is_current() {
    for (name, wanted) in contract().python().unwrap() {
        let file = drivers().join("sdk-python/novarig").join(name);
        if env::var_os("UPDATE_CONTRACT").is_some() {
            fs::write(&file, &wanted).unwrap();
        }
        assert!(
            fs::read_to_string(&file).unwrap_or_default() == wanted,
            "{} is not what the contract says; renew it with UPDATE_CONTRACT=1",
            file.display()
        );
    }
}
