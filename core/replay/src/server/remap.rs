//! What of a message has other values on the live server: event counters, numbers of embedded views and components, and
//! tokens against forgery.

use std::collections::HashMap;

use serde_json::Value;

use super::cookies::is_csrf;
use crate::rerun::compare::is_masked;

/// Attributes whose values the server draws or counts, and that come back as parameters of events.
const NAMED: [&str; 2] = ["data-djust-embedded", "data-component-id"];

/// Parameters that hold such a value.
const PARAMETERS: [&str; 2] = ["view_id", "component_id"];

/// What stands where in the live session.
#[derive(Clone, Debug, Default)]
pub struct Remap {
    ids: HashMap<String, String>,
    references: HashMap<i64, i64>,
    last_reference: i64,
    csrf_token: Option<String>,
}

/// A message as it is sent to the live server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The text.
    pub text: String,
    /// Its event counter, if it has one.
    pub reference: Option<i64>,
}

impl Remap {
    /// A token against forgery of the live server.
    pub fn set_csrf_token(&mut self, token: &str) {
        self.csrf_token = Some(token.to_owned());
    }

    /// Notes which values stand where others stood, from a page of both.
    pub fn learn_page(&mut self, recorded: &str, live: &str) {
        for name in NAMED {
            let (theirs, ours) = (values(recorded, name), values(live, name));
            if theirs.len() == ours.len() {
                self.ids.extend(theirs.into_iter().zip(ours));
            }
        }
        if let Some(token) = form_token(live) {
            self.csrf_token = Some(token);
        }
    }

    /// The same from a frame of both.
    pub fn learn(&mut self, recorded: &Value, live: &Value) {
        match (recorded, live) {
            (Value::Object(theirs), Value::Object(ours)) => {
                for (name, value) in theirs {
                    let Some(other) = ours.get(name) else { continue };
                    match (value, other) {
                        (Value::String(value), Value::String(other)) if is_id(name) => {
                            self.ids.insert(value.clone(), other.clone());
                        }
                        (Value::String(value), Value::String(other)) if name == "html" => {
                            self.learn_page(value, other);
                        }
                        _ => self.learn(value, other),
                    }
                }
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                for (value, other) in theirs.iter().zip(ours) {
                    self.learn(value, other);
                }
            }
            _ => {}
        }
    }

    /// A message of the recording as the live server takes it.
    ///
    /// # Errors
    ///
    /// If a part of it was masked, which is said in a sentence.
    pub fn message(&mut self, recorded: &str) -> Result<Message, String> {
        let Ok(mut value) = serde_json::from_str::<Value>(recorded) else {
            let masked = || "what the browser sent is masked".to_owned();
            return match is_masked(recorded) {
                true => Err(masked()),
                false => Ok(Message {
                    text: recorded.to_owned(),
                    reference: None,
                }),
            };
        };
        let reference = value
            .get("ref")
            .and_then(Value::as_i64)
            .map(|reference| self.counted(reference));
        if let Some(reference) = reference {
            value["ref"] = reference.into();
        }
        self.replace("", &mut value);
        let mut masked = Vec::new();
        masked_places("", &value, &mut masked);
        if !masked.is_empty() {
            return Err(format!("what the browser sent is masked: {}", masked.join(", ")));
        }
        Ok(Message {
            text: value.to_string(),
            reference,
        })
    }

    /// A body of a form or an event by POST as the live server takes it.
    ///
    /// # Errors
    ///
    /// If a part of it was masked, which is said in a sentence.
    pub fn body(&mut self, recorded: &[u8], media_type: &str) -> Result<Vec<u8>, String> {
        let Ok(text) = std::str::from_utf8(recorded) else {
            return Err("its body is no text".to_owned());
        };
        if text.is_empty() || media_type.contains("json") {
            return match text.is_empty() {
                true => Ok(Vec::new()),
                false => self.message(text).map(|message| message.text.into_bytes()),
            };
        }
        let fields: Vec<String> = text
            .split('&')
            .map(|field| match (field.split_once('='), &self.csrf_token) {
                (Some((name, _)), Some(token)) if is_csrf(name) => format!("{name}={token}"),
                _ => field.to_owned(),
            })
            .collect();
        let text = fields.join("&");
        match is_masked(&text) || text.contains("%5Bredacted") {
            true => Err("what the browser sent is masked".to_owned()),
            false => Ok(text.into_bytes()),
        }
    }

    /// The live counter of an event. A recording may hold one twice.
    fn counted(&mut self, recorded: i64) -> i64 {
        self.last_reference += 1;
        self.references.insert(recorded, self.last_reference);
        self.last_reference
    }

    fn replace(&self, name: &str, value: &mut Value) {
        match value {
            Value::Object(map) => map.iter_mut().for_each(|(name, inner)| self.replace(name, inner)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(name, item)),
            Value::String(text) => {
                if let (true, Some(token)) = (is_csrf(name), &self.csrf_token) {
                    text.clone_from(token);
                } else if let (true, Some(id)) = (is_id(name), self.ids.get(text.as_str())) {
                    text.clone_from(id);
                }
            }
            _ => {}
        }
    }
}

