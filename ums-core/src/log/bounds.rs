//! How long the texts of an event may be. Pure; what is cut here is cut where the event is made, once.

use serde_json::{Map, Value};

/// Stands at the end of a text that was cut, or in the place of a value that was too large.
pub(super) const MARK: &str = "…[cut]";
pub(super) const ACTION_BYTES: usize = 128;
pub(super) const MESSAGE_BYTES: usize = 4096;
pub(super) const TARGET_BYTES: usize = 256;
pub(super) const REQUEST_ID_BYTES: usize = 128;
pub(super) const FIELD_NAME_BYTES: usize = 64;
pub(super) const FIELD_TEXT_BYTES: usize = 1024;
/// All values of an event's fields together, where a text counts its bytes and every value 8 more.
pub(super) const FIELDS_BYTES: usize = 16 * 1024;
pub(super) const FIELDS: usize = 64;
const DEPTH: usize = 4;
const VALUE_OVERHEAD: usize = 8;
const MARK_SIZE: usize = MARK.len() + VALUE_OVERHEAD;

/// The text, or as much of its start as fits into this many bytes with the mark behind it.
pub(super) fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(boundary(&text, bytes.saturating_sub(MARK.len())));
        text.push_str(MARK);
        text.shrink_to_fit();
    }
    text
}

/// The last boundary between characters at or before this byte.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Adds a field within the bounds: past the number of fields it is left out, past their size the mark stands for it.
pub(super) fn insert(fields: &mut Map<String, Value>, name: String, value: Value) {
    let name = cut(name, FIELD_NAME_BYTES);
    fields.remove(&name);
    if fields.len() >= FIELDS {
        return;
    }
    let value = cut_value(value, 1);
    let held: usize = fields.values().map(size).sum();
    let fits = held.saturating_add(size(&value)) <= FIELDS_BYTES;
    fields.insert(name, if fits { value } else { Value::from(MARK) });
}

/// Whether these fields are such as [`insert`] makes: at the most so many, so large and so deep.
pub(super) fn holds(fields: &Map<String, Value>) -> bool {
    let held: usize = fields.values().map(size).sum();
    fields.len() <= FIELDS
        && held <= FIELDS_BYTES + FIELDS * MARK_SIZE
        && fields.keys().all(|name| name.len() <= FIELD_NAME_BYTES)
        && fields.values().all(|value| depth(value) <= DEPTH)
}

fn cut_value(value: Value, level: usize) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, FIELD_TEXT_BYTES)),
        Value::Array(_) | Value::Object(_) if level >= DEPTH => Value::from(MARK),
        Value::Array(values) => values.into_iter().map(|value| cut_value(value, level + 1)).collect(),
        Value::Object(values) => values
            .into_iter()
            .map(|(name, value)| (cut(name, FIELD_NAME_BYTES), cut_value(value, level + 1)))
            .collect(),
        other => other,
    }
}

/// What a value takes in memory and on paper, roughly.
pub(super) fn size(value: &Value) -> usize {
    let held = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(values) => values.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    };
    held.saturating_add(VALUE_OVERHEAD)
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(values) => values.values().map(depth).max(),
        _ => None,
    };
    1 + inner.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_within_its_bound_stays_and_a_longer_one_ends_in_the_mark() {
        assert_eq!(cut("abcdefghij".to_owned(), 10), "abcdefghij");
        assert_eq!(cut("abcdefghijk".to_owned(), 10), "ab…[cut]");
        let cut_once = cut("é".repeat(100), 11);
        assert_eq!(cut_once, "é…[cut]");
        assert_eq!(cut(cut_once.clone(), 11), cut_once);
    }

    #[test]
    fn fields_stay_within_number_size_and_depth() {
        let mut fields = Map::new();
        insert(&mut fields, "deep".to_owned(), json!([[[[[1]]]]]));
        assert_eq!(fields["deep"], json!([[["…[cut]"]]]));

        for index in 0..200 {
            insert(&mut fields, format!("{index:03}"), Value::from("x".repeat(2000)));
        }
        assert_eq!(fields.len(), FIELDS);
        assert_eq!(fields["000"].as_str().map(str::len), Some(FIELD_TEXT_BYTES));
        assert_eq!(fields["062"], MARK);
        assert!(holds(&fields));

        insert(&mut fields, "000".to_owned(), Value::from(1));
        assert_eq!((fields.len(), &fields["000"]), (FIELDS, &Value::from(1)));
    }

    #[test]
    fn a_wide_value_gives_way_to_the_mark() {
        let mut fields = Map::new();
        insert(&mut fields, "n".repeat(1000), Value::from(vec![1; 1_000_000]));
        assert_eq!(fields.values().collect::<Vec<_>>(), [MARK]);
        assert!(fields.keys().all(|name| name.len() <= FIELD_NAME_BYTES && name.ends_with(MARK)));
    }

    #[test]
    fn what_no_insert_makes_does_not_hold() {
        let with = |value: Value| Map::from_iter([("a".to_owned(), value)]);
        assert!(holds(&with(json!([[[1]]]))));
        assert!(!holds(&with(json!([[[[1]]]]))));
        assert!(!holds(&with(Value::from("x".repeat(40_000)))));
        assert!(!holds(&Map::from_iter([("n".repeat(65), Value::Null)])));
        assert!(!holds(&(0..65).map(|index| (index.to_string(), Value::Null)).collect()));
    }
}
