//! The tables of the file, and the version of their format.

use std::path::Path;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    WriteTransaction,
};

use crate::error::OpenError;

/// Partition and sort part to what [`value`](crate::value) encodes. redb compares the parts one after the other, by
/// their bytes.
pub(crate) const ENTRIES: TableDefinition<'static, (&str, &str), &[u8]> = TableDefinition::new("entries");

/// Expiry, partition and sort part of every entry that expires.
pub(crate) const EXPIRIES: TableDefinition<'static, (u64, &str, &str), ()> = TableDefinition::new("expiries");

/// The format, and how many groups were committed.
pub(crate) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");

/// The version of tables and encoding; raised whenever either changes.
pub(crate) const FORMAT: u64 = 1;

const FORMAT_KEY: &str = "format";
const GROUPS_KEY: &str = "groups";

/// Begins a transaction that is durable once it is committed.
pub(crate) fn begin_write(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Makes the tables in a new file, or looks whether an old one has them in this format.
pub(crate) fn prepare(database: &Database, path: &Path) -> Result<(), OpenError> {
    match format(database, path)? {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(OpenError::Format { path: path.to_owned(), found }),
        None => create(database).map_err(|error| OpenError::of_redb(error, path)),
    }
}

/// How many groups were committed.
pub(crate) fn groups(transaction: &ReadTransaction) -> Result<u64, redb::Error> {
    let meta = transaction.open_table(META)?;
    Ok(meta.get(GROUPS_KEY)?.map_or(0, |count| count.value()))
}

/// Counts the transaction as one more group, and says which it is.
pub(crate) fn raise_groups(transaction: &WriteTransaction) -> Result<u64, redb::Error> {
    let mut meta = transaction.open_table(META)?;
    let number = meta.get(GROUPS_KEY)?.map_or(0, |count| count.value()) + 1;
    meta.insert(GROUPS_KEY, number)?;
    Ok(number)
}

fn format(database: &Database, path: &Path) -> Result<Option<u64>, OpenError> {
    let failed = |error: redb::Error| OpenError::of_redb(error, path);
    let transaction = database.begin_read().map_err(|error| failed(error.into()))?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            let mut tables = transaction.list_tables().map_err(|error| failed(error.into()))?;
            let foreign = tables.next().is_some();
            return if foreign { Err(OpenError::Foreign { path: path.to_owned() }) } else { Ok(None) };
        }
        Err(TableError::TableTypeMismatch { .. } | TableError::TableIsMultimap(_)) => {
            return Err(OpenError::Foreign { path: path.to_owned() });
        }
        Err(error) => return Err(failed(error.into())),
    };
    match meta.get(FORMAT_KEY).map_err(|error| failed(error.into()))? {
        Some(format) => Ok(Some(format.value())),
        None => Err(OpenError::Foreign { path: path.to_owned() }),
    }
}

fn create(database: &Database) -> Result<(), redb::Error> {
    let transaction = begin_write(database)?;
    transaction.open_table(ENTRIES)?;
    transaction.open_table(EXPIRIES)?;
    transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.commit()?;
    Ok(())
}
