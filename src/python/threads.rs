//! What has threads of its own, kept so that closing it and forking are noticed.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use super::errors;

/// Holds a `T` that has threads of its own, until it is closed.
///
/// A fork copies the memory, but of the threads only the one that forked: in the child, waiting
/// for the others would never end, not even to stop them. So nothing of `T` is touched there.
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

    fn forked(&self) -> bool {
        std::process::id() != self.pid
    }

    /// A handle to it. An error in a forked child (before the lock is asked for: another thread
    /// may have held it when the process forked), or after [`Threads::take`].
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

    /// A handle to it, or `None` where [`Threads::get`] is an error.
    pub(super) fn ours(&self) -> Option<T>
    where
        T: Clone,
    {
        if self.forked() {
            return None;
        }
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes it out, to be dropped by the caller; `None` if it is gone already, or not ours.
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
