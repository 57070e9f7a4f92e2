//! Reading lists: entries of an index in order, each re-read through its record.

use ums_store::{Key, Scan};

use super::Directory;
use crate::index::Indexed;
use crate::keyspace::Partition;
use crate::page::{Page, PageRequest};
use crate::record::read_id;
use crate::{Error, Result};

/// How many entries one request looks at, at most: what finds less in them answers with a short page and a cursor.
const BUDGET: usize = 2_000;

/// A part of a list: entries of one partition whose sort parts begin with a prefix.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) partition: Partition,
    pub(super) prefix: String,
}

/// A list: its parts in order, counted from 0, and what is taken from them.
pub(super) struct Listing<'a, T> {
    /// What a cursor is good for: the list's name, its filters, and whose sight it is.
    pub(super) scope: String,
    /// The part of this number; `None` past the last.
    pub(super) range: &'a (dyn Fn(u64) -> Option<Range> + Send + Sync),
    /// The record that an index entry's id leads to.
    pub(super) key: fn(u64) -> Option<Key>,
    /// Whether the record found at this key belongs into the list.
    pub(super) keep: &'a (dyn Fn(&Key, &T) -> bool + Send + Sync),
}

impl Directory {
    /// One page of a list.
    pub(super) async fn list<T: Indexed>(
        &self,
        listing: &Listing<'_, T>,
        request: &PageRequest,
    ) -> Result<Page<T>> {
        let mut position = match &request.cursor {
            Some(cursor) => Position::read(&self.cursors.open(&listing.scope, cursor)?)?,
            None => Position::default(),
        };
        let limit = request.limit.as_usize();
        let mut items = Vec::new();
        let mut looked = 0;
        while let Some(range) = (listing.range)(position.range) {
            if looked >= BUDGET {
                return self.page(listing, items, Some(&position));
            }
            // One more than asked tells whether there is a next page.
            let wanted = (limit - items.len() + 1).min(BUDGET);
            let mut scan = Scan::partition(range.partition.as_str()).prefix(range.prefix).limit(wanted);
            scan.after.clone_from(&position.after);
            let page = self.database.scan(&scan).await?;
            looked += page.items.len().max(1);
            let found = page.items.iter().map(|item| (range.partition.key(&item.sort), &*item.entry.value));
            for (key, record) in self.records::<T>(found, listing.key).await? {
                if (listing.keep)(&key, &record) {
                    if items.len() == limit {
                        return self.page(listing, items, Some(&position));
                    }
                    items.push(record);
                }
                position.after = Some(key.sort().to_owned());
            }
            match page.next {
                Some(next) => position.after = Some(next),
                None => position = Position { range: position.range + 1, after: None },
            }
        }
        self.page(listing, items, None)
    }

    /// The records that index entries lead to, where they still do.
    async fn records<'a, T: Indexed>(
        &self,
        entries: impl Iterator<Item = (Key, &'a str)>,
        record_key: fn(u64) -> Option<Key>,
    ) -> Result<Vec<(Key, T)>> {
        let mut keys = Vec::new();
        let mut entry_keys = Vec::new();
        for (entry_key, value) in entries {
            let id = read_id(&entry_key, value)?;
            keys.push(record_key(id).ok_or_else(|| Error::internal(format!("{entry_key} holds no id")))?);
            entry_keys.push(entry_key);
        }
        let found = self.database.read_all::<T>(&keys).await?;
        let pairs = entry_keys.into_iter().zip(found);
        Ok(pairs
            .filter_map(|(key, record)| record.map(|record| (key, record.data)))
            // One scan is no snapshot: the record may have moved on since.
            .filter(|(key, record)| record.index().contains_key(key))
            .collect())
    }

    fn page<T: Indexed>(
        &self,
        listing: &Listing<'_, T>,
        items: Vec<T>,
        next: Option<&Position>,
    ) -> Result<Page<T>> {
        let next_cursor = next.map(|position| self.cursors.seal(&listing.scope, &position.write()));
        Ok(Page::new(items, next_cursor.transpose()?))
    }
}

/// Where a page begins.
#[derive(Debug, Default)]
struct Position {
    range: u64,
    after: Option<String>,
}

impl Position {
    fn write(&self) -> String {
        match &self.after {
            Some(after) => format!("{}:{after}", self.range),
            None => self.range.to_string(),
        }
    }

    fn read(text: &str) -> Result<Self> {
        let (range, after) = match text.split_once(':') {
            Some((range, after)) => (range, Some(after.to_owned())),
            None => (text, None),
        };
        Ok(Self { range: range.parse().map_err(|_| Error::InvalidCursor)?, after })
    }
}
