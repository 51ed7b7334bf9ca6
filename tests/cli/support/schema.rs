//! Compares JSON with the schema in `docs/json.md`. It supports only the keywords of JSON Schema
//! that this schema uses. An unknown keyword is a failure, so that no keyword is ignored.

use serde_json::Value;

/// Panics unless the line is a report that matches the documentation, including the order of the
/// keys.
#[track_caller]
pub fn assert_report(line: &str) -> Value {
    let schema = documented();
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    if let Err(fault) = check(&value, &schema, &schema, "report") {
        panic!("{fault}\nin {line}");
    }
    // The text shows the order of the keys, which the parsed object has lost.
    let mut rest = line;
    for key in [
        "outcome",
        "evidence",
        "certain",
        "resource",
        "value",
        "differences",
        "unverified",
        "warning",
        "error",
    ] {
        let quoted = format!("\"{key}\":");
        let at = rest.find(&quoted).unwrap_or_else(|| panic!("{key} is out of order: {line}"));
        rest = &rest[at + quoted.len()..];
    }
    value
}

/// Panics unless the line is an entry of a history that matches the documentation.
#[track_caller]
pub fn assert_entry(line: &str) -> Value {
    assert_is(line, "history_entry")
}

/// Panics unless the line is an event of a plan, an apply or an audit that matches the documentation.
#[track_caller]
pub fn assert_event(line: &str) -> Value {
    assert_is(line, "event")
}

/// Panics unless the line matches a definition of the schema.
#[track_caller]
fn assert_is(line: &str, definition: &str) -> Value {
    let schema = documented();
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let of_it = schema.pointer(&format!("/$defs/{definition}")).expect("a schema");
    if let Err(fault) = check(&value, of_it, &schema, definition) {
        panic!("{fault}\nin {line}");
    }
    value
}

/// Returns the schema in the documentation.
pub fn documented() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md");
    let text = std::fs::read_to_string(path).expect(path);
    let (_, block) = text.split_once("```json\n").expect("a schema block");
    let (block, _) = block.split_once("\n```").expect("its end");
    serde_json::from_str(block).expect("valid JSON")
}

/// Checks a value against a schema whose references are looked up in `root`.
pub fn check(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let keywords = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, rule) in keywords {
        match keyword.as_str() {
            "$schema" | "title" | "$defs" => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|r| r.strip_prefix('#')).ok_or("a $ref")?;
                let target = root.pointer(pointer).ok_or(format!("no such $ref: {rule}"))?;
                check(value, target, root, at)?;
            }
            "type" => {
                let fits = match rule {
                    Value::Array(types) => types.iter().any(|t| is_type(value, t)),
                    one => is_type(value, one),
                };
                if !fits {
                    return Err(format!("{at} is not {rule}: {value}"));
                }
            }
            "enum" => {
                if !rule.as_array().is_some_and(|allowed| allowed.contains(value)) {
                    return Err(format!("{at} is none of {rule}: {value}"));
                }
            }
            "required" => {
                for key in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.as_object().is_some_and(|object| !object.contains_key(key)) {
                        return Err(format!("{at} lacks {key}"));
                    }
                }
            }
            "properties" => {
                for (key, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(key) {
                        check(value, schema, root, &format!("{at}.{key}"))?;
                    }
                }
            }
            "additionalProperties" if rule == false => {
                for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
                    if schema["properties"].get(key).is_none() {
                        return Err(format!("{at} has a key of its own: {key}"));
                    }
                }
            }
            "additionalProperties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if schema["properties"].get(key).is_none() {
                        check(value, rule, root, &format!("{at}.{key}"))?;
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, root, &format!("{at}[{index}]"))?;
                }
            }
            "anyOf" | "oneOf" | "allOf" => {
                let results: Vec<_> = rule
                    .as_array()
                    .ok_or("schemas")?
                    .iter()
                    .map(|schema| check(value, schema, root, at))
                    .collect();
                let fitting = results.iter().filter(|result| result.is_ok()).count();
                let wrong = match keyword.as_str() {
                    "anyOf" => fitting == 0,
                    "oneOf" => fitting != 1,
                    _ => fitting != results.len(),
                };
                if wrong {
                    return Err(format!("{at} fits {fitting} of {keyword}: {results:?}"));
                }
            }
            other => return Err(format!("this checker doesn't know the keyword {other}")),
        }
    }
    Ok(())
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("this checker doesn't know the type {other}"),
    }
}
