use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks whatever a panic elsewhere left behind: every value here is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
