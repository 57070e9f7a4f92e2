//! What single calls cost, on memory and on redb: `cargo bench -p ums-benches --bench calls`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench reports to a person")]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use ums_core::model::UserId;
use ums_core::store::Store;
use ums_core::{PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::Fixture;

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let redb = RedbStore::open(directory.path().join("ums.redb")).unwrap();
    let stores: [(&str, Arc<dyn Store>); 2] =
        [("memory", Arc::new(MemoryStore::new())), ("redb", Arc::new(redb))];
    for (name, store) in stores {
        let fixture = runtime.block_on(Fixture::on(store));
        let tokens = runtime.block_on(async {
            for number in 0..200 {
                fixture.register(&format!("user{number}@example.com")).await;
            }
            fixture.login("user0@example.com").await
        });
        let mut group = criterion.benchmark_group(name);
        group.bench_function("authenticate", |bencher| {
            bencher.iter(|| runtime.block_on(fixture.ums.authenticate(&tokens.access_token)).unwrap());
        });
        let system = fixture.ums.system();
        let id = UserId::try_from(7).unwrap();
        group.bench_function("read a user", |bencher| {
            bencher.iter(|| runtime.block_on(system.user(id)).unwrap());
        });
        group.bench_function("list 50 users", |bencher| {
            let (filter, request) = (UserFilter::default(), PageRequest::default());
            bencher.iter(|| runtime.block_on(system.users(&filter, &request)).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
