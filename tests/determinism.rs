//! The same inputs give the same trace, byte for byte; another seed gives another one (design decision 1).

use harness::Simulation;
use model::MigrationStatus;

/// Everything random takes part: ids, addresses, delays on the bus.
fn trace(seed: u64) -> Vec<u8> {
    let simulation = Simulation::new()
        .seed(seed)
        .delivery_delays(50)
        .host("host1", "fake")
        .host("host2", "fake+fail-finish-migration")
        .host("host3", "fake");
    let report = simulation.try_run(async |cloud| {
        let first = cloud.boot("m1.small", Some("host1")).await;
        let second = cloud.boot("m1.tiny", None).await;
        cloud.api().migrate(first, Some("host2".into())).await.unwrap();
        cloud.api().resize(second, "m1.small").await.unwrap();
        cloud.wait_for_migration_status(first, &[MigrationStatus::Error]).await;
        cloud.run_periodics().await;
    });
    assert_eq!(report.failure(), None);
    report.trace
}

#[test]
fn the_same_run_twice_gives_the_same_bytes() {
    let once = trace(7);
    assert!(once.len() > 10_000, "the trace is suspiciously short: {} bytes", once.len());
    assert!(once == trace(7), "the traces differ");
}

#[test]
fn another_seed_gives_another_trace() {
    assert!(trace(7) != trace(8), "the traces are equal");
}
