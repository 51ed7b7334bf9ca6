//! What must not be sent to a server because the request could end that server.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::generation::Generation;

use super::spec::words;

/// Refuses names with a brace, unless the server is known to survive them. `names` are the names that
/// the server may repeat in the hint of a refusal, each with its field.
///
/// A server may accept such a request and survive: the server ends only where it refuses the request.
/// But nobody knows beforehand what the server refuses, so every such name is refused here.
pub(crate) fn refuse_braces<'a>(
    generation: Option<Generation>,
    names: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> Result<()> {
    if generation.is_some_and(|known| !known.dies_of_braces()) {
        return Ok(());
    }
    let Some((field, name)) = names.into_iter().find(|(_, name)| name.contains(['{', '}'])) else {
        return Ok(());
    };
    let generation = generation.map_or("unknown", Generation::name);
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "the name of the {} contains a brace, which can end a meta server of Pegasus 2.6; nothing was sent: {field}={name} generation={generation}",
            words(field)
        ),
    )
    .with_hint("check the name for a typing error; only servers of 2.5 and older are sent names with `{` or `}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_refused_unless_the_server_is_known_to_survive_them() {
        let generations = Generation::ALL.into_iter().map(Some).chain([None]);
        for generation in generations {
            let survives = matches!(generation, Some(Generation::Freezed | Generation::Checkpoint));
            for name in ["a{b", "a}b", "{}", "{{}}", "{", "}"] {
                let refused = refuse_braces(generation, [("table", "temp"), ("cluster", name)]);
                assert_eq!(refused.is_ok(), survives, "{generation:?} {name}");
            }
            refuse_braces(generation, [("table", "temp"), ("cluster", "a(b)[c]<d>%s")]).unwrap();
        }
    }
}