fn is_id(name: &str) -> bool {
    PARAMETERS.contains(&name) || NAMED.contains(&name)
}

fn masked_places(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                masked_places(&format!("{path}/{name}"), inner, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                masked_places(&format!("{path}/{index}"), item, found);
            }
        }
        Value::String(text) if is_masked(text) => found.push(path.to_owned()),
        _ => {}
    }
}

/// The values of an attribute, in the order of the page.
fn values(html: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let mut parts = html.split(start.as_str());
    parts.next();
    parts
        .filter_map(|part| part.split_once('"'))
        .map(|(value, _)| value.to_owned())
        .collect()
}

/// The token in the first form of a page.
fn form_token(html: &str) -> Option<String> {
    let (before, after) = html.split_once("name=\"csrfmiddlewaretoken\"")?;
    let end = after.find('>')?;
    let tag = format!("{}{}", &before[before.rfind('<')?..], &after[..end]);
    let token = values(&tag, "value").pop()?;
    (!token.is_empty() && !is_masked(&token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_gets_what_the_live_session_has() {
        let mut remap = Remap::default();
        remap.learn_page(
            "<i data-djust-embedded=\"child_7\"><b data-component-id=\"a1\"></b></i>",
            "<form><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"live\"></form>\
             <i data-djust-embedded=\"child_2\"><b data-component-id=\"z9\"></b></i>",
        );
        let sent = json!({"type": "event", "event": "go", "ref": 9, "params": {
            "view_id": "child_7", "component_id": "a1", "value": "child_7", "csrfmiddlewaretoken": "[redacted:str:17-32:aa]"}});
        let message = remap.message(&sent.to_string()).unwrap();
        assert_eq!(message.reference, Some(1));
        let text: Value = serde_json::from_str(&message.text).unwrap();
        assert_eq!(
            text,
            json!({"type": "event", "event": "go", "ref": 1, "params": {
                "view_id": "child_2", "component_id": "z9", "value": "child_7", "csrfmiddlewaretoken": "live"}})
        );
        // The same counter again is another event.
        assert_eq!(remap.message(&sent.to_string()).unwrap().reference, Some(2));
    }

    #[test]
    fn ids_are_learnt_from_frames() {
        let mut remap = Remap::default();
        remap.learn(
            &json!({"type": "embedded_update", "view_id": "child_3", "html": "<b data-component-id=\"x\">"}),
            &json!({"type": "embedded_update", "view_id": "child_1", "html": "<b data-component-id=\"y\">"}),
        );
        remap.learn(
            &json!({"patches": [{"node": {"attrs": {"data-djust-embedded": "child_4"}}}]}),
            &json!({"patches": [{"node": {"attrs": {"data-djust-embedded": "child_6"}}}]}),
        );
        for (recorded, live) in [
            ("child_3", "child_1"),
            ("child_4", "child_6"),
            ("child_9", "child_9"),
        ] {
            let message = remap
                .message(&json!({"params": {"view_id": recorded}}).to_string())
                .unwrap();
            assert_eq!(message.text, json!({"params": {"view_id": live}}).to_string());
        }
        // Pages that do not fit each other say nothing.
        remap.learn_page("<i data-component-id=\"p\">", "<i>");
        assert_eq!(remap.ids.get("p"), None);
    }

    #[test]
    fn what_is_masked_is_not_sent() {
        let mut remap = Remap::default();
        for (recorded, place) in [
            (
                json!({"params": {"password": "[redacted:str:9-16:aa]"}}).to_string(),
                "/params/password",
            ),
            (
                json!({"params": {"csrfmiddlewaretoken": "[redacted:str:9-16:aa]"}}).to_string(),
                "csrf",
            ),
            (
                json!({"params": {"a": [{"b": "x[redacted:str:9-16:aa]"}]}}).to_string(),
                "/params/a/0/b",
            ),
            ("no JSON [redacted".to_owned(), "masked"),
        ] {
            let reason = remap.message(&recorded).unwrap_err();
            assert!(reason.contains(place), "{recorded}: {reason}");
        }
        assert_eq!(remap.message("no JSON").unwrap().text, "no JSON");
    }

    #[test]
    fn bodies_get_the_live_token() {
        let mut remap = Remap::default();
        let form = b"csrfmiddlewaretoken=[redacted:str:17-32:aa]&name=Ada";
        assert!(remap.body(form, "application/x-www-form-urlencoded").is_err());
        remap.set_csrf_token("live");
        let sent = remap.body(form, "application/x-www-form-urlencoded").unwrap();
        assert_eq!(sent, b"csrfmiddlewaretoken=live&name=Ada");
        assert!(
            remap
                .body(
                    b"name=Ada&password=[redacted]",
                    "application/x-www-form-urlencoded"
                )
                .is_err()
        );
        assert!(remap.body(b"\xff", "image/png").is_err());
        assert_eq!(remap.body(b"", "").unwrap(), b"");
        assert_eq!(
            remap.body(b"{\"a\":1}", "application/json").unwrap(),
            b"{\"a\":1}"
        );
    }
}
