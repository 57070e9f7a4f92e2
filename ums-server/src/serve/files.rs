//! How many connections the operating system lets the process have: each is an open file.

use std::num::NonZeroU32;

/// Files that the process opens for itself: the store, the log, uploads.
const OWN: u64 = 128;

/// As many of the connections wanted as there can be open files, at least 1. Past that the operating system would refuse
/// the store's and the log's files as well.
pub(super) fn connections(wanted: NonZeroU32) -> usize {
    let wanted = u64::from(wanted.get());
    let most = most_files().map_or(wanted, |files| files.saturating_sub(OWN).clamp(1, wanted));
    if most < wanted {
        tracing::warn!(wanted, most, "the operating system allows fewer connections (ulimit -n)");
    }
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// The limit of open files, once raised as far as the process may; `None` where there is none.
#[cfg(unix)]
fn most_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // macOS refuses to lift it altogether; then it stays as it is.
    if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current }
}

#[cfg(not(unix))]
fn most_files() -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    use super::*;

    #[test]
    fn takes_as_many_files_as_it_may() {
        let most = most_files();
        assert_eq!(getrlimit(Resource::Nofile).current, most);
        let (few, many) = (NonZeroU32::MIN, NonZeroU32::MAX);
        assert_eq!(connections(few), 1);
        let expected = most.map_or(u64::from(many.get()), |most| (most - OWN).min(many.get().into()));
        assert_eq!(connections(many) as u64, expected);
    }
}
