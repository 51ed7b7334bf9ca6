//! Refuses requests that could terminate a server.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::generation::Generation;

use super::spec::words;

/// Returns an error if a name contains a brace, unless the server is known to survive such names. `names`
/// are the names that the server may repeat in the hint of a refusal, each with the name of its field.
///
/// The server terminates only if it refuses the request. The client cannot know that in advance, and
/// therefore refuses every such name.
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
            "the name of the {} contains a brace, which can terminate a meta server of Pegasus 2.6; nothing was sent: {field}={name} generation={generation}",
            words(field)
        ),
    )
    .with_hint("check the spelling of the name; the client sends names with `{` or `}` only to servers of 2.5 and older"))
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
