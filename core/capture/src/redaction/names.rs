//! The one notion of a name that says that its value is a secret.

use super::encodings;

/// How sure a name is of its value, which decides what is masked and what is looked for elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// A password: whatever it is, even a plain word.
    Password,
    /// A token, a key, a cookie.
    Token,
    /// A short number: a PIN, a one-time code, a card.
    Number,
    /// A name that often means something else: `auth`, `code`.
    Weak,
}

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The query of a URL, where `code`, `sig` and the like carry secrets as well.
    Query,
    /// Anywhere else.
    Anywhere,
}

/// Words that say it wherever they stand in a name: `user_password`, `apiToken`, `X-CSRFToken`.
const WORDS: &[(&str, Strength)] = &[
    ("password", Strength::Password),
    ("passwords", Strength::Password),
    ("passwd", Strength::Password),
    ("passphrase", Strength::Password),
    ("passcode", Strength::Password),
    ("pwd", Strength::Password),
    ("pswd", Strength::Password),
    ("psw", Strength::Password),
    ("passw", Strength::Password),
    ("passwrd", Strength::Password),
    ("pword", Strength::Password),
    ("mnemonic", Strength::Password),
    ("passwort", Strength::Password),
    ("kennwort", Strength::Password),
    ("contrasena", Strength::Password),
    ("contraseña", Strength::Password),
    ("senha", Strength::Password),
    ("motdepasse", Strength::Password),
    ("mdp", Strength::Password),
    ("wachtwoord", Strength::Password),
    ("haslo", Strength::Password),
    ("hasło", Strength::Password),
    ("heslo", Strength::Password),
    ("losenord", Strength::Password),
    ("lösenord", Strength::Password),
    ("passord", Strength::Password),
    ("adgangskode", Strength::Password),
    ("salasana", Strength::Password),
    ("parola", Strength::Password),
    ("jelszo", Strength::Password),
    ("jelszó", Strength::Password),
    ("sifre", Strength::Password),
    ("şifre", Strength::Password),
    ("пароль", Strength::Password),
    ("パスワード", Strength::Password),
    ("暗証番号", Strength::Number),
    ("密码", Strength::Password),
    ("密碼", Strength::Password),
    ("비밀번호", Strength::Password),
    ("jeton", Strength::Token),
    ("secret", Strength::Token),
    ("secrets", Strength::Token),
    ("token", Strength::Token),
    ("csrf", Strength::Token),
    ("xsrf", Strength::Token),
    ("cookie", Strength::Token),
    ("cookies", Strength::Token),
    ("credential", Strength::Token),
    ("credentials", Strength::Token),
    ("authorization", Strength::Token),
    ("jwt", Strength::Token),
    ("bearer", Strength::Token),
    ("apikey", Strength::Token),
    ("sessionid", Strength::Token),
    ("otp", Strength::Number),
    ("totp", Strength::Number),
    ("pin", Strength::Number),
    ("cvv", Strength::Number),
    ("cvv2", Strength::Number),
    ("cvc", Strength::Number),
    ("csc", Strength::Number),
    ("iban", Strength::Number),
    ("ssn", Strength::Number),
    ("2fa", Strength::Number),
];

