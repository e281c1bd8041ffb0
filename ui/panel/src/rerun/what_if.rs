//! The form for other values: parameters of the event, and names of the state.

use djscope_hub::model::{Turn, TurnId};
use egui::{Margin, RichText, TextEdit, Ui};
use serde_json::{Map, Value};

use crate::glyphs::Glyph;
use crate::store::Edits;
use crate::theme::Theme;
use crate::widgets;

/// What stands in the form.
#[derive(Default)]
pub struct WhatIf {
    /// The form is shown.
    pub is_open: bool,
    turn: Option<TurnId>,
    params: String,
    recorded_params: String,
    state: String,
    error: Option<String>,
}

impl WhatIf {
    /// Another turn has other parameters.
    pub fn begin(&mut self, turn: &Turn) {
        if self.turn == Some(turn.turn) {
            return;
        }
        let params = match &turn.params {
            Value::Object(map) if !map.is_empty() => {
                serde_json::to_string_pretty(&turn.params).unwrap_or_default()
            }
            _ => String::new(),
        };
        *self = Self {
            is_open: self.is_open,
            turn: Some(turn.turn),
            recorded_params: params.clone(),
            params,
            ..Self::default()
        };
    }

    /// Draws the form. What was typed, when the turn is to be run with it.
    pub fn ui(&mut self, ui: &mut Ui, theme: &Theme) -> Option<Edits> {
        ui.add_space(theme.metrics.space[2]);
        field(
            ui,
            theme,
            "Parameters of the event",
            r#"{"amount": 3}"#,
            &mut self.params,
        );
        field(
            ui,
            theme,
            "State before the turn, as far as it is to be another",
            r#"{"total": 0}"#,
            &mut self.state,
        );
        if let Some(error) = &self.error {
            ui.label(RichText::new(error).color(theme.colors.outcome.error));
        }
        ui.add_space(theme.metrics.space[1]);
        if !widgets::button(ui, theme, Some(Glyph::Play), "Run with these").clicked() {
            return None;
        }
        match self.edits() {
            Ok(edits) => {
                self.error = None;
                Some(edits)
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    fn edits(&self) -> Result<Edits, String> {
        let state = object("the state", &self.state)?;
        let params = match self.params == self.recorded_params {
            true => None,
            false => object("the parameters", &self.params)?,
        };
        if state.is_none() && params.is_none() {
            return Err("nothing is another value yet".to_owned());
        }
        Ok(Edits { state, params })
    }
}

fn object(what: &str, text: &str) -> Result<Option<Map<String, Value>>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(format!("{what}: a JSON object is wanted, as in {{\"total\": 0}}")),
        Err(error) => Err(format!("{what}: {error}")),
    }
}

fn field(ui: &mut Ui, theme: &Theme, name: &str, hint: &str, text: &mut String) {
    let label = ui.label(
        RichText::new(name)
            .font(theme.small())
            .color(theme.colors.text[2]),
    );
    let rows = text.lines().count().clamp(2, 10);
    let edit = TextEdit::multiline(text)
        .font(theme.data())
        .hint_text(hint)
        .desired_rows(rows)
        .desired_width(f32::INFINITY)
        .margin(Margin::symmetric(8, 4));
    ui.add(edit).labelled_by(label.id);
    ui.add_space(theme.metrics.space[2]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_objects_are_taken() {
        assert_eq!(object("x", " \n"), Ok(None));
        assert_eq!(
            object("x", r#"{"a": 1}"#),
            Ok(json!({"a": 1}).as_object().cloned())
        );
        assert!(
            object("x", "[1]")
                .unwrap_err()
                .contains("a JSON object is wanted")
        );
        assert!(object("x", "{a: 1}").unwrap_err().starts_with("x: "));
    }

    #[test]
    fn recorded_parameters_are_no_edit() {
        let mut form = WhatIf {
            params: "{}".to_owned(),
            recorded_params: "{}".to_owned(),
            ..WhatIf::default()
        };
        assert!(form.edits().unwrap_err().contains("nothing is another value"));
        form.params = r#"{"amount": 3}"#.to_owned();
        assert_eq!(
            form.edits(),
            Ok(Edits {
                state: None,
                params: json!({"amount": 3}).as_object().cloned(),
            })
        );
    }
}
