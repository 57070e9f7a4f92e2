//! Reading: slices of a few entries, each at once on the caller's thread, with other tasks let in between.
//!
//! Inline, not through `spawn_blocking`. Measured with `cargo run --release -p ums-store-redb --example reads`, CPU
//! time through `spawn_blocking` over CPU time inline, 1 to 64 reads at once:
//!
//! | read | pages cached | pages in the system's cache only |
//! | --- | --- | --- |
//! | get of 1 key | 4.3 to 10 | 4.2 to 4.9 |
//! | scan of 20 | 4.3 to 6.0 | 3.0 to 4.8 |
//! | get of 32 keys | 1.3 to 1.5 | 1.0 to 1.1 |
//! | get of 320 keys, scan of 1,000 | 0.6 to 0.8 | 0.8 to 1.0 |
//!
//! What nearly every request does is several times cheaper inline; what is large gains a little elsewhere, but
//! would need a pool to itself, and a tokio runtime. So all reads are inline, in slices that keep their thread for
//! 4 to 50 microseconds: a few reads of pages. Slices are what makes large reads dearer, and why they hold nobody up.

use std::ops::Bound;

use redb::ReadTransaction;
use ums_store::{Direction, Entry, Error, Item, Key, Page, Scan};

use crate::engine::Engine;
use crate::tables::ENTRIES;
use crate::value;

/// How many entries are read before other tasks go first: keys that were asked for lie apart, those of a scan
/// together.
const GET_SLICE: usize = 8;
const SCAN_SLICE: usize = 32;

/// How many entries a page holds at most.
const PAGE_ITEMS: usize = 1_000;

/// After how many bytes a page, and a slice, ends. One more entry may exceed it.
const PAGE_BYTES: usize = 1 << 20;
const SLICE_BYTES: usize = 64 << 10;

pub(crate) async fn get(engine: &Engine, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
    let mut entries = Vec::with_capacity(keys.len());
    for (index, keys) in keys.chunks(GET_SLICE).enumerate() {
        if index > 0 {
            tokio::task::yield_now().await;
        }
        engine.read(|transaction| get_slice(transaction, keys, &mut entries))?;
    }
    Ok(entries)
}

pub(crate) async fn scan(engine: &Engine, scan: &Scan) -> Result<Page, Error> {
    let mut page = Page::default();
    let mut rest = scan.clone();
    rest.limit = scan.limit.min(PAGE_ITEMS);
    let mut room = PAGE_BYTES;
    loop {
        let slice = engine.read(|transaction| scan_slice(transaction, &rest, room.min(SLICE_BYTES)))?;
        rest.limit -= slice.items.len();
        room = room.saturating_sub(slice.bytes);
        page.items.extend(slice.items);
        let last = page.items.last().filter(|_| slice.more).map(|item| item.sort.clone());
        if last.is_none() || rest.limit == 0 || room == 0 {
            page.next = last;
            return Ok(page);
        }
        rest.after = last;
        tokio::task::yield_now().await;
    }
}

fn get_slice(
    transaction: &ReadTransaction,
    keys: &[Key],
    entries: &mut Vec<Option<Entry>>,
) -> Result<(), redb::Error> {
    let table = transaction.open_table(ENTRIES)?;
    for key in keys {
        let key = (key.partition(), key.sort());
        let found = table.get(key)?;
        entries.push(found.map(|bytes| value::decode(key, bytes.value())).transpose()?);
    }
    Ok(())
}

struct Slice {
    items: Vec<Item>,
    bytes: usize,
    more: bool,
}

fn scan_slice(transaction: &ReadTransaction, scan: &Scan, most_bytes: usize) -> Result<Slice, redb::Error> {
    let partition = scan.partition.as_str();
    // The lowest partition above this one ends its range where the scan does not.
    let above = format!("{partition}\0");
    let (lower, upper) = scan.bounds();
    let lower = lower.as_ref().map(|sort| (partition, sort.as_str()));
    let upper = match &upper {
        Bound::Unbounded => Bound::Excluded((above.as_str(), "")),
        bound => bound.as_ref().map(|sort| (partition, sort.as_str())),
    };
    let table = transaction.open_table(ENTRIES)?;
    let mut range = table.range::<(&str, &str)>((lower, upper))?;
    let mut next = || match scan.direction {
        Direction::Ascending => range.next(),
        Direction::Descending => range.next_back(),
    };
    let mut slice = Slice { items: Vec::new(), bytes: 0, more: false };
    while let Some(row) = next() {
        let (key, bytes) = row?;
        if slice.items.len() == scan.limit.min(SCAN_SLICE) || slice.bytes >= most_bytes {
            slice.more = true;
            break;
        }
        let (_, sort) = key.value();
        let entry = value::decode(key.value(), bytes.value())?;
        slice.bytes += sort.len() + bytes.value().len();
        slice.items.push(Item { sort: sort.to_owned(), entry });
    }
    Ok(slice)
}
