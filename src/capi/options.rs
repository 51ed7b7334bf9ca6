//! How a client is configured.

use std::time::Duration;

use super::boundary::{catch, status};
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NOT_TOLD, Refusal};
use super::pointers::{Out, given};
use crate::client::{ClientBuilder, Mode};
use crate::protocol::generation::Generation;

/// What a client shall be like. Owned by who made it; a client doesn't need it once it is made, so
/// it may be used for many, and freed at any time. One thread at a time while it is being set.
#[derive(Debug, Default)]
pub struct Options {
    timeout: Option<Duration>,
    generation: Option<Generation>,
    mode: Mode,
}

impl Options {
    pub(crate) fn configure(&self, mut builder: ClientBuilder) -> ClientBuilder {
        builder = builder.mode(self.mode);
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(generation) = self.generation {
            builder = builder.generation(generation);
        }
        builder
    }
}

/// A timeout from C, where 0 means "not this one's say".
pub(crate) fn timeout(timeout_ms: i32) -> Result<Option<Duration>, Refusal> {
    let milliseconds = u64::try_from(timeout_ms).map_err(|_| Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

/// Makes options, all at their defaults.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_new(options: Out<'_, Option<Box<Options>>>) -> i32 {
    status(|| {
        given(options)?.write(Some(Box::default()));
        Ok(())
    })
}

/// The time limit of each call, in milliseconds. 10 s by default, and for 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_set_timeout_ms(
    options: Option<&mut Options>,
    timeout_ms: i32,
) -> i32 {
    status(|| {
        given(options)?.timeout = timeout(timeout_ms)?;
        Ok(())
    })
}

/// States the servers' generation, one of `PEGASUS_DUP_GENERATION_*`; `PEGASUS_DUP_NOT_TOLD`, the
/// default, states none. Only one case needs a statement: an add with another remote table or replica
/// count on a 2.6 snapshot that has no list RPC. The client still finds out what it can, and a
/// statement that the server refutes ends every call in `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. Where the
/// version cannot be had by HTTP, a wrong statement may let a 2.5 server ignore the remote table; that
/// add ends in `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_set_generation(
    options: Option<&mut Options>,
    generation: i32,
) -> i32 {
    status(|| {
        let options = given(options)?;
        options.generation = match generation {
            PEGASUS_DUP_NOT_TOLD => None,
            number => Some(numbers::value(number)?),
        };
        Ok(())
    })
}

/// How adds are done: one of `PEGASUS_DUP_MODE_*`, `PEGASUS_DUP_MODE_SAFE` by default.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_set_mode(options: Option<&mut Options>, mode: i32) -> i32 {
    status(|| {
        given(options)?.mode = numbers::value(mode)?;
        Ok(())
    })
}

/// Frees options. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_free(options: Option<Box<Options>>) {
    catch((), || drop(options));
}