/// Two words in a row: `api_key`, `SESSION-KEY`.
const PAIRS: &[(&str, &str, Strength)] = &[
    ("pass", "word", Strength::Password),
    ("pass", "phrase", Strength::Password),
    ("pass", "code", Strength::Password),
    ("de", "passe", Strength::Password),
    ("seed", "phrase", Strength::Password),
    ("session", "id", Strength::Token),
    ("activation", "code", Strength::Token),
    ("invite", "code", Strength::Token),
    ("invitation", "code", Strength::Token),
    ("confirmation", "code", Strength::Token),
    ("login", "code", Strength::Number),
    ("mfa", "code", Strength::Number),
    ("factor", "code", Strength::Number),
    ("social", "security", Strength::Number),
    ("passport", "number", Strength::Number),
    ("routing", "number", Strength::Number),
    ("cc", "number", Strength::Number),
    ("cc", "num", Strength::Number),
    ("card", "num", Strength::Number),
    ("card", "no", Strength::Number),
    ("api", "key", Strength::Token),
    ("api", "keys", Strength::Token),
    ("private", "key", Strength::Token),
    ("secret", "key", Strength::Token),
    ("access", "key", Strength::Token),
    ("auth", "key", Strength::Token),
    ("session", "key", Strength::Token),
    ("session", "data", Strength::Token),
    ("session", "cookie", Strength::Token),
    ("signing", "key", Strength::Token),
    ("subscription", "key", Strength::Token),
    ("encryption", "key", Strength::Token),
    ("access", "tokens", Strength::Token),
    ("api", "tokens", Strength::Token),
    ("auth", "tokens", Strength::Token),
    ("refresh", "tokens", Strength::Token),
    ("recovery", "codes", Strength::Token),
    ("backup", "codes", Strength::Token),
    ("auth", "code", Strength::Token),
    ("reset", "code", Strength::Number),
    ("security", "code", Strength::Number),
    ("verification", "code", Strength::Number),
    ("card", "number", Strength::Number),
    ("credit", "card", Strength::Number),
    ("account", "number", Strength::Number),
];

/// Whole names, and last words of a name: `auth`, `x-auth`, `db_pass`. In front of others they say nothing: `auth_backend`.
const LAST_WORDS: &[(&str, Strength)] = &[
    ("auth", Strength::Weak),
    ("pass", Strength::Password),
    ("pw", Strength::Password),
];

/// What `pass` may follow; `render_pass` and `first_pass` are something else.
const BEFORE_PASS: &[&str] = &[
    "user", "db", "database", "smtp", "mail", "email", "admin", "root", "my", "new", "old", "login", "ssh",
    "ftp", "http", "proxy", "wifi", "redis", "pg", "mysql", "account", "basic",
];

/// Words written without a border that end a longer word: `userpassword`, `mysecretkey`, `authtoken`.
const ENDINGS: &[(&str, Strength)] = &[
    ("password", Strength::Password),
    ("passwd", Strength::Password),
    ("passphrase", Strength::Password),
    ("token", Strength::Token),
    ("secret", Strength::Token),
    ("secretkey", Strength::Token),
    ("apikey", Strength::Token),
    ("privatekey", Strength::Token),
    ("accesskey", Strength::Token),
    ("sessionkey", Strength::Token),
    ("sessionid", Strength::Token),
    ("cardnumber", Strength::Number),
    ("creditcard", Strength::Number),
    ("cardno", Strength::Number),
    ("ccnumber", Strength::Number),
    ("pincode", Strength::Number),
    ("securitycode", Strength::Number),
];

/// What may follow `password` without a border.
const AFTER_PASSWORD: &[&str] = &[
    "hash",
    "confirm",
    "confirmation",
    "again",
    "repeat",
    "new",
    "old",
    "salt",
    "value",
    "text",
    "hint",
];

/// Parameters that carry secrets in the query of a URL.
const IN_QUERIES: &[&str] = &[
    "code",
    "sig",
    "signature",
    "ticket",
    "sid",
    "session",
    "session_id",
    "samlresponse",
    "saml_response",
    "saml_request",
    "assertion",
    "state_token",
    "hmac",
];

/// Last words of such parameters: `X-Amz-Signature`.
const ENDING_IN_QUERIES: &[&str] = &["sig", "signature", "hmac"];

/// Values of `autocomplete` that say what a field is for (HTML, section 4.10.18.7).
const AUTOCOMPLETE: &[(&str, Strength)] = &[
    ("current-password", Strength::Password),
    ("new-password", Strength::Password),
    ("one-time-code", Strength::Number),
    ("cc-number", Strength::Number),
    ("cc-csc", Strength::Number),
];

/// Names that look like secrets and are none.
pub const EXEMPT: &[&str] = &[
    "session_id",
    "token_count",
    "tokens_used",
    "max_tokens",
    "token_type",
    "password_reset_url",
    "password_url",
    "cookie_consent",
    "csrf_cookie_name",
    "csrf_header_name",
];

