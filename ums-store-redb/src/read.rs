//! Reading: slices of a few entries, each at once on the caller's thread.
//!
//! Inline, because a read from the cache costs less than handing it to another thread.

use std::ops::Bound;

use redb::ReadTransaction;
use ums_store::{Direction, Entry, Error, Item, Key, Page, Scan};

use crate::engine::Engine;
use crate::tables::ENTRIES;
use crate::value;

/// How many entries are read before other tasks go first.
const SLICE: usize = 32;

/// How many entries a page holds at most.
const PAGE_ITEMS: usize = 1_000;

/// After how many bytes a page, and a slice, ends. One more entry may exceed it.
const PAGE_BYTES: usize = 1 << 20;
const SLICE_BYTES: usize = 64 << 10;

pub(crate) async fn get(engine: &Engine, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
    let mut entries = Vec::with_capacity(keys.len());
    for (index, keys) in keys.chunks(SLICE).enumerate() {
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
        if slice.items.len() == scan.limit.min(SLICE) || slice.bytes >= most_bytes {
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
