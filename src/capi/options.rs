//! The options of a client.

use std::time::Duration;

use super::boundary::{catch, status};
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NONE, Refusal};
use super::pointers::{Out, given};
use crate::client::{ClientBuilder, Mode};
use crate::protocol::generation::Generation;

/// The options of a client. The caller owns the handle and frees it once. A client copies its
/// options, so the same options may be used for several clients and freed at any time. Only one
/// thread at a time may use a handle while an option is being set.
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

/// Converts a timeout from C. The number 0 means that no timeout was given.
pub(crate) fn timeout(timeout_ms: i32) -> Result<Option<Duration>, Refusal> {
    let milliseconds = u64::try_from(timeout_ms).map_err(|_| Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

/// Creates options that have their default values.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_new(options: Out<'_, Option<Box<Options>>>) -> i32 {
    status(|| {
        given(options)?.write(Some(Box::default()));
        Ok(())
    })
}

/// Sets the timeout of each call, in milliseconds. The default is 10 seconds. The value 0 restores
/// the default.
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

/// States the generation of the meta servers, one of `PEGASUS_DUP_GENERATION_*`.
/// `PEGASUS_DUP_NONE`, the default, states none.
///
/// Only one case needs a statement: an add with another remote table or replica count, on a 2.6
/// snapshot that has no list RPC. The client still finds out what it can. If the server contradicts
/// the statement, every call fails with `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. If the version of the
/// server is not available by HTTP, a wrong statement may let a server of version 2.5 ignore the
/// remote table. That add fails with `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_options_set_generation(
    options: Option<&mut Options>,
    generation: i32,
) -> i32 {
    status(|| {
        let options = given(options)?;
        options.generation = match generation {
            PEGASUS_DUP_NONE => None,
            number => Some(numbers::value(number)?),
        };
        Ok(())
    })
}

/// Sets the way in which adds are done, one of `PEGASUS_DUP_MODE_*`. The default is
/// `PEGASUS_DUP_MODE_SAFE`.
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
