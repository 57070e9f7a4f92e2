//! Whatever the text: it is refused, or it is an address whose canonical form is its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ums_core::parse::Email;

fuzz_target!(|text: &str| {
    let Ok(email) = Email::parse(text) else { return };
    assert!(email.as_given().chars().count() <= Email::MAXIMUM);
    assert!(email.canonical().len() <= 700);
    assert!(!email.canonical().chars().any(char::is_control), "{email:?}");
    let again = Email::parse(email.canonical()).expect("a canonical address is an address");
    assert_eq!(again.canonical(), email.canonical());
});
