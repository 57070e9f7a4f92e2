//! The file sink: what stands in the files, what a crash or a stranger leaves there, and how much of it is read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use log_support::{all, append_raw, between, id, line, messages, numbered, time};
use ums_core::log::{FileSink, LogError, LogEvent, LogQuery, LogSink};

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn everything(sink: &FileSink) -> Vec<String> {
    let (events, _) = all(sink, &LogQuery::default()).await;
    events.iter().map(|event| event.message().to_owned()).collect()
}

#[tokio::test]
async fn a_day_is_a_file_of_lines() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("var").join("logs");
    let sink = FileSink::open(&directory).unwrap();
    let events = [
        numbered(time("2026-11-24T23:59:59.999Z"), 1),
        numbered(time("2026-11-25T00:00:00.000Z"), 2),
        numbered(time("2026-11-24T23:59:59.000Z"), 3),
    ];
    sink.append(&events).await.unwrap();
    sink.append(&[]).await.unwrap();
    assert_eq!(names(&directory), ["2026-11-24.jsonl", "2026-11-25.jsonl"]);
    let text = |day: &str| fs::read_to_string(directory.join(day)).unwrap();
    assert_eq!(text("2026-11-24.jsonl"), line(&events[0]) + &line(&events[2]));
    assert_eq!(text("2026-11-25.jsonl"), line(&events[1]));
    assert_eq!(everything(&sink).await, ["number 2", "number 3", "number 1"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join("2026-11-24.jsonl")), 0o600);
    }
}

#[tokio::test]
async fn a_torn_last_line_is_passed_by_and_ended_by_the_next_append() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("2026-11-24.jsonl");
    let moment = time("2026-11-24T12:00:00Z");
    let sink = FileSink::open(directory.path()).unwrap();
    sink.append(&[numbered(moment, 1)]).await.unwrap();
    let torn = &line(&numbered(moment, 2))[..100];
    append_raw(&path, torn);

    let page = sink.query(&LogQuery::default()).await.unwrap();
    assert_eq!((messages(&page.items), page.unreadable), (vec!["number 1"], 0));

    sink.append(&[numbered(moment, 3)]).await.unwrap();
    let page = sink.query(&LogQuery::default()).await.unwrap();
    assert_eq!((messages(&page.items), page.unreadable), (vec!["number 3", "number 1"], 1));
    let expected = line(&numbered(moment, 1)) + torn + "\n" + &line(&numbered(moment, 3));
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}

#[tokio::test]
async fn a_line_that_lacks_only_its_end_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let moment = time("2026-11-24T12:00:00Z");
    append_raw(&directory.path().join("2026-11-24.jsonl"), line(&numbered(moment, 1)).trim_end());
    let sink = FileSink::open(directory.path()).unwrap();
    assert_eq!(everything(&sink).await, [""; 0]);
    sink.append(&[numbered(moment, 2)]).await.unwrap();
    assert_eq!(everything(&sink).await, ["number 2", "number 1"]);
}

#[tokio::test]
async fn only_regular_files_named_like_days_are_opened() {
    let directory = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let in_directory = |name: &str| directory.path().join(name);
    let moment = time("2026-11-24T12:00:00Z");
    let secret = outside.path().join("secret");
    fs::write(&secret, line(&numbered(moment, 1))).unwrap();
    for name in [
        "passwd",
        "2026-11-24",
        "2026-11-24.jsonl.bak",
        "2026-11-24.json",
        ".jsonl",
        "2026-13-01.jsonl",
        "2026-02-30.jsonl",
        "20261124.jsonl",
        "2026-11-24 .jsonl",
        "..%2f..%2fetc%2fpasswd.jsonl",
        "0.jsonl",
    ] {
        fs::write(in_directory(name), line(&numbered(moment, 2))).unwrap();
    }
    fs::create_dir(in_directory("2026-11-23.jsonl")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, in_directory("2026-11-24.jsonl")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", in_directory("2026-11-22.jsonl")).unwrap();
        let made =
            std::process::Command::new("mkfifo").arg(in_directory("2026-11-21.jsonl")).status().unwrap();
        assert!(made.success());
    }
    let sink = FileSink::open(directory.path()).unwrap();
    assert_eq!(everything(&sink).await, [""; 0]);
    assert_eq!(sink.bytes_read(), 0);

    // Nor are they written to or removed.
    #[cfg(unix)]
    for day in ["2026-11-24", "2026-11-23", "2026-11-21"] {
        let event = numbered(time(&format!("{day}T12:00:00Z")), 3);
        assert!(matches!(sink.append(&[event]).await, Err(LogError::Unavailable(_))), "{day}");
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), line(&numbered(moment, 1)));
    let before = names(directory.path());
    assert_eq!(sink.sweep(time("2030-01-01T00:00:00Z"), 1).await.unwrap(), 0);
    assert_eq!(names(directory.path()), before);
}

