//! Flaws of reads.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use ums_store::{Direction, Entry, Error, Item, Key, Page, Scan, Store};

use super::commits::pause;
use super::{BrokenStore, Flaw};

/// What was answered before.
#[derive(Debug, Default)]
pub(super) struct Answered {
    gets: HashMap<Key, Option<Entry>>,
    pages: HashMap<String, Page>,
    offsets: HashMap<String, usize>,
}

impl<S: Store + Clone> BrokenStore<S> {
    pub(super) async fn flawed_get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        if self.flaw == Flaw::PartitionsLeak {
            let keys: Vec<Key> = keys.iter().map(joined).collect();
            return self.inner.get(&keys).await;
        }
        let found = self.inner.get(keys).await?;
        Ok(match self.flaw {
            Flaw::StaleGet => {
                let mut answered = self.notes.answered.lock().await;
                let stale = |(key, entry): (&Key, Option<Entry>)| {
                    answered.gets.insert(key.clone(), entry.clone()).unwrap_or(entry)
                };
                keys.iter().zip(found).map(stale).collect()
            }
            Flaw::AnswersSorted => {
                let sorted: BTreeMap<(&Key, usize), Option<Entry>> =
                    keys.iter().zip(0..).zip(found).collect();
                sorted.into_values().collect()
            }
            Flaw::AnswersDeduplicated => {
                let mut seen = HashMap::new();
                keys.iter()
                    .zip(found)
                    .filter(|(key, _)| seen.insert(*key, ()).is_none())
                    .map(|(_, it)| it)
                    .collect()
            }
            Flaw::TornEntry => {
                pause().await;
                let later = self.inner.get(keys).await?;
                found.into_iter().zip(later).map(|(one, other)| torn(one, other.as_ref())).collect()
            }
            _ => found.into_iter().map(|entry| self.flawed_entry(entry)).collect(),
        })
    }

    pub(super) async fn flawed_scan(&self, scan: &Scan) -> Result<Page, Error> {
        match self.flaw {
            Flaw::ScanUnsorted => {
                let mut page = self.inner.scan(scan).await?;
                let middle = page.items.len() / 2;
                page.items.rotate_left(middle);
                Ok(page)
            }
            Flaw::ScanByUtf16 => {
                let all = self.everything(scan).await?;
                let code = |item: &Item| item.sort.encode_utf16().collect::<Vec<u16>>();
                let after: Option<Vec<u16>> = scan.after.as_ref().map(|after| after.encode_utf16().collect());
                Ok(paged(all, scan, |items| {
                    items.sort_by_key(code);
                    if let Some(after) = &after {
                        items.retain(|item| match scan.direction {
                            Direction::Ascending => code(item) > *after,
                            Direction::Descending => code(item) < *after,
                        });
                    }
                }))
            }
            Flaw::PrefixIgnored => self.inner.scan(&Scan { prefix: String::new(), ..scan.clone() }).await,
            Flaw::PrefixIsPattern => {
                let all = self.everything(&Scan { prefix: String::new(), ..scan.clone() }).await?;
                Ok(paged(all, scan, |items| {
                    items.retain(|item| like(&item.sort, &scan.prefix) && past(item, scan))
                }))
            }
            Flaw::AfterInclusive => {
                let all = self.everything(scan).await?;
                Ok(paged(all, scan, |items| {
                    items.retain(|item| past(item, scan) || scan.after.as_ref() == Some(&item.sort));
                }))
            }
            Flaw::PagingByOffset => self.by_offset(scan).await,
            Flaw::LastPageEarly => Ok(Page { next: None, ..self.inner.scan(scan).await? }),
            Flaw::PartitionsLeak => self.scan_joined(scan).await,
            Flaw::StaleScan => {
                let page = self.inner.scan(scan).await?;
                let mut answered = self.notes.answered.lock().await;
                Ok(answered.pages.insert(format!("{scan:?}"), page.clone()).unwrap_or(page))
            }
            _ => {
                let mut page = self.inner.scan(scan).await?;
                page.items = page
                    .items
                    .into_iter()
                    .filter_map(|item| Some(Item { entry: self.flawed_entry(Some(item.entry))?, ..item }))
                    .collect();
                Ok(page)
            }
        }
    }

    fn flawed_entry(&self, entry: Option<Entry>) -> Option<Entry> {
        let entry = entry?;
        let expires = |limit: u64| entry.expires_at.is_some_and(|seconds| seconds <= limit);
        match self.flaw {
            Flaw::ExpiresEarly if expires(now() + 86_400) => None,
            Flaw::ExpiryInMilliseconds if expires(now() * 1_000) => None,
            Flaw::ExpiryForgotten => Some(Entry { expires_at: None, ..entry }),
            Flaw::ValueTruncated => {
                let value = entry.value.split('\0').next().unwrap_or_default().into();
                Some(Entry { value, ..entry })
            }
            _ => Some(entry),
        }
    }

    /// All that a scan may find, from its first page to its last, lowest first.
    async fn everything(&self, scan: &Scan) -> Result<Vec<Item>, Error> {
        let mut scan = Scan { after: None, direction: Direction::Ascending, limit: 1_000, ..scan.clone() };
        let mut items = Vec::new();
        loop {
            let page = self.inner.scan(&scan).await?;
            items.extend(page.items);
            let Some(next) = page.next else {
                return Ok(items);
            };
            scan = scan.after(next);
        }
    }

    async fn by_offset(&self, scan: &Scan) -> Result<Page, Error> {
        let list = format!("{} {} {:?}", scan.partition, scan.prefix, scan.direction);
        let place = |after: &str| format!("{list} {after}");
        let mut answered = self.notes.answered.lock().await;
        let Some(offset) = scan.after.as_ref().map_or(Some(&0), |after| answered.offsets.get(&place(after)))
        else {
            return self.inner.scan(scan).await;
        };
        let offset = *offset;
        let all = self.everything(scan).await?;
        let page = paged(all, scan, |items| match scan.direction {
            Direction::Ascending => drop(items.drain(..offset.min(items.len()))),
            Direction::Descending => items.truncate(items.len().saturating_sub(offset)),
        });
        if let Some(next) = &page.next {
            answered.offsets.insert(place(next), offset + page.items.len());
        }
        Ok(page)
    }

    async fn scan_joined(&self, scan: &Scan) -> Result<Page, Error> {
        let join = |sort: &str| format!("{}/{sort}", scan.partition);
        let one = Scan {
            partition: ONE.to_owned(),
            prefix: join(&scan.prefix),
            after: scan.after.as_deref().map(join),
            ..scan.clone()
        };
        let split = |sort: String| sort.get(scan.partition.len() + 1..).unwrap_or_default().to_owned();
        let Page { items, next } = self.inner.scan(&one).await?;
        let items = items.into_iter().map(|item| Item { sort: split(item.sort), ..item }).collect();
        Ok(Page { items, next: next.map(split) })
    }
}

