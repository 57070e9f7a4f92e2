//! Named values into a type, with every fault found and named.

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error, IntoDeserializer};
use ums_core::Faults;

/// The longest name that a fault repeats, in characters.
const LONGEST_NAME: usize = 100;

/// What the names and values of one kind of place are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The code for a name that the type does not have.
    pub(crate) unknown: &'static str,
    /// What to say of it.
    pub(crate) unknown_message: &'static str,
}

/// Makes a `T` of the fields. Each is first read as if it stood alone, since serde stops at the first fault: `T` has a
/// default for every field that may be left out, or leaves it to the core to ask for it.
///
/// # Errors
///
/// Every field that `T` does not have, or whose value it can't take. No message repeats a value.
pub(crate) fn read<'a, T, V, E>(fields: &[(&'a str, V)], place: Place) -> Result<T, Faults>
where
    T: DeserializeOwned,
    V: Clone + IntoDeserializer<'a, E>,
    E: Error,
{
    let mut faults = Faults::default();
    for field in fields {
        if let Err(error) = deserialize::<T, V, E>(std::slice::from_ref(field)) {
            add(&mut faults, field.0, &error.to_string(), place);
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    deserialize::<T, V, E>(fields).map_err(|error| {
        let mut faults = Faults::default();
        let text = error.to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(name) => faults.add(name, "required", "is required"),
            None => add(&mut faults, "", &text, place),
        }
        faults
    })
}

fn deserialize<'a, T, V, E>(fields: &[(&'a str, V)]) -> Result<T, E>
where
    T: DeserializeOwned,
    V: Clone + IntoDeserializer<'a, E>,
    E: Error,
{
    T::deserialize(MapDeserializer::new(fields.iter().map(|(name, value)| (*name, value.clone()))))
}

fn add(faults: &mut Faults, name: &str, error: &str, place: Place) {
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    if error.starts_with("missing field `") {
        return;
    }
    if error.starts_with("unknown field `") {
        faults.add(shown, place.unknown, place.unknown_message);
    } else if error.starts_with("invalid type: ") {
        faults.add(shown, "invalid_type", expectation(error));
    } else {
        faults.add(shown, "invalid_value", expectation(error));
    }
}

/// serde's messages quote the value and then say what was expected: only the latter is passed on. A message of a type
/// of ours is passed on whole, since those quote nothing.
fn expectation(error: &str) -> String {
    const QUOTING: [&str; 4] = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    if !QUOTING.iter().any(|prefix| error.starts_with(prefix)) {
        return error.to_owned();
    }
    match error.rsplit_once(", expected ").map(|(_, expected)| expected) {
        Some("u8" | "u16" | "u32" | "u64" | "usize") => "must be a whole number, not below 0".into(),
        Some(expected) => format!("must be {expected}"),
        None => "is not of the kind that is expected here".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};
    use ums_core::model::{Patch, UserFields, UserPatch};

    use super::*;

    const PLACE: Place = Place { unknown: "unknown_field", unknown_message: "there is no such field" };

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Needy {
        #[serde(rename = "needed")]
        _needed: String,
        #[serde(default, rename = "count")]
        _count: u16,
    }

    fn read_json<T: DeserializeOwned>(object: &Value) -> Result<T, Vec<(String, &'static str, String)>> {
        let fields: Vec<_> =
            object.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect();
        read(&fields, PLACE).map_err(|faults: Faults| {
            faults.as_slice().iter().map(|f| (f.field.clone(), f.code, f.message.clone())).collect()
        })
    }

    #[test]
    fn every_fault_is_found_and_none_repeats_a_value() {
        let faults = read_json::<UserFields>(&json!({
            "full_name": 5, "password": 12345, "role": "emperor", "organisation_id": -1, "department_id": 0,
            "is_admin": true, "email": "ada@example.com",
        }))
        .unwrap_err();
        let expected = [
            ("department_id", "invalid_value", "must be a whole number from 1 to 999999999999"),
            ("full_name", "invalid_type", "must be a string"),
            ("is_admin", "unknown_field", "there is no such field"),
            ("organisation_id", "invalid_value", "must be a whole number, not below 0"),
            ("password", "invalid_type", "must be a string"),
            ("role", "invalid_value", "must be one of `member`, `department_admin`, `org_admin`, `admin`"),
        ];
        let faults: Vec<_> = faults.iter().map(|(f, c, m)| (f.as_str(), *c, m.as_str())).collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn what_is_well_typed_passes_even_where_the_core_will_ask_for_more() {
        assert!(read_json::<UserFields>(&json!({})).is_ok());
        let patch: UserPatch = read_json(&json!({"external_id": null, "full_name": "Ada"})).unwrap();
        assert_eq!((patch.external_id, patch.full_name), (Patch::Clear, Patch::Set("Ada".into())));
        assert_eq!(patch.email, Patch::Keep);
    }

    #[test]
    fn a_field_without_default_is_asked_for() {
        let missing = ("needed".to_owned(), "required", "is required".to_owned());
        assert_eq!(read_json::<Needy>(&json!({"count": 1})).unwrap_err(), [missing]);
        let wrong = read_json::<Needy>(&json!({"count": 70_000})).unwrap_err();
        assert_eq!(wrong.len(), 1);
        assert!(read_json::<Needy>(&json!({"needed": "x"})).is_ok());
    }

    #[test]
    fn long_names_are_cut() {
        let name = "é".repeat(5000);
        let faults = read_json::<Needy>(&json!({ name: 1 })).unwrap_err();
        assert_eq!(faults.first().unwrap().0, "é".repeat(LONGEST_NAME));
    }
}
