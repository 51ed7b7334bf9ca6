//! Which settings of a table a request may set, and to which values.

/// The numbers that a setting may have.
struct Numbers {
    /// The number of bits, 32 or 64.
    bits: u32,
    fits: fn(i64) -> bool,
    /// The limit as the hint of a refusal has it.
    limit: &'static str,
}

/// The values that a setting may have.
enum Values {
    Any,
    Boolean,
    Number(Numbers),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// What is denied to clients.
    DenyClient,
    /// Limits of the throughput, for example `10000*delay*100`.
    Throttling,
    /// The same, or a number of bytes per second.
    ThrottlingBySize,
}

const fn number(bits: u32, fits: fn(i64) -> bool, limit: &'static str) -> Values {
    Values::Number(Numbers { bits, fits, limit })
}

const LEVELS: Values = number(64, |n| n == -1 || n >= 1, "-1 or >= 1");
const BOTTOMMOST: Values = Values::Choice(&["force", "skip"]);
const NOT_NEGATIVE: Values = number(32, |n| n >= 0, ">= 0");

/// The settings.
const ENVS: &[(&str, Values)] = &[
    (
        "rocksdb.write_buffer_size",
        number(64, |n| (16_777_216..=536_870_912).contains(&n), "In range [16777216, 536870912]"),
    ),
    ("rocksdb.num_levels", number(64, |n| (1..=10).contains(&n), "In range [1, 10]")),
    ("default_ttl", NOT_NEGATIVE),
    ("rocksdb.checkpoint.reserve_time_seconds", NOT_NEGATIVE),
    ("manual_compact.max_concurrent_running_count", NOT_NEGATIVE),
    ("rocksdb.checkpoint.reserve_min_count", number(32, |n| n > 0, "> 0")),
    ("replica.slow_query_threshold", number(64, |n| n >= 20, ">= 20")),
    ("replica.rocksdb_iteration_threshold_time_ms", number(64, |n| n >= 0, ">= 0")),
    (
        "manual_compact.once.trigger_time",
        number(64, |n| n >= 0, "> 0, timestamp (in seconds) to trigger the once manual compaction"),
    ),
    ("manual_compact.once.target_level", LEVELS),
    ("manual_compact.periodic.target_level", LEVELS),
    ("manual_compact.disabled", Values::Boolean),
    ("replica.rocksdb_block_cache_enabled", Values::Boolean),
    ("rocksdb.allow_ingest_behind", Values::Boolean),
    ("replica.split.validate_partition_hash", Values::Boolean),
    ("manual_compact.once.bottommost_level_compaction", BOTTOMMOST),
    ("manual_compact.periodic.bottommost_level_compaction", BOTTOMMOST),
    ("rocksdb.usage_scenario", Values::Choice(&["bulk_load", "normal", "prefer_write"])),
    ("replica.deny_client_request", Values::DenyClient),
    ("replica.write_throttling", Values::Throttling),
    ("replica.write_throttling_by_size", Values::Throttling),
    ("replica.read_throttling", Values::Throttling),
    ("replica.backup_request_throttling", Values::Throttling),
    ("replica.read_throttling_by_size", Values::ThrottlingBySize),
    ("business.info", Values::Any),
    ("user_specified_compaction", Values::Any),
    ("manual_compact.periodic.trigger_time", Values::Any),
    ("replica_access_controller.allowed_users", Values::Any),
    ("replica_access_controller.ranger_policies", Values::Any),
    ("duplication.master_cluster", Values::Any),
    ("duplication.master_metas", Values::Any),
    ("duplication.master_app_name", Values::Any),
    ("duplication.follower_app_status", Values::Any),
];

