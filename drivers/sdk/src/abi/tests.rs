//! What goes in comes out again, on every way through memory, and nothing is left behind.

use super::shape::{flatten, store};
use super::{Abi, Answer, Method, Params, contract};
use crate::testing::{flavor, instance};
use crate::types::{
    BlockDeviceInfo, ConsumerAllocations, Instance, InstanceReason, Inventory, NetworkInfo, Provider,
    ProviderAllocation, ProviderTreeUpdate, ResourceAmount, TaskStateConflict, VirtError,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the bytes that this thread has.
struct Counting;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = BYTES.try_with(|total| total.set(total.get() + bytes));
}

// SAFETY: it is the system's allocator, and adds up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Nothing is left of what is done.
fn leaves_nothing(what: impl FnOnce()) {
    let before = BYTES.get();
    what();
    assert_eq!(BYTES.get(), before, "bytes are left, or given back twice");
}

fn server() -> Instance {
    Instance {
        metadata: vec![("a".to_owned(), String::new()), ("b".to_owned(), "value".to_owned())],
        task_state: Some("spawning".to_owned()),
        ..instance("uuid", flavor("m1.small", 1, 2048, 20))
    }
}

fn tree() -> ProviderTreeUpdate {
    let inventory = Inventory {
        resource_class: "VCPU".to_owned(),
        total: u64::MAX,
        reserved: 0,
        min_unit: 1,
        max_unit: 8,
        step_size: 1,
        allocation_ratio: 1.5,
    };
    ProviderTreeUpdate {
        tree: vec![Provider {
            uuid: "p".to_owned(),
            name: "node".to_owned(),
            parent: None,
            inventories: vec![inventory],
            traits: vec!["CUSTOM_A".to_owned()],
            aggregates: vec![],
        }],
        allocations: Some(vec![ConsumerAllocations {
            consumer: "c".to_owned(),
            project_id: "p".to_owned(),
            user_id: "u".to_owned(),
            generation: Some(7),
            allocations: vec![ProviderAllocation {
                provider: "p".to_owned(),
                resources: vec![ResourceAmount { resource_class: "VCPU".to_owned(), amount: 1 }],
            }],
        }]),
    }
}

#[test]
fn a_value_comes_out_of_memory_as_it_went_in() {
    leaves_nothing(|| assert_eq!(Params::new((server(), true)).lift::<(Instance, bool)>(), (server(), true)));
    leaves_nothing(|| {
        let answer = Answer::new::<Result<_, VirtError>>(Ok(tree()));
        assert_eq!(answer.lift::<Result<ProviderTreeUpdate, VirtError>>(), Ok(tree()));
    });
}

#[test]
fn what_nobody_takes_out_of_memory_is_given_back() {
    leaves_nothing(|| {
        let disks = BlockDeviceInfo { root_device_name: Some("/dev/vda".to_owned()), devices: vec![] };
        drop(Params::new((server(), disks)));
    });
    leaves_nothing(|| drop(Answer::new::<Result<_, VirtError>>(Ok(tree()))));
    leaves_nothing(|| {
        let conflict =
            TaskStateConflict { instance: "a".to_owned(), expected: "b".to_owned(), actual: "c".to_owned() };
        drop(Answer::new::<Result<NetworkInfo, _>>(Err(VirtError::UnexpectedTaskState(conflict))));
    });
}

/// Values whose cases have numbers of different kinds in the same place.
#[test]
fn a_value_that_was_handed_over_as_numbers_is_the_same() {
    fn there_and_back<T: Abi + Clone + PartialEq + std::fmt::Debug>(value: &T) {
        let shape = T::SHAPE;
        let at = super::allocate(shape.size, shape.align);
        let other = super::allocate(shape.size, shape.align);
        let mut row = vec![u64::MAX; shape.flat];
        // SAFETY: there is room for one value at each place, and the second is the first, which nobody uses.
        unsafe {
            value.clone().lower(at);
            flatten(shape, at, &mut row);
            store(shape, &row, other);
            assert_eq!(&T::lift(other), value);
            super::deallocate(at, shape.size, shape.align);
            super::deallocate(other, shape.size, shape.align);
        }
    }
    there_and_back(&server());
    there_and_back(&tree());
    for value in [
        Ok(u64::MAX),
        Err(VirtError::NotImplemented),
        Err(VirtError::TooManyDiskDevices(u32::MAX)),
        Err(VirtError::InstanceNotFound(String::new())),
        Err(VirtError::BuildAbort(InstanceReason { instance: "a".to_owned(), reason: "b".to_owned() })),
    ] {
        there_and_back(&value);
    }
    there_and_back(&(Some(-1_i32), None::<bool>, vec![0.5_f64]));
}

#[test]
fn bytes_are_a_value_again_unless_one_is_missing() {
    leaves_nothing(|| {
        let bytes = super::to_bytes((server(), tree()));
        assert_eq!(super::from_bytes::<(Instance, ProviderTreeUpdate)>(&bytes), Some((server(), tree())));
        for length in 0..bytes.len() {
            assert_eq!(super::from_bytes::<(Instance, ProviderTreeUpdate)>(&bytes[..length]), None);
        }
        assert_eq!(super::from_bytes::<String>(&[1, 0, 0, 0, 0, 0, 0, 0, 0xff]), None, "no UTF-8");
        assert_eq!(super::from_bytes::<Option<bool>>(&[2]), None, "no such case");
    });
}

#[test]
fn the_server_of_a_call_is_found_wherever_it_stands_among_the_parameters() {
    let expected = Some(["uuid".to_owned(), "instance-uuid".to_owned(), "uuid".to_owned()]);
    leaves_nothing(|| {
        let migration = crate::testing::resize("a", "b", server().flavor, server().flavor);
        let params = Params::new((migration, server(), NetworkInfo::new()));
        assert_eq!(params.instance(contract::confirm_migration::DESCRIPTION), expected);
    });
    let params = Params::new(("host".to_owned(),));
    assert_eq!(params.instance(contract::init_host::DESCRIPTION), None);
}

#[test]
fn any_method_can_answer_any_error() {
    leaves_nothing(|| {
        let error = VirtError::InvalidInput("so".to_owned());
        let answer = Answer::error(contract::get_available_resource::DESCRIPTION, error.clone());
        assert_eq!(answer.as_error(), Some(error.clone()));
        type Resource = <contract::get_available_resource as Method>::Answer;
        assert_eq!(answer.lift::<Resource>(), Err(error));
    });
    assert_eq!(Answer::new::<Result<bool, VirtError>>(Ok(true)).as_error(), None);
}
