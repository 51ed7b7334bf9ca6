//! Keeps an object that has its own threads, and notices when it is closed or the process forks.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use super::errors;

/// Holds a `T` that has its own threads until it is closed.
///
/// A fork copies the memory, but only the thread that forks. In the child, waiting for one of the other
/// threads would never end, not even in order to stop it. Therefore the child does not touch `T`.
#[derive(Debug)]
pub(super) struct Threads<T> {
    what: &'static str,
    pid: u32,
    value: Mutex<Option<T>>,
}

impl<T> Threads<T> {
    pub(super) fn new(what: &'static str, value: T) -> Threads<T> {
        Threads { what, pid: std::process::id(), value: Mutex::new(Some(value)) }
    }

    /// Returns whether this process is a forked child.
    fn forked(&self) -> bool {
        std::process::id() != self.pid
    }

    /// Returns a handle to the object. Fails in a forked child, and after [`Threads::take`]. The child
    /// does not take the lock, because another thread may have held it when the process forked.
    pub(super) fn get(&self, py: Python<'_>) -> PyResult<T>
    where
        T: Clone,
    {
        let what = self.what;
        if self.forked() {
            return Err(errors::unusable(
                py,
                &format!("this {what} was made before the process forked"),
                &format!("make a new {what} in the child"),
            ));
        }
        self.ours().ok_or_else(|| {
            errors::unusable(
                py,
                &format!("this {what} is closed"),
                &format!("make a new {what}, or close this one later"),
            )
        })
    }

    /// Returns a handle to the object, or `None` if [`Threads::get`] fails.
    pub(super) fn ours(&self) -> Option<T>
    where
        T: Clone,
    {
        if self.forked() {
            return None;
        }
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the object out, so that the caller drops it. Returns `None` if it was taken before, and in a
    /// forked child.
    pub(super) fn take(&self) -> Option<T> {
        if self.forked() {
            return None;
        }
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Drop for Threads<T> {
    fn drop(&mut self) {
        if self.forked() {
            let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(value.take());
        }
    }
}
