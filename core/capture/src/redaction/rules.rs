use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::names::{self, Place, Strength};

/// What counts as a secret: the built-in names, and those that the user adds or takes away.
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
        let exempt = names::EXEMPT.iter().map(|name| (*name).to_owned()).collect();
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
            Some(name) => self.exempt.insert(name.to_lowercase()),
            None => self.extra.insert(rule.to_lowercase()),
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

    /// The names that the user has added, in lower case.
    pub(super) fn extra(&self) -> impl Iterator<Item = &str> {
        self.extra.iter().map(String::as_str)
    }

    /// How secret the value of this name is; none if it is no secret.
    pub fn strength(&self, name: &str, place: Place) -> Option<Strength> {
        if !self.enabled || name.is_empty() || name.len() > 200 {
            return None;
        }
        let lower = name.trim_matches(['_', ' ']).to_lowercase();
        let last = lower
            .rsplit(['.', '['])
            .next()
            .unwrap_or_default()
            .trim_end_matches(']');
        if self.extra.contains(&lower) || self.extra.contains(last) {
            return Some(Strength::Token);
        }
        if self.exempt.contains(&lower) || self.exempt.contains(last) {
            return (place == Place::Query)
                .then(|| names::query_strength(last))
                .flatten();
        }
        names::strength(name, place)
    }

    /// True if what carries this name is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        self.strength(name, Place::Anywhere).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_extended_and_switched_off() {
        let mut rules = Rules::default();
        rules.add("Nickname");
        rules.add("!pin");
        assert!(rules.is_secret("nickname") && rules.is_secret("user.nickname"));
        assert!(!rules.is_secret("pin"));
        assert!(!rules.is_secret("session_id"));
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
