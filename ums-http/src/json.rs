//! JSON, read more strictly than serde_json does of itself.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The most values in one body, those within arrays and objects included; no body of ours needs a tenth.
const MOST_VALUES: usize = 1000;

/// The object that these bytes are.
///
/// # Errors
///
/// What is wrong, in words that quote nothing of the text, where it is not exactly one JSON object in UTF-8: bytes
/// after it, a byte order mark, `NaN`, a number beyond a double, a lone surrogate, a member's name twice in an object,
/// more than 127 levels or [`MOST_VALUES`] values.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let budget = Cell::new(MOST_VALUES);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { budget: &budget }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| error.to_string())?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("an object is expected".into()),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    budget: &'a Cell<usize>,
}

impl Strict<'_> {
    fn spend<E: Error>(self) -> Result<(), E> {
        let left = self.budget.get().checked_sub(1).ok_or_else(|| E::custom("too many values"))?;
        self.budget.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice in an object"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_object_whole() {
        let text = r#" {"a": [1, -2, 2.5, true, null, "x\u00e9\ud83d\ude00"], "b": {"a": {}}} "#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), expected);
    }

    #[test]
    fn refuses_what_is_not_one_strict_object() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        let many = format!("{{\"a\":[{}]}}", vec!["1"; MOST_VALUES].join(","));
        let cases: [&[u8]; 22] = [
            b"",
            b" ",
            b"null",
            b"[]",
            b"\"{}\"",
            b"{",
            b"{}{}",
            b"{} x",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"{\"a\":1,\"a\":1}",
            b"{\"b\":{\"a\":1,\"\\u0061\":2}}",
            b"{\"a\":NaN}",
            b"{\"a\":Infinity}",
            b"{\"a\":1e400}",
            b"{\"a\":01}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\n\"}",
            deep.as_bytes(),
            many.as_bytes(),
        ];
        for case in cases {
            assert!(object(case).is_err(), "{}", String::from_utf8_lossy(case));
        }
    }

    #[test]
    fn messages_quote_nothing() {
        for text in [r#"{"password":"hunter2","password":"hunter2"}"#, r#"{"password":hunter2}"#] {
            assert!(!object(text.as_bytes()).unwrap_err().contains("hunter2"));
        }
    }
}
