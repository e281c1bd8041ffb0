//! Secrets in JSON and in typed states.

use serde_json::{Map, Value, json};

use super::{MARK, Rules, text};

/// What marks a secret that was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `[redacted]`, in frames and parameters.
    Text,
    /// `{"$redacted": NAME}`, in states.
    Typed,
}

/// Takes secrets out of `value`. Gives the JSON pointers (RFC 6901) of the places.
pub fn redact(value: &mut Value, style: Style, rules: &Rules) -> Vec<String> {
    let mut places = Vec::new();
    if rules.is_enabled() {
        walk(value, style, rules, &mut String::new(), &mut places);
    }
    places
}

/// The same for the names of a state.
pub fn redact_map(map: &mut Map<String, Value>, style: Style, rules: &Rules) -> Vec<String> {
    let mut places = Vec::new();
    if rules.is_enabled() {
        walk_map(map, style, rules, &mut String::new(), &mut places);
    }
    places
}

fn walk(value: &mut Value, style: Style, rules: &Rules, path: &mut String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => walk_map(map, style, rules, path, places),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let length = push(path, &index.to_string());
                walk(item, style, rules, path, places);
                path.truncate(length);
            }
        }
        Value::String(string) => {
            if let Some(clean) = text::redact_markup(string, rules) {
                *string = clean;
                places.push(path.clone());
            }
        }
        _ => {}
    }
}

fn walk_map(
    map: &mut Map<String, Value>,
    style: Style,
    rules: &Rules,
    path: &mut String,
    places: &mut Vec<String>,
) {
    // `{"field": "password", "value": "…"}` and the attributes of an input.
    let names_a_secret = ["field", "name", "_target", "key"].iter().any(|key| {
        map.get(*key)
            .and_then(Value::as_str)
            .is_some_and(|name| rules.is_secret(name))
    });
    let is_password_input = map.get("type").and_then(Value::as_str) == Some("password");
    for (name, value) in map.iter_mut() {
        let length = push(path, name);
        if (rules.is_secret(name) && is_worth_hiding(value))
            || (name == "value" && (names_a_secret || is_password_input))
        {
            *value = match style {
                Style::Text => Value::String(MARK.to_owned()),
                Style::Typed => json!({"$redacted": name}),
            };
            places.push(path.clone());
        } else if name == "$dict"
            && let Value::Array(pairs) = value
        {
            walk_pairs(pairs, style, rules, path, places);
        } else {
            walk(value, style, rules, path, places);
        }
        path.truncate(length);
    }
}

/// `{"$dict": [[key, value], …]}`.
fn walk_pairs(pairs: &mut [Value], style: Style, rules: &Rules, path: &mut String, places: &mut Vec<String>) {
    for (index, pair) in pairs.iter_mut().enumerate() {
        let length = push(path, &index.to_string());
        let secret = pair[0]
            .as_str()
            .filter(|name| rules.is_secret(name))
            .map(str::to_owned);
        match (secret, pair.get_mut(1)) {
            (Some(name), Some(value)) => {
                *value = json!({"$redacted": name});
                places.push(format!("{path}/1"));
            }
            (None, Some(value)) => walk(value, style, rules, path, places),
            (_, None) => {}
        }
        path.truncate(length);
    }
}

/// An empty field, `None` and a flag (`show_password: true`) hide nothing.
fn is_worth_hiding(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.contains_key("$redacted"),
        _ => true,
    }
}

fn push(path: &mut String, name: &str) -> usize {
    let length = path.len();
    path.push('/');
    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_events() {
        let mut params = json!({
            "username": "ada", "password": "hunter2", "csrfmiddlewaretoken": "abc", "show_password": true, "empty_password": "",
            "nested": [{"api_key": 3}], "field": "x",
        });
        let places = redact(&mut params, Style::Text, &Rules::default());
        assert_eq!(places, ["/password", "/csrfmiddlewaretoken", "/nested/0/api_key"]);
        assert_eq!(params["username"], "ada");
        assert_eq!(params["password"], MARK);
        assert_eq!(params["show_password"], true);
    }

    #[test]
    fn the_value_of_a_secret_field() {
        let mut params = json!({"field": "password", "value": "hunter2"});
        assert_eq!(redact(&mut params, Style::Text, &Rules::default()), ["/value"]);
        let mut attributes =
            json!({"attrs": {"type": "hidden", "name": "csrfmiddlewaretoken", "value": "abc"}});
        assert_eq!(
            redact(&mut attributes, Style::Text, &Rules::default()),
            ["/attrs/value"]
        );
        let mut harmless = json!({"field": "email", "value": "a@b.c"});
        assert!(redact(&mut harmless, Style::Text, &Rules::default()).is_empty());
    }

    #[test]
    fn secrets_in_states() {
        let mut state = json!({
            "user": {"$model": {"app": "auth", "model": "User", "pk": 1, "fields": {"username": "ada", "password": "pbkdf2$"}}},
            "settings": {"$dict": [["api_key", "k"], [1, {"token": "t"}]]},
        });
        let places = redact(&mut state, Style::Typed, &Rules::default());
        assert_eq!(
            places,
            [
                "/user/$model/fields/password",
                "/settings/$dict/0/1",
                "/settings/$dict/1/token"
            ]
        );
        assert_eq!(
            state["user"]["$model"]["fields"]["password"],
            json!({"$redacted": "password"})
        );
    }

    #[test]
    fn switched_off_it_changes_nothing() {
        let mut params = json!({"password": "x"});
        assert!(redact(&mut params, Style::Text, &Rules::none()).is_empty());
        assert_eq!(params["password"], "x");
    }
}
