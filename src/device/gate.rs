//! A gate that keeps a device from being destroyed while other threads use theirs, for drivers that cannot handle it.

use crate::device::lock::lock;
use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};

/// The gate of this process.
pub(crate) static DEVICES: Gate = Gate::new();

#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    working: usize,
    /// Threads that wait to destroy a device; they keep others from starting work.
    waiting: usize,
    destroying: bool,
}

/// While it lives, no thread works. Unlike a lock's guard it may be dropped on any thread.
#[derive(Debug)]
pub(crate) struct Closed<'a>(&'a Gate);

thread_local! {
    /// Whether this thread is at work. A driver's callback may then drop a context, which must not wait for itself.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Ends the work of a thread, even by a panic.
struct Work<'a>(&'a Gate);

impl Drop for Work<'_> {
    fn drop(&mut self) {
        AT_WORK.set(false);
        lock(&self.0.state).working -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).destroying = false;
        self.0.changed.notify_all();
    }
}

impl Gate {
    const fn new() -> Gate {
        Gate { state: Mutex::new(State { working: 0, waiting: 0, destroying: false }), changed: Condvar::new() }
    }

    fn change_when(&self, ready: impl Fn(&State) -> bool, change: impl Fn(&mut State)) {
        let state = self.changed.wait_while(lock(&self.state), |state| !ready(state));
        change(&mut state.unwrap_or_else(PoisonError::into_inner));
    }

    /// Runs a short piece of work, which calls no user code.
    pub(crate) fn work<R>(&self, work: impl FnOnce() -> R) -> R {
        if AT_WORK.get() {
            return work();
        }
        self.change_when(|state| state.waiting == 0 && !state.destroying, |state| state.working += 1);
        AT_WORK.set(true);
        let _ends = Work(self);
        work()
    }

    /// Waits until no thread works.
    pub(crate) fn close(&self) -> Option<Closed<'_>> {
        if AT_WORK.get() {
            return None;
        }
        lock(&self.state).waiting += 1;
        let change = |state: &mut State| (state.waiting, state.destroying) = (state.waiting - 1, true);
        self.change_when(|state| state.working == 0 && !state.destroying, change);
        Some(Closed(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn nobody_works_while_a_device_is_destroyed() {
        let (gate, working, destroyed) = (Gate::new(), AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while destroyed.load(Ordering::SeqCst) < 100 {
                        gate.work(|| {
                            working.fetch_add(1, Ordering::SeqCst);
                            // Work within work, and a context dropped by a callback, do not wait.
                            gate.work(|| assert!(gate.close().is_none()));
                            working.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let closed = gate.close();
                        assert_eq!(working.load(Ordering::SeqCst), 0);
                        destroyed.fetch_add(1, Ordering::SeqCst);
                        drop(closed);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_at_work_does_not_keep_the_gate_shut() {
        let gate = Gate::new();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gate.work(|| panic!("on purpose"))));
        assert!(outcome.is_err() && gate.close().is_some());
        assert_eq!(gate.work(|| 1), 1);
    }
}
