//! JSON as we accept it (I-JSON and stricter): no duplicate keys, no NUL, no lone surrogate, no
//! number past 2^53, no nesting past 32, nothing after the value. 400 = the text is not
//! acceptable; 422 = the JSON is fine, a value is not.

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::{FieldError, Problem, Slug};

const MAX_DEPTH: usize = 32;
const MAX_SAFE_INTEGER: u64 = 1 << 53;

/// Parses strictly, then reads `T` from the value with a JSON Pointer to the first complaint.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let value = strict(text)?;
    // Serde would read an array as a struct's fields in their order.
    if !value.is_object() {
        return Err(Problem::field("", "object", "A JSON object is expected."));
    }
    read(value)
}

/// Reads `T` from an accepted value.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = pointer(error.path());
        let text = error.inner().to_string();
        if let Some(field) = text.strip_prefix("unknown field `") {
            let field = field.split('`').next().unwrap_or_default();
            // The path may or may not name the unknown field itself.
            if !pointer.ends_with(&format!("/{field}")) {
                pointer = format!("{pointer}/{field}");
            }
            let mut problem = Problem::new(
                Slug::InvalidBody,
                format!("The field {pointer} is not one that can be sent here."),
            );
            problem.errors.push(FieldError {
                pointer,
                code: "unknown-field".into(),
                detail: text,
            });
            return problem;
        }
        if let Some(field) = text.strip_prefix("missing field `") {
            let field = field.split('`').next().unwrap_or_default();
            return Problem::field(
                format!("{pointer}/{field}"),
                "missing",
                format!("{field} is required."),
            );
        }
        Problem::field(pointer, "invalid", sentence(&text))
    })
}

/// The strict value of a text.
pub fn strict(text: &[u8]) -> Result<Value, Problem> {
    let refuse = |detail: String| Problem::new(Slug::InvalidBody, detail);
    if text.is_empty() {
        return Err(refuse("The body is empty; a JSON object is needed.".into()));
    }
    std::str::from_utf8(text).map_err(|error| {
        refuse(format!(
            "The body is not UTF-8 (byte {}).",
            error.valid_up_to()
        ))
    })?;
    too_deep(text).map_err(|at| {
        refuse(format!(
            "The JSON is nested deeper than {MAX_DEPTH} (byte {at})."
        ))
    })?;
    let mut parser = serde_json::Deserializer::from_slice(text);
    let value = Strict
        .deserialize(&mut parser)
        .map_err(|error| refuse(sentence(&error.to_string())))?;
    parser
        .end()
        .map_err(|error| refuse(format!("Something follows the JSON value: {error}.")))?;
    Ok(value)
}

/// Counts brackets outside strings, before any parser recurses.
fn too_deep(text: &[u8]) -> Result<(), usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(at);
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_SAFE_INTEGER {
            return Err(E::custom("a number is larger than 2^53"));
        }
        Ok(Value::from(value))
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(E::custom("a number is smaller than -2^53"));
        }
        Ok(Value::from(value))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if value == 0.0 && value.is_sign_negative() {
            return Err(E::custom("-0 is not a number that can be kept"));
        }
        if value.abs() > MAX_SAFE_INTEGER as f64 {
            return Err(E::custom("a number is larger than 2^53"));
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is out of range"))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        no_nul(value)?;
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        no_nul(&value)?;
        Ok(Value::String(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        use serde::de::Error;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            no_nul(&key)?;
            let value = map.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "the field `{key}` is given twice"
                )));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

fn no_nul<E: serde::de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') {
        Err(E::custom("a text holds the character NUL"))
    } else {
        Ok(())
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[allow(dead_code)]
        name: String,
        #[allow(dead_code)]
        list: Option<Vec<u8>>,
    }

    fn status(text: &str) -> u16 {
        parse::<Body>(text.as_bytes())
            .map_or_else(|problem| problem.slug.status().as_u16(), |_| 200)
    }

    #[test]
    fn the_text_is_refused_with_400_and_a_value_with_422() {
        assert_eq!(status(r#"{"name":"a"}"#), 200);
        for text in [
            "",
            "{",
            "[]x",
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a"} 1"#,
            r#"{"name":"\u0000"}"#,
            r#"{"name":"\ud800"}"#,
            r#"{"name":9223372036854775808}"#,
            r#"{"name":1e400}"#,
            r#"{"name":-0}"#,
            r#"{"name":"a","other":1}"#,
            r#"{"name":NaN}"#,
            "\u{feff}{\"name\":\"a\"}",
            "// x\n{}",
        ] {
            assert_eq!(status(text), 400, "{text}");
        }
        assert_eq!(status(&"[".repeat(100_000)), 400);
        for text in ["[]", "{}", r#"{"name":1}"#, r#"{"name":"a","list":[300]}"#] {
            assert_eq!(status(text), 422, "{text}");
        }
        let problem = parse::<Body>(br#"{"name":"a","list":[1,"x"]}"#).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/list/1");
    }
}