/// Returns the hint of the refusal if a setting cannot have that value. Returns `None` if it can, and
/// the error if there is no such setting.
pub(super) fn fault(key: &str, value: &str) -> Result<Option<String>, NoSuchEnv> {
    let (_, values) = ENVS.iter().find(|(known, _)| *known == key).ok_or(NoSuchEnv)?;
    Ok(match values {
        Values::Any => None,
        Values::Boolean => (!["true", "false"].contains(&value.to_ascii_lowercase().as_str()))
            .then(|| format!("invalid value '{value}', should be a boolean")),
        Values::Number(Numbers { bits, fits, limit }) => match integer(value, *bits) {
            None => Some(format!("invalid value '{value}', should be an {bits} bits integer")),
            Some(number) => {
                (!fits(number)).then(|| format!("invalid value '{value}', should be '{limit}'"))
            }
        },
        Values::Choice(texts) => (!texts.contains(&value)).then(|| texts.join(" | ")),
        Values::DenyClient => {
            let valid = ["timeout", "reconfig"]
                .map(|how| ["all", "write", "read"].map(|what| format!("{how}*{what}")));
            let hint = format!(
                "Invalid deny client args, valid include: {}",
                valid.each_ref().map(|texts| texts.join(", ")).join("; ")
            );
            (!valid.as_flattened().iter().any(|text| text == value)).then_some(hint)
        }
        Values::Throttling => throttling(value),
        Values::ThrottlingBySize => match size(value) {
            true => None,
            false => throttling(value),
        },
    })
}

/// There is no setting with that name.
#[derive(Debug)]
pub(super) struct NoSuchEnv;

/// Returns whether a text is a number greater than 0, with or without `K` or `M`.
fn size(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M']).unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse().is_ok_and(|n: u64| n > 0)
}

/// Returns the hint of the refusal of a throttling.
fn throttling(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("The value shouldn't be empty".to_owned());
    }
    let mut seen = Vec::new();
    for part in text.split(',') {
        let fields: Vec<&str> = part.split('*').collect();
        let [rate, how, ms] = fields[..] else {
            return Some(format!("The field count of '{part}' separated by '*' must be 3"));
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let plain = rate.strip_suffix(['K', 'M']).unwrap_or(rate);
        for (number, shown) in [(plain, rate), (ms, ms)] {
            if !digits(number) {
                return Some(format!("'{shown}' should be an unsigned integer"));
            }
        }
        if !["delay", "reject"].contains(&how) {
            return Some(format!("'{how}' should be 'delay' or 'reject'"));
        }
        if seen.contains(&how) {
            return Some(format!("duplicate '{how}' config"));
        }
        seen.push(how);
    }
    None
}

/// Parses an integer of 32 or 64 bits: decimal, `0x` and hexadecimal digits, or `0` and octal digits.
fn integer(text: &str, bits: u32) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        None => (10, digits),
    };
    // The standard library would accept a second sign.
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    let number = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().filter(|_| plain)?;
    (bits == 64 || i32::try_from(number).is_ok()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_decimal_hexadecimal_or_octal() {
        for (text, number) in [
            ("6", Some(6)),
            ("-1", Some(-1)),
            ("0", Some(0)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("08", None),
            ("", None),
            ("-", None),
            ("--1", None),
            ("+1", None),
            ("0x", None),
            ("1.5", None),
            (" 1", None),
        ] {
            assert_eq!(integer(text, 64), number, "{text:?}");
        }
        assert_eq!(integer("2147483647", 32), Some(2_147_483_647));
        assert_eq!(integer("2147483648", 32), None);
    }

    /// The hints that the recordings do not have.
    #[test]
    fn throttlings_and_sizes_are_checked() {
        let hint = |key: &str, value: &str| fault(key, value).expect("a setting");
        let throttling = |value: &str| hint("replica.write_throttling", value);
        assert_eq!(throttling("1K*delay*1,2M*reject*2"), None);
        assert_eq!(throttling("").as_deref(), Some("The value shouldn't be empty"));
        assert_eq!(throttling("x*delay*1").as_deref(), Some("'x' should be an unsigned integer"));
        assert_eq!(throttling("1*stop*1").as_deref(), Some("'stop' should be 'delay' or 'reject'"));
        assert_eq!(throttling("1*delay*1,1*delay*1").as_deref(), Some("duplicate 'delay' config"));
        let by_size = |value: &str| hint("replica.read_throttling_by_size", value).is_none();
        assert!(by_size("100") && by_size("2M") && by_size("1*delay*1"));
        assert!(!by_size("0") && !by_size("K") && !by_size("-1"));
    }
}
