use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Names whose value is a secret if they are a word of the name: `user_password`, `apiToken`, `X-CSRFToken`.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "token",
    "csrf",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "authorization",
    "otp",
    "totp",
    "pin",
    "cvv",
    "cvc",
    "iban",
    "ssn",
];

/// Names that are secrets as two words in a row: `api_key`, `SESSION-KEY`.
const PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("access", "key"),
    ("session", "key"),
    ("session", "data"),
    ("signing", "key"),
    ("encryption", "key"),
    ("card", "number"),
    ("credit", "card"),
    ("security", "code"),
];

/// Names without a border between their words.
const EXACT: &[&str] = &[
    "csrfmiddlewaretoken",
    "csrftoken",
    "xcsrftoken",
    "sessionid",
    "apikey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "privatekey",
    "newpassword",
    "oldpassword",
    "password1",
    "password2",
    "new_password1",
    "new_password2",
    "old_password",
];

/// Names that look like secrets and are none.
const EXEMPT: &[&str] = &[
    "session_id",
    "token_count",
    "tokens_used",
    "max_tokens",
    "password_reset_url",
];

/// What counts as a secret, by name.
#[derive(Clone, Debug)]
pub struct Rules {
    enabled: bool,
    extra: HashSet<String>,
    exempt: HashSet<String>,
}

/// Why a file of rules could not be used.
#[derive(Debug, Error)]
pub enum RulesError {
    /// The file could not be read.
    #[error("cannot read the redaction rules in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not a name.
    #[error("line {line} of the redaction rules in {path} is not a name: {text}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// The line.
        text: String,
    },
}

impl Default for Rules {
    fn default() -> Self {
        let exempt = EXEMPT.iter().map(|name| (*name).to_owned()).collect();
        Self {
            enabled: true,
            extra: HashSet::new(),
            exempt,
        }
    }
}

impl Rules {
    /// Nothing is a secret.
    pub fn none() -> Self {
        Self {
            enabled: false,
            ..Self::default()
        }
    }

    /// False if nothing is to be taken out.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// One more secret name; with `!` in front a name that is none.
    pub fn add(&mut self, rule: &str) {
        match rule.strip_prefix('!') {
            Some(name) => self.exempt.insert(name.to_ascii_lowercase()),
            None => self.extra.insert(rule.to_ascii_lowercase()),
        };
    }

    /// Adds the rules of a file: a name a line, `!name` for what is no secret, `#` before remarks.
    ///
    /// # Errors
    ///
    /// [`RulesError`] if the file cannot be read or a line is not a name.
    pub fn add_file(&mut self, path: &Path) -> Result<(), RulesError> {
        let text = fs::read_to_string(path).map_err(|source| RulesError::Read {
            path: path.to_owned(),
            source,
        })?;
        for (index, line) in text.lines().enumerate() {
            let rule = line.split('#').next().unwrap_or_default().trim();
            if rule.is_empty() {
                continue;
            }
            let name = rule.strip_prefix('!').unwrap_or(rule);
            if name.is_empty()
                || !name
                    .chars()
                    .all(|character| character.is_alphanumeric() || "_-.".contains(character))
            {
                return Err(RulesError::Line {
                    path: path.to_owned(),
                    line: index + 1,
                    text: line.to_owned(),
                });
            }
            self.add(rule);
        }
        Ok(())
    }

    /// True if what carries this name is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        if !self.enabled || name.is_empty() || name.len() > 200 {
            return false;
        }
        let lower = name.trim_start_matches('_').to_ascii_lowercase();
        if self.exempt.contains(&lower) {
            return false;
        }
        if self.extra.contains(&lower) || EXACT.contains(&lower.as_str()) {
            return true;
        }
        let words = words(name);
        words
            .iter()
            .any(|word| WORDS.contains(&word.as_str()) || EXACT.contains(&word.as_str()))
            || words
                .windows(2)
                .any(|pair| PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())))
    }

    /// True if `text` may name a secret somewhere: a quick look before a thorough one.
    pub fn may_concern(&self, text: &str) -> bool {
        if !self.enabled {
            return false;
        }
        let lower = text.to_ascii_lowercase();
        let holds = |word: &str| lower.contains(word);
        WORDS.iter().any(|word| holds(word))
            || PAIRS.iter().any(|(first, second)| holds(first) && holds(second))
            || EXACT.iter().any(|word| holds(word))
            || self.extra.iter().any(|word| holds(word))
    }
}

/// The words of a name: split at everything but letters and digits, and before capitals; digits at the end are cut off.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        let is_border = !character.is_alphanumeric() || (character.is_uppercase() && before.is_lowercase());
        if is_border {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    for word in &mut words {
        let kept = word
            .trim_end_matches(|character: char| character.is_ascii_digit())
            .len();
        word.truncate(kept);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        let rules = Rules::default();
        for name in [
            "password",
            "user_password",
            "newPassword",
            "password2",
            "csrfmiddlewaretoken",
            "X-CSRFToken",
            "Cookie",
            "Set-Cookie",
            "Authorization",
            "api_key",
            "apiKey",
            "API-KEY",
            "_secret",
            "client_secret",
            "access_token",
            "sessionid",
            "session_key",
            "card_number",
            "Proxy-Authorization",
        ] {
            assert!(rules.is_secret(name), "{name}");
        }
        for name in [
            "session_id",
            "count",
            "passenger",
            "tokenizer",
            "key",
            "api",
            "cookiecutter",
            "token_count",
            "pinned",
            "",
        ] {
            assert!(!rules.is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_list_can_be_extended_and_switched_off() {
        let mut rules = Rules::default();
        rules.add("Nickname");
        rules.add("!pin");
        assert!(rules.is_secret("nickname"));
        assert!(!rules.is_secret("pin"));
        assert!(!Rules::none().is_secret("password"));
    }

    #[test]
    fn rules_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules");
        fs::write(&path, "# ours\npatient_name\n!pin  # a map pin\n\n").unwrap();
        let mut rules = Rules::default();
        rules.add_file(&path).unwrap();
        assert!(rules.is_secret("patient_name") && !rules.is_secret("pin"));
        fs::write(&path, "fine\nnot a name\n").unwrap();
        assert!(rules.add_file(&path).unwrap_err().to_string().contains("line 2"));
        assert!(rules.add_file(&folder.path().join("none")).is_err());
    }
}