/// What a text has to hold somewhere for one of its names to be a secret: beginnings or whole of every word above.
pub const NEEDLES: &[&str] = &[
    "pass",
    "psw",
    "pword",
    "mnemonic",
    "phrase",
    "num",
    "security",
    "pwd",
    "pw",
    "kennwort",
    "contrase",
    "senha",
    "motde",
    "mdp",
    "wachtwoord",
    "aslo",
    "asło",
    "ASŁO",
    "eslo",
    "senord",
    "adgangskode",
    "salasana",
    "arola",
    "jelsz",
    "ifre",
    "арол",
    "АРОЛ",
    "パスワード",
    "暗証",
    "密",
    "비밀번호",
    "jeton",
    "2fa",
    "secret",
    "token",
    "csrf",
    "xsrf",
    "cookie",
    "credential",
    "auth",
    "jwt",
    "bearer",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "csc",
    "iban",
    "ssn",
    "key",
    "session",
    "card",
    "number",
    "code",
    "cc-",
    "sig",
    "ticket",
    "sid",
    "saml",
    "assertion",
    "hmac",
];

/// What the built-in lists say of a name. Encodings of the name are undone first.
pub fn strength(name: &str, place: Place) -> Option<Strength> {
    if name.contains(['%', '&', '\\']) {
        return plain_strength(&encodings::decoded(name), place);
    }
    plain_strength(name, place)
}

/// What the value of an `autocomplete` attribute says.
pub fn autocomplete_strength(value: &str) -> Option<Strength> {
    let value = value.trim().to_ascii_lowercase();
    let found = |word: &str| AUTOCOMPLETE.iter().find(|(name, _)| *name == word);
    value
        .split_ascii_whitespace()
        .find_map(found)
        .map(|(_, strength)| *strength)
}

/// What the name of a parameter says that is a secret in the query of a URL only.
pub fn query_strength(name: &str) -> Option<Strength> {
    let last = name.rsplit('_').next().unwrap_or(name);
    (IN_QUERIES.contains(&name) || ENDING_IN_QUERIES.contains(&last)).then_some(Strength::Weak)
}

/// What the name of an HTTP header says: besides the names that say it anywhere, those of a session or a signature.
pub fn header_strength(name: &str) -> Option<Strength> {
    let words = words(name).join("_");
    query_strength(words.strip_prefix("x_").unwrap_or(&words))
}

/// Last words that make a name one about a secret, not of one: `password_min_length`, `cookie_banner`.
const DESCRIBING: &[&str] = &[
    "length",
    "min",
    "max",
    "label",
    "banner",
    "color",
    "colour",
    "count",
    "placeholder",
    "url",
    "urls",
    "policy",
    "required",
    "enabled",
    "visible",
    "title",
    "errors",
    "error",
    "strength",
    "widget",
    "width",
    "expiry",
    "expires",
    "age",
    "ttl",
    "status",
    "updated",
    "changed",
    "created",
    "at",
    "form",
    "view",
    "template",
];

fn plain_strength(name: &str, place: Place) -> Option<Strength> {
    let words = words(name);
    if words.len() > 1
        && words
            .last()
            .is_some_and(|last| DESCRIBING.contains(&last.as_str()))
    {
        return None;
    }
    if place == Place::Query
        && let Some(found) = query_strength(&words.join("_"))
    {
        return Some(found);
    }
    let by_word = || words.iter().find_map(|word| word_strength(word));
    if let Some(found) = autocomplete_strength(name).or_else(by_word) {
        return Some(found);
    }
    let pairs = words.windows(2).find_map(|pair| {
        let [first, second] = pair else { return None };
        let found = PAIRS.iter().find(|(one, two, _)| first == one && second == two);
        found.map(|(_, _, strength)| *strength)
    });
    pairs.or_else(|| last_word_strength(&words))
}

fn word_strength(word: &str) -> Option<Strength> {
    if let Some((_, strength)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Some(*strength);
    }
    if let Some(rest) = word.strip_prefix("password") {
        return AFTER_PASSWORD.contains(&rest).then_some(Strength::Password);
    }
    if word.starts_with("csrf") || word.starts_with("xsrf") {
        return Some(Strength::Token);
    }
    let ending = ENDINGS.iter().find(|(ending, _)| word.ends_with(ending));
    ending.map(|(_, strength)| *strength)
}

