//! What is translated for drivers and what is not understood of what they say.

use super::*;
use model::MigrationStatus;

const SOME: &str = "3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c08";

fn wanted(change: impl FnOnce(&mut types::Provider)) -> Result<Provider, NovaError> {
    let mut provider = types::Provider {
        uuid: SOME.to_owned(),
        name: "host1".to_owned(),
        parent: None,
        inventories: vec![types::Inventory {
            resource_class: "VCPU".to_owned(),
            total: 4,
            reserved: 0,
            min_unit: 1,
            max_unit: 4,
            step_size: 1,
            allocation_ratio: 1.0,
        }],
        traits: Vec::new(),
        aggregates: Vec::new(),
    };
    change(&mut provider);
    wanted_provider(provider)
}

#[test]
fn a_provider_that_placement_cannot_hold_is_refused_by_what_is_wrong_with_it() {
    assert!(wanted(|_| {}).is_ok());
    let refused = |change: &dyn Fn(&mut types::Provider)| wanted(change).unwrap_err().message;
    let says = |what: &str| format!("Invalid input received: provider host1: {what}");
    assert_eq!(refused(&|wanted| wanted.uuid = "x".to_owned()), says("\"x\" is no uuid"));
    assert_eq!(refused(&|wanted| wanted.parent = Some("y".to_owned())), says("\"y\" is no uuid"));
    assert_eq!(refused(&|wanted| wanted.aggregates = vec!["z".to_owned()]), says("\"z\" is no uuid"));
    let large = |wanted: &mut types::Provider| wanted.inventories[0].total = 1 << 32;
    assert_eq!(refused(&large), says("4294967296 is too large"));
}

#[test]
fn words_of_another_driver_that_cannot_be_read_are_an_error() {
    let data = serde_json::json!({"is_shared_instance_path": "perhaps"});
    let error = from_message::<types::LiveMigrateData>(data).unwrap_err();
    assert_eq!(error.class, ExceptionClass::Unexpected);
    assert!(error.message.starts_with("migrate data cannot be read: "), "{error}");
}

#[test]
fn every_kind_of_move_has_its_name_in_the_contract() {
    let flavor = Flavor::defaults().swap_remove(0);
    let kinds = [
        (MigrationType::Resize, types::MigrationType::Resize),
        (MigrationType::Migration, types::MigrationType::Migration),
        (MigrationType::LiveMigration, types::MigrationType::LiveMigration),
        (MigrationType::Evacuation, types::MigrationType::Evacuation),
    ];
    for (kind, shown) in kinds {
        let moved = Migration {
            id: SOME.parse().unwrap(),
            number: 1,
            server: SOME.parse().unwrap(),
            kind,
            status: MigrationStatus::Accepted,
            source_compute: "host1".into(),
            dest_compute: None,
            dest_host: None,
            old_flavor: flavor.clone(),
            new_flavor: flavor.clone(),
            created_at: Timestamp::SIMULATION_START,
            updated_at: Timestamp::SIMULATION_START,
        };
        assert_eq!(migration(&moved).migration_type, shown);
    }
}
