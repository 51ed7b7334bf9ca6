//! Adds to a refused create what may have been the reason. The response of the server contains none.

use crate::client::spec::TableSpec;
use crate::client::table::nodes::Nodes;
use crate::error::{Error, ErrorKind};

/// Adds the advice to the error of a refused create.
pub(super) fn with_advice(error: Error, spec: &TableSpec, nodes: Option<Nodes>) -> Error {
    let numbers = nodes
        .map_or_else(String::new, |nodes| format!(": alive={} known={}", nodes.alive, nodes.known));
    match error.kind() {
        ErrorKind::Unavailable => error.with_hint(format!(
            "start replica servers, and try again (the meta servers need `min_live_node_count_for_unfreeze` of them){numbers}"
        )),
        ErrorKind::InvalidArgument => {
            let advice = wrong_argument(spec, nodes);
            error.with_hint(format!("{advice}{numbers}"))
        }
        _ => error,
    }
}

/// Returns which argument the server may have refused.
fn wrong_argument(spec: &TableSpec, nodes: Option<Nodes>) -> String {
    let count = spec.replica_count;
    let alive = nodes.map(|nodes| i32::try_from(nodes.alive).unwrap_or(i32::MAX));
    if alive.is_some_and(|alive| alive < count) {
        return format!(
            "use a lower replica count, or start replica servers: fewer are alive than replica_count={count}"
        );
    }
    if let Some((key, value)) = wrong_env(spec) {
        return format!("correct the setting {key}: the server does not accept {value:?}");
    }
    format!(
        "use another replica count: the configuration of the meta servers allows from `min_allowed_replica_count` to `max_allowed_replica_count`, 1 to 5 by default, and not more than there are alive replica servers; replica_count={count}"
    )
}

/// Returns the setting that servers refuse. A create checks only these two.
fn wrong_env(spec: &TableSpec) -> Option<(&str, &str)> {
    let checked = [
        ("rocksdb.write_buffer_size", 16_777_216..=536_870_912),
        ("rocksdb.num_levels", 1..=10_i64),
    ];
    checked.into_iter().find_map(|(key, range)| {
        let value = spec.envs.get(key)?;
        let valid = number(value).is_some_and(|number| range.contains(&number));
        (!valid).then_some((key, value.as_str()))
    })
}

/// Reads a number as the server does: decimal, hexadecimal with `0x`, or octal with `0`.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(replica_count: i32, env: Option<(&str, &str)>) -> TableSpec {
        let envs = env.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        TableSpec { replica_count, envs: envs.collect(), ..TableSpec::new("temp", 8) }
    }

    fn hint(kind: ErrorKind, spec: &TableSpec, nodes: Option<Nodes>) -> Option<String> {
        with_advice(Error::new(kind, "refused"), spec, nodes).hint().map(str::to_owned)
    }

    #[test]
    fn the_advice_names_the_argument_that_is_probably_wrong() {
        let three = Some(Nodes { alive: 3, known: 4 });
        let advice = |spec: &TableSpec, nodes| {
            hint(ErrorKind::InvalidArgument, spec, nodes).expect("advice")
        };
        assert!(advice(&spec(4, None), three).contains("fewer are alive than replica_count=4"));
        assert!(advice(&spec(3, None), three).contains("use another replica count"));
        assert!(advice(&spec(3, None), three).ends_with(": alive=3 known=4"));
        assert!(advice(&spec(9, None), None).contains("1 to 5 by default"));
        for (key, wrong, right) in [
            ("rocksdb.write_buffer_size", "16777215", "0x1000000"),
            ("rocksdb.write_buffer_size", "many", "536870912"),
            ("rocksdb.num_levels", "11", "012"),
            ("rocksdb.num_levels", "013", "1"),
        ] {
            let named = |value| advice(&spec(3, Some((key, value))), three).contains(key);
            assert!(named(wrong) && !named(right), "{key} {wrong} {right}");
        }
    }

    #[test]
    fn too_few_replica_servers_are_counted_and_other_errors_stay() {
        let one = Some(Nodes { alive: 1, known: 3 });
        let text = hint(ErrorKind::Unavailable, &spec(3, None), one).expect("advice");
        assert!(text.contains("start replica servers") && text.ends_with(": alive=1 known=3"));
        let text = hint(ErrorKind::Unavailable, &spec(3, None), None).expect("advice");
        assert!(text.contains("start replica servers") && !text.contains("alive="));
        assert_eq!(hint(ErrorKind::PermissionDenied, &spec(3, None), one), None);
    }
}
