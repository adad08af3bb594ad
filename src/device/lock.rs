use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks even after a panic elsewhere: every value here is consistent between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