/// The one partition behind all, where they leak.
const ONE: &str = "one";

pub(super) fn joined(key: &Key) -> Key {
    Key::new(ONE, format!("{}/{}", key.partition(), key.sort()))
}

/// A page of these items, which stand in order, once they were worked over.
fn paged(mut items: Vec<Item>, scan: &Scan, work: impl FnOnce(&mut Vec<Item>)) -> Page {
    work(&mut items);
    if scan.direction == Direction::Descending {
        items.reverse();
    }
    let more = items.len() > scan.limit;
    items.truncate(scan.limit);
    let next = items.last().filter(|_| more).map(|item| item.sort.clone());
    Page { items, next }
}

fn past(item: &Item, scan: &Scan) -> bool {
    let Some(after) = &scan.after else {
        return true;
    };
    match scan.direction {
        Direction::Ascending => item.sort > *after,
        Direction::Descending => item.sort < *after,
    }
}

/// `text LIKE prefix%`, with `%` and `_` of the prefix left as they are; enough of it for one of each.
fn like(text: &str, prefix: &str) -> bool {
    let mut rest = text.chars();
    prefix.chars().all(|pattern| match pattern {
        '%' => true,
        '_' => rest.next().is_some(),
        _ => rest.next() == Some(pattern),
    })
}

fn torn(one: Option<Entry>, other: Option<&Entry>) -> Option<Entry> {
    Some(Entry { version: other?.version, ..one? })
}

#[expect(clippy::disallowed_methods, reason = "a flawed backend lives by the wall clock, as backends do")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
