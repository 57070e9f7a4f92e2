//! Passwords that follow from what is known of their account, or from the word "password".

use zeroize::Zeroizing;

use super::password::Password;

/// What is known of an account, and so would be tried first by who guesses its password.
#[derive(Clone, Debug, Default)]
pub(crate) struct PasswordContext {
    words: Vec<String>,
}

impl PasswordContext {
    /// Nothing known.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The account's e-mail address: what stands before the `@`, whole and in its parts.
    pub(crate) fn email(self, email: &str) -> Self {
        self.name(email.rsplit_once('@').map_or(email, |(local, _)| local))
    }

    /// A name that goes with the account, such as its organisation's: whole and in its words.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.words.push(fold(name));
        self.words.extend(name.split(|character: char| !character.is_alphanumeric()).map(fold));
        self.words.retain(|word| word.chars().count() >= SHORTEST_WORD);
        // The longest first, so that a part does not break up the whole.
        self.words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        self
    }

    /// Whether the password has one of the words in it, and little besides that is not commonplace.
    pub(super) fn predicts(&self, password: &Password) -> bool {
        let mut rest = Zeroizing::new(fold(password.expose()));
        let mut found = false;
        for word in self.words.iter().filter(|word| !is_short(word)) {
            found |= rest.contains(word.as_str());
            rest = without(&rest, word);
        }
        rest = without_commonplace(rest);
        for word in self.words.iter().filter(|word| is_short(word)) {
            if rest.split(|character: char| !character.is_alphabetic()).any(|part| part == word) {
                found = true;
                rest = without(&rest, word);
            }
        }
        found && surprising(&rest) < LEAST_SURPRISE
    }
}

/// Words of one character say nothing.
const SHORTEST_WORD: usize = 2;
/// Shorter words turn up by chance, and count only where no letter stands beside them.
const SHORT_WORD: usize = 4;
/// What a password of several factors must have at least, of itself.
const LEAST_SURPRISE: usize = 8;
/// What people put beside a name to reach the length.
const COMMONPLACE: [&str; 8] =
    ["password", "passphrase", "passwort", "welcome", "letmein", "qwerty", "admin", "login"];

fn is_short(word: &str) -> bool {
    word.chars().count() < SHORT_WORD
}

/// Whether a password holds nothing but what people put beside other words, and digits in groups of up to four.
pub(super) fn is_commonplace(password: &str) -> bool {
    let folded = Zeroizing::new(fold(password));
    let rest = without_commonplace(folded.clone());
    *rest != *folded && surprising(&rest) == 0
}

fn without_commonplace(folded: Zeroizing<String>) -> Zeroizing<String> {
    COMMONPLACE.iter().fold(folded, |rest, word| without(&rest, word))
}

fn without(text: &str, word: &str) -> Zeroizing<String> {
    Zeroizing::new(text.replace(word, " "))
}

/// Lower case, letters and digits only.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter(|character| character.is_alphanumeric()).collect()
}

/// How many letters there are, and digits that stand in no group of up to four, such as a year.
fn surprising(text: &str) -> usize {
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let digits = text.split(|character: char| !character.is_numeric()).map(|group| group.chars().count());
    letters + digits.filter(|&digits| digits > 4).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicts(context: &PasswordContext, password: &str) -> bool {
        context.predicts(&Password::new(password))
    }

    #[test]
    fn what_follows_from_the_account_is_predicted() {
        let context = PasswordContext::new().email("Ada.Lovelace@example.com").name("Tech Corp");
        for password in [
            "Tech Corp-password-2026",
            "techcorp-password-2026",
            "ADA.LOVELACE.2026!",
            "lovelace lovelace",
            "password-Lovelace-1815",
            "TechCorp AdaLovelace 99",
        ] {
            assert!(predicts(&context, password), "{password}");
        }
    }

    #[test]
    fn a_short_word_counts_where_it_stands_alone() {
        let context = PasswordContext::new().email("ada@example.com").name("IBM");
        for password in ["IBM-password-2026", "ada-password-2026", "2026 ibm 2026 ada", "welcome IBM ADMIN"] {
            assert!(predicts(&context, password), "{password}");
        }
        for password in
            ["ibm is where nobody sleeps", "adamant password 2026", "Ibmo-password-2026", "adamada adamada"]
        {
            assert!(!predicts(&context, password), "{password}");
        }
        assert!(!predicts(&PasswordContext::new().name("X"), "x-password-2026"));
    }

    #[test]
    fn what_is_merely_near_the_account_is_not() {
        let context = PasswordContext::new().email("ada@example.com").name("Tech Corp");
        for password in [
            "StrongPassword123",
            "tech corp is where nobody sleeps",
            "techcorp 9340275816",
            "password-password-2026",
        ] {
            assert!(!predicts(&context, password), "{password}");
        }
    }

    #[test]
    fn what_people_put_beside_is_commonplace_alone_and_with_few_digits() {
        for password in ["password-password-2026", "Welcome, admin!", "passwort 12 34"] {
            assert!(is_commonplace(password), "{password}");
        }
        for password in
            ["StrongPassword123", "password 9340275816", "2026 2026 2026 2026", "passwords and more"]
        {
            assert!(!is_commonplace(password), "{password}");
        }
    }
}
