//! What can be wrong with a store.

/// One way to break a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// None: the store keeps every promise, to show that it is the flaw that the suite notices.
    None,

    /// A page is out of order.
    ScanUnsorted,
    /// Sort parts order by UTF-16, as in Java or JavaScript.
    ScanByUtf16,
    /// The prefix of a scan is not looked at.
    PrefixIgnored,
    /// The prefix is a pattern of SQL's `LIKE`.
    PrefixIsPattern,
    /// The entry at `after` comes again.
    AfterInclusive,
    /// Pages are counted instead of remembered by key.
    PagingByOffset,
    /// A full page is always the last.
    LastPageEarly,
    /// Partition and sort part are joined with a separator that both may hold.
    PartitionsLeak,

    /// A read is answered once more as the same one before.
    StaleGet,
    /// A page is answered once more as the same one before.
    StaleScan,
    /// The answers come in the order of the keys.
    AnswersSorted,
    /// A key that is asked twice is answered once.
    AnswersDeduplicated,
    /// Values end at the first NUL.
    ValueTruncated,

    /// The value of one moment comes with the version of another.
    TornEntry,

    /// Only the first half of the writes is done.
    CommitHalfDone,
    /// Entries bear a version that the store made up.
    VersionInvented,
    /// The version is a hash of the value, so that equal values look unchanged.
    VersionOfValue,
    /// What was deleted is back after the next commit.
    DeletionsResurrect,
    /// Expectations are looked at, and then, a moment later, the writes are done.
    CheckThenAct,
    /// Expectations on keys that are not written are looked at first, the others with the writes.
    WriteSkew,

    /// No expectation is looked at.
    ExpectationsIgnored,
    /// Checks without a write are not looked at.
    ChecksIgnored,
    /// A refused commit has done what stood before the operation that failed.
    RefusedHalfDone,
    /// A refusal names nothing.
    RefusalNamesNothing,
    /// A refusal names every operation.
    RefusalNamesAll,

    /// Two operations on one key are taken; the last one counts.
    DuplicatesAccepted,
    /// Nothing is ever too large.
    LimitsIgnored,
    /// Less is granted than every backend grants.
    LimitsBelowFloor,

    /// One commit in four is done and then called unavailable.
    UnavailableThoughDone,
    /// One commit in four is half done and then called unknown.
    UnknownHalfDone,

    /// A refused commit is kept and tried again with the next.
    RefusedTriedAgain,
    /// A commit beside another is an error.
    ConflictIsError,

    /// Entries are dropped a day early.
    ExpiresEarly,
    /// The expiry is taken for milliseconds.
    ExpiryInMilliseconds,
    /// The expiry is not kept.
    ExpiryForgotten,
    /// A put without expiry keeps that of the entry before.
    ExpirySticks,

    /// A commit is done operation by operation, and ends where its future is dropped.
    TornWhenDropped,
    /// A clone of the store begins empty.
    ClonesApart,
}

impl Flaw {
    /// All but [`Flaw::None`].
    pub const ALL: [Self; 38] = [
        Self::ScanUnsorted,
        Self::ScanByUtf16,
        Self::PrefixIgnored,
        Self::PrefixIsPattern,
        Self::AfterInclusive,
        Self::PagingByOffset,
        Self::LastPageEarly,
        Self::PartitionsLeak,
        Self::StaleGet,
        Self::StaleScan,
        Self::AnswersSorted,
        Self::AnswersDeduplicated,
        Self::ValueTruncated,
        Self::TornEntry,
        Self::CommitHalfDone,
        Self::VersionInvented,
        Self::VersionOfValue,
        Self::DeletionsResurrect,
        Self::CheckThenAct,
        Self::WriteSkew,
        Self::ExpectationsIgnored,
        Self::ChecksIgnored,
        Self::RefusedHalfDone,
        Self::RefusalNamesNothing,
        Self::RefusalNamesAll,
        Self::DuplicatesAccepted,
        Self::LimitsIgnored,
        Self::LimitsBelowFloor,
        Self::UnavailableThoughDone,
        Self::UnknownHalfDone,
        Self::RefusedTriedAgain,
        Self::ConflictIsError,
        Self::ExpiresEarly,
        Self::ExpiryInMilliseconds,
        Self::ExpiryForgotten,
        Self::ExpirySticks,
        Self::TornWhenDropped,
        Self::ClonesApart,
    ];
}
