//! Keeps panics from crossing the boundary to C.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::numbers::{PEGASUS_DUP_FORKED, PEGASUS_DUP_OK, PEGASUS_DUP_PANICKED, Refusal};

/// Runs the body of a function that C calls. A panic becomes the return value `panicked`.
///
/// Asserting unwind safety is correct here: a handle is either read-only after its creation, or it
/// guards its changes by a lock that ignores poisoning.
pub(crate) fn catch<T>(panicked: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            // Dropping the payload can panic again, outside of any catch. A leak is the lesser evil.
            std::mem::forget(payload);
            panicked
        }
    }
}

/// Does the same as `catch` for the functions that return a status.
pub(crate) fn status(body: impl FnOnce() -> Result<(), Refusal>) -> i32 {
    catch(PEGASUS_DUP_PANICKED, || match body() {
        Ok(()) => PEGASUS_DUP_OK,
        Err(Refusal(status)) => status,
    })
}

/// The process in which a handle was created. The handle's threads do not exist in a forked child
/// process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Process {
        Process(std::process::id())
    }

    /// Refuses in a forked child process.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        if self.0 == std::process::id() { Ok(()) } else { Err(Refusal(PEGASUS_DUP_FORKED)) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::PEGASUS_DUP_NULL_ARGUMENT;
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        struct PanicsWhenDropped;
        impl Drop for PanicsWhenDropped {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert_eq!(status(|| panic!("on purpose")), PEGASUS_DUP_PANICKED);
        assert_eq!(status(|| std::panic::panic_any(PanicsWhenDropped)), PEGASUS_DUP_PANICKED);
        assert_eq!(catch(-1, || -> i32 { panic!("on purpose") }), -1);
    }

    #[test]
    fn without_a_panic_the_body_decides() {
        assert_eq!(status(|| Ok(())), PEGASUS_DUP_OK);
        let refused = status(|| Err(Refusal(PEGASUS_DUP_NULL_ARGUMENT)));
        assert_eq!(refused, PEGASUS_DUP_NULL_ARGUMENT);
        assert_eq!(catch(-1, || 7), 7);
    }
}