#[tokio::test]
async fn an_append_that_fails_half_way_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::open(directory.path()).unwrap();
    let first = time("2026-11-24T12:00:00Z");
    let second = time("2026-11-25T12:00:00Z");
    sink.append(&[numbered(first, 1)]).await.unwrap();
    fs::create_dir(directory.path().join("2026-11-25.jsonl")).unwrap();
    let batch = [numbered(first, 2), numbered(second, 3)];
    assert!(matches!(sink.append(&batch).await, Err(LogError::Unavailable(_))));
    assert_eq!(everything(&sink).await, ["number 1"]);
    fs::remove_dir(directory.path().join("2026-11-25.jsonl")).unwrap();
    sink.append(&batch).await.unwrap();
    assert_eq!(everything(&sink).await, ["number 3", "number 2", "number 1"]);
}

#[tokio::test]
async fn the_cause_of_a_failure_names_the_path() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let Err(LogError::Unavailable(cause)) = FileSink::open(file.path()) else {
        panic!("a file is no directory")
    };
    assert!(cause.to_string().starts_with(file.path().to_str().unwrap()), "{cause}");
}

#[tokio::test]
async fn two_sinks_on_one_directory_keep_their_lines_apart() {
    let directory = tempfile::tempdir().unwrap();
    let sinks = [1, 2].map(|_| FileSink::open(directory.path()).unwrap());
    let moment = time("2026-11-24T12:00:00Z");
    let tasks: Vec<_> = sinks
        .iter()
        .zip([0, 1000])
        .map(|(sink, base)| {
            let sink = sink.clone();
            tokio::spawn(async move {
                for number in base..base + 200 {
                    sink.append(&[numbered(moment, number)]).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (events, _) = all(&sinks[0], &LogQuery::default()).await;
    let mut ids: Vec<_> = events.iter().map(LogEvent::id).collect();
    ids.sort_unstable();
    let expected: Vec<_> = (0..200).chain(1000..1200).map(|number| id(moment, number)).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn an_append_waits_for_another_process_to_end_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("2026-11-24.jsonl");
    let moment = time("2026-11-24T12:00:00Z");
    let sink = FileSink::open(directory.path()).unwrap();
    sink.append(&[numbered(moment, 1)]).await.unwrap();
    let other = fs::File::open(&path).unwrap();
    other.lock().unwrap();
    let appending = tokio::spawn({
        let sink = sink.clone();
        async move { sink.append(&[numbered(moment, 3)]).await }
    });
    for _ in 0..200 {
        assert_eq!(everything(&sink).await, ["number 1"]);
    }
    append_raw(&path, line(&numbered(moment, 2)));
    other.unlock().unwrap();
    appending.await.unwrap().unwrap();
    assert_eq!(everything(&sink).await, ["number 3", "number 2", "number 1"]);
}

#[tokio::test]
async fn days_are_swept_when_they_are_older_than_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::open(directory.path()).unwrap();
    let at_noon = |day: u32| time(&format!("2026-11-{day}T12:00:00Z"));
    for day in [20, 21, 22, 23, 24] {
        let set_back = at_noon(day).minus(Duration::from_secs(60));
        sink.append(&[numbered(at_noon(day), day.into()), numbered(set_back, 0)]).await.unwrap();
    }
    append_raw(&directory.path().join("notes.txt"), "kept");
    assert_eq!(names(directory.path()).len(), 11, "a file and the mark of disorder a day, and the notes");
    let mut query = LogQuery::default();
    query.limit = 9;
    query.before = sink.query(&query).await.unwrap().next;

    let now = time("2026-11-24T00:00:00Z");
    assert_eq!(sink.sweep(now, 90).await.unwrap(), 0);
    assert_eq!(sink.sweep(now, 2).await.unwrap(), 2);
    let expected = [
        "2026-11-22.jsonl",
        "2026-11-22.unordered",
        "2026-11-23.jsonl",
        "2026-11-23.unordered",
        "2026-11-24.jsonl",
        "2026-11-24.unordered",
        "notes.txt",
    ];
    assert_eq!(names(directory.path()), expected);
    // A position in a day that is gone is good for what is older: nothing.
    let page = sink.query(&query).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
    assert_eq!(sink.sweep(now, 0).await.unwrap(), 2);
    assert_eq!(everything(&sink).await, ["number 0", "number 24"]);
}

#[tokio::test]
async fn a_clock_set_back_is_noted_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::builder(directory.path()).block_bytes(64).open().unwrap();
    let noon = time("2026-11-24T12:00:00Z");
    let after = |seconds| noon.plus(Duration::from_secs(seconds));
    for second in 100..200 {
        sink.append(&[numbered(after(second), second)]).await.unwrap();
    }
    sink.append(&[numbered(after(194), 1000)]).await.unwrap();
    assert_eq!(names(directory.path()), ["2026-11-24.jsonl"], "5 s are nothing");
    sink.append(&[numbered(after(193), 1001)]).await.unwrap();
    for second in 0..10 {
        sink.append(&[numbered(after(second), second)]).await.unwrap();
    }
    assert_eq!(names(directory.path()), ["2026-11-24.jsonl", "2026-11-24.unordered"]);

    let (events, _) = all(&sink, &between(after(193), after(195))).await;
    assert_eq!(messages(&events), ["number 1001", "number 1000", "number 194", "number 193"]);
    let (events, _) = all(&sink, &between(after(8), after(102))).await;
    assert_eq!(messages(&events), ["number 9", "number 8", "number 101", "number 100"]);
}

#[tokio::test]
async fn times_that_fall_by_five_seconds_cost_no_event() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::builder(directory.path()).block_bytes(16).open().unwrap();
    let noon = time("2026-11-24T12:00:00Z");
    let after = |seconds| noon.plus(Duration::from_secs(seconds));
    // 10, 5, 11, 6 and so on.
    let events: Vec<_> =
        (0..40).map(|number| numbered(after(10 + number / 2 - 5 * (number % 2)), number)).collect();
    sink.append(&events).await.unwrap();
    assert_eq!(names(directory.path()), ["2026-11-24.jsonl"], "the day counts as ordered");
    for since in 0..32 {
        for until in since..32 {
            let (found, _) = all(&sink, &between(after(since), after(until))).await;
            let range = after(since)..after(until);
            let asked = events.iter().rev().filter(|event| range.contains(&event.timestamp()));
            assert_eq!(messages(&found), messages(asked), "since {since}, until {until}");
        }
    }
}

#[tokio::test]
async fn opening_again_and_again_widens_no_disorder() {
    let directory = tempfile::tempdir().unwrap();
    let noon = time("2026-11-24T12:00:00Z");
    // Each process finds the last line and goes 4 s further back: 40 s in all.
    for step in 0..10 {
        let moment = noon.minus(Duration::from_secs(4 * step));
        FileSink::open(directory.path()).unwrap().append(&[numbered(moment, step)]).await.unwrap();
    }
    let sink = FileSink::builder(directory.path()).block_bytes(16).open().unwrap();
    let (events, _) = all(&sink, &between(noon, noon.plus(Duration::from_secs(1)))).await;
    assert_eq!(messages(&events), ["number 0"]);
}

#[tokio::test]
async fn a_file_taken_away_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::open(directory.path()).unwrap();
    let moment = time("2026-11-24T12:00:00Z");
    sink.append(&[numbered(moment, 1)]).await.unwrap();
    fs::remove_file(directory.path().join("2026-11-24.jsonl")).unwrap();
    sink.append(&[numbered(moment, 2)]).await.unwrap();
    assert_eq!(everything(&sink).await, ["number 2"]);
}