fn last_word_strength(words: &[String]) -> Option<Strength> {
    let (last, before) = words.split_last()?;
    let (word, strength) = LAST_WORDS.iter().find(|(word, _)| word == last)?;
    let fits = match (*word, before.last()) {
        (_, None) => true,
        ("auth", Some(_)) => true,
        (_, Some(before)) => BEFORE_PASS.contains(&before.as_str()),
    };
    fits.then_some(*strength)
}

/// The words of a name in lower case: split at everything but letters and digits, before capitals (`apiToken`), and
/// between an abbreviation and a word (`APIToken`); digits at the end are cut off (`password1`).
pub fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).map(|index| characters[index]);
        let after = characters.get(index + 1);
        let begins = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words
        .into_iter()
        .map(|word| {
            let cut = word.trim_end_matches(|character: char| character.is_ascii_digit());
            if word == "cvv2" {
                word.clone()
            } else {
                cut.to_owned()
            }
        })
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "user_password",
            "newPassword",
            "password1",
            "PASSWORD",
            "X-CSRFToken",
            "csrfmiddlewaretoken",
            "apiToken",
            "APIToken",
            "api_key",
            "API-KEY",
            "secretkey",
            "userpassword",
            "cardnumber",
            "creditcard",
            "card_number",
            "iban",
            "cvc",
            "ssn",
            "jwt",
            "bearer",
            "auth",
            "X-Auth",
            "X-JWT",
            "pw",
            "pass",
            "db_pass",
            "user%5Bpassword%5D",
            "pass%77ord",
            "user[password]",
            "_session_key",
            "Set-Cookie",
            "Authorization",
            "otp",
            "pin_code",
            "Passwort",
            "b.token",
            "HTTP_AUTHORIZATION",
            "sessionid",
            "authtoken",
            "passwordHash",
            "xsrf-token",
            "client_secret",
            "pass\\u0077ord",
            "mot_de_passe",
            "mdp",
            "nouveau_mdp",
            "wachtwoord",
            "haslo",
            "nowe_hasło",
            "パスワード",
            "пароль",
            "2fa",
            "2fa_code",
            "two_factor_code",
        ] {
            assert!(strength(name, Place::Anywhere).is_some(), "{name}");
        }
        for name in ["code", "sig", "signature", "x-amz-signature"] {
            assert!(strength(name, Place::Query).is_some(), "{name}");
            assert!(strength(name, Place::Anywhere).is_none(), "{name}");
        }
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "keyboard",
            "passenger",
            "author",
            "authors",
            "secretary",
            "tokenizer",
            "tokenize",
            "key",
            "api",
            "cookiecutter",
            "pinned",
            "spinner",
            "compass",
            "passing",
            "bypass",
            "authentic",
            "auth_backend",
            "auth_user",
            "first_pass",
            "render_pass",
            "opinion",
            "shopping",
            "signal",
            "design",
            "codec",
            "encode",
            "class",
            "passed",
            "",
            "x",
            "tokens",
            "number",
            "card",
            "session",
            "authority",
            "keys",
            "primary_key",
            "foreign_key",
            "dj-key",
            "monkey",
            "hotkey",
        ] {
            assert!(strength(name, Place::Anywhere).is_none(), "{name}");
        }
    }

    #[test]
    fn every_word_has_a_needle() {
        let words = WORDS
            .iter()
            .chain(LAST_WORDS)
            .chain(ENDINGS)
            .map(|(word, _)| *word);
        let seconds = PAIRS
            .iter()
            .flat_map(|(first, second, _)| [*first, *second].map(|word| (word, *first, *second)));
        for word in words.chain(IN_QUERIES.iter().copied()) {
            assert!(NEEDLES.iter().any(|needle| word.contains(needle)), "{word}");
        }
        for (_, first, second) in seconds {
            assert!(
                NEEDLES
                    .iter()
                    .any(|needle| first.contains(needle) || second.contains(needle)),
                "{first} {second}"
            );
        }
    }
}
