//! The gate holds: permits, places, memories.

use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// Work that says when it begins, and ends when it is told to.
struct Works {
    say: UnboundedSender<()>,
    begun: UnboundedReceiver<()>,
    end: mpsc::Sender<()>,
    told: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Works {
    fn new() -> Self {
        let (say, begun) = unbounded_channel();
        let (end, told) = mpsc::channel();
        Self { say, begun, end, told: Arc::new(Mutex::new(told)) }
    }

    fn one(&self) -> impl FnOnce(&mut [Block]) + Send + 'static {
        let (say, told) = (self.say.clone(), Arc::clone(&self.told));
        move |_| {
            say.send(()).unwrap();
            told.lock().unwrap().recv().unwrap();
        }
    }

    async fn one_has_begun(&mut self) {
        self.begun.recv().await.unwrap();
    }

    fn end_one(&self) {
        self.end.send(()).unwrap();
    }
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_at_once_than_there_are_permits() {
    let gate = Arc::new(Gate::new(2, 62, 8));
    let mut works = Works::new();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (gate, work) = (Arc::clone(&gate), works.one());
            tokio::spawn(async move { gate.run(8, work).await })
        })
        .collect();
    works.one_has_begun().await;
    works.one_has_begun().await;
    for _ in 2..64 {
        works.end_one();
        works.one_has_begun().await;
    }
    works.end_one();
    works.end_one();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!((gate.probe.peak(), gate.probe.begun().len()), (2, 64));
    assert_eq!((gate.permits.available_permits(), gate.places.available_permits()), (2, 64));
}

#[tokio::test]
async fn who_goes_away_during_the_computation_frees_nothing_before_it_ends() {
    let gate = Arc::new(Gate::new(1, 1, 8));
    let mut works = Works::new();
    let first = tokio::spawn({
        let (gate, work) = (Arc::clone(&gate), works.one());
        async move { gate.run(8, work).await }
    });
    works.one_has_begun().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!((gate.permits.available_permits(), gate.places.available_permits()), (0, 1));

    let begun = AtomicBool::default();
    let mut second = pin!(gate.run_noting(&begun, 8, |_| ()));
    assert!(poll_once(second.as_mut()).is_pending());
    assert_eq!((gate.probe.begun().len(), begun.load(Ordering::Relaxed)), (1, false));
    works.end_one();
    second.await.unwrap();
    assert!(begun.load(Ordering::Relaxed));
    assert_eq!(gate.probe.peak(), 1);
}

#[tokio::test]
async fn past_the_queue_callers_are_told_to_come_back() {
    let gate = Arc::new(Gate::new(1, 1, 8));
    let mut works = Works::new();
    let first = tokio::spawn({
        let (gate, work) = (Arc::clone(&gate), works.one());
        async move { gate.run(8, work).await }
    });
    works.one_has_begun().await;
    {
        let mut second = pin!(gate.run(8, |_| ()));
        assert!(poll_once(second.as_mut()).is_pending());
        let refusal = poll_once(pin!(gate.run(8, |_| ())));
        let Poll::Ready(Err(Error::Overloaded { retry_after })) = refusal else { panic!("{refusal:?}") };
        assert_eq!(retry_after, RETRY_AFTER);
    }
    // The second caller has gone away: its place is free again.
    let mut third = pin!(gate.run(8, |_| ()));
    assert!(poll_once(third.as_mut()).is_pending());
    works.end_one();
    first.await.unwrap().unwrap();
    third.await.unwrap();
}

#[tokio::test]
async fn a_panic_costs_neither_permit_nor_place() {
    let gate = Gate::new(1, 0, 8);
    let broken = gate.run(8, |_| panic!("on purpose")).await;
    assert!(matches!(broken, Err(Error::Internal(_))));
    assert!(gate.run(8, |_| ()).await.is_ok());
}

#[tokio::test]
async fn memories_are_used_again_and_wiped_between() {
    let gate = Gate::new(2, 0, 8);
    let address = |memory: &mut [Block]| memory.as_ptr().addr();
    let first = gate
        .run(8, move |memory| {
            memory.iter_mut().for_each(|block| block.as_mut().fill(u64::MAX));
            address(memory)
        })
        .await
        .unwrap();
    let (second, clean) = gate
        .run(8, move |memory| {
            let clean = memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
            (address(memory), clean)
        })
        .await
        .unwrap();
    assert_eq!(first, second);
    assert!(clean);
    assert_eq!(gate.shelf.free().len(), 1);
}

#[tokio::test]
async fn what_needs_more_memory_has_its_own_within_a_common_bound() {
    let gate = Gate::new(2, 8, 8);
    assert_eq!(gate.run(64, |memory| memory.len()).await.unwrap(), 64);
    assert_eq!(gate.shelf.free().len(), 0);
    assert_eq!(gate.large.memory.available_permits(), MAXIMUM_MEMORY as usize);

    let others = gate.large.memory.acquire_many(MAXIMUM_MEMORY - 63).await.unwrap();
    let mut waiting = pin!(gate.run(64, |memory| memory.len()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert_eq!((gate.permits.available_permits(), gate.places.available_permits()), (2, 10));
    assert_eq!(gate.run(8, |memory| memory.len()).await.unwrap(), 8);
    drop(others);
    assert_eq!(waiting.await.unwrap(), 64);
}

#[tokio::test]
async fn who_wants_large_memories_keeps_nobody_else_waiting() {
    let gate = Arc::new(Gate::new(2, 2, 8));
    let mut works = Works::new();
    let mut tasks: Vec<_> = (0..LARGE)
        .map(|_| {
            let (gate, work) = (Arc::clone(&gate), works.one());
            tokio::spawn(async move { gate.run(64, work).await })
        })
        .collect();
    works.one_has_begun().await;
    // They have one permit of the two, whatever the memory allows.
    assert_eq!((gate.permits.available_permits(), gate.places.available_permits()), (1, 3));
    for _ in 0..100 {
        assert_eq!(gate.run(8, |memory| memory.len()).await.unwrap(), 8);
    }
    let refusal = poll_once(pin!(gate.run(64, |_| ())));
    assert!(matches!(refusal, Poll::Ready(Err(Error::Overloaded { .. }))), "{refusal:?}");
    assert_eq!(gate.load().refused, 1);

    // Who goes away while waiting leaves nothing behind.
    for task in tasks.drain(1..) {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    works.end_one();
    tasks.remove(0).await.unwrap().unwrap();
    assert_eq!(gate.run(64, |memory| memory.len()).await.unwrap(), 64);
    assert_eq!(gate.large.entries.available_permits(), LARGE);
}
