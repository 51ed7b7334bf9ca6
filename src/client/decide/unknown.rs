//! The error for an add that was sent and whose effect is not known.

use super::row::Reply;
use crate::client::hints;
use crate::client::spec::DuplicationSpec;
use crate::error::{Error, ErrorKind};
use crate::resource::Duplication;

/// Returns the error. `why` says what is not clear, and `known` are the duplications that are listed.
pub(super) fn error(
    spec: &DuplicationSpec,
    reply: &Reply,
    why: &str,
    known: Vec<Duplication>,
) -> Error {
    let answered = reply.words(|answer| &answer.err);
    let listed: Vec<String> = known
        .iter()
        .map(|one| {
            let created = one.create_ts_ms.map_or_else(|| "?".to_owned(), |ms| ms.to_string());
            format!("dupid={} create_ts_ms={created}", one.dupid)
        })
        .collect();
    let listed =
        if listed.is_empty() { String::new() } else { format!(" [{}]", listed.join(", ")) };
    let message = format!(
        "whether the duplication was created is not known: the add was sent and {answered}; {why}{listed}: table={} cluster={}",
        spec.table, spec.cluster
    );
    let error = with_answer(Error::new(ErrorKind::OutcomeUnknown, message), reply);
    let error = match error.hint() {
        Some(_) => error,
        None if known.is_empty() => error.with_hint(hints::after_a_lost_add()),
        None => error.with_hint(hints::WHERE_IT_IS_LISTED),
    };
    error.with_known(known)
}

/// Adds the code and the hint of the response to an error.
fn with_answer(error: Error, reply: &Reply) -> Error {
    match reply {
        Reply::Answer(answer) => {
            let error = error.with_code(&answer.err);
            match &answer.hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        }
        Reply::Framework(code) => error.with_code(code),
        Reply::Lost(_) => error,
    }
}
