//! Forms with validation on the server (`FormMixin`), in the words of Django's form fields
//! (<https://docs.djangoproject.com/en/5.2/ref/forms/fields/>).

use std::fmt;
use std::sync::Arc;

use super::{Arguments, Declared, Handler, Instance, ParameterType, Raised};
use djscope_template::emails::is_email;
use djscope_template::escape::escape;
use djscope_template::value::{Dict, Value};

/// A rule of its own for a value: what is wrong with it.
type Check = dyn Fn(&Value) -> Result<(), String> + Send + Sync;

/// A field of a form.
#[derive(Clone)]
pub struct Field {
    /// Its name in the data.
    pub name: Arc<str>,
    /// What it is called on the page.
    pub label: Arc<str>,
    /// What it takes.
    pub kind: FieldKind,
    /// Something has to be filled in.
    pub is_required: bool,
    /// What it holds at first.
    pub initial: Value,
    checks: Vec<Arc<Check>>,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// `CharField`.
    Text {
        /// Characters at least.
        min_length: Option<usize>,
        /// Characters at most.
        max_length: Option<usize>,
    },
    /// `EmailField`.
    Email,
    /// `IntegerField`.
    Integer {
        /// The least number.
        min: Option<i64>,
        /// The greatest.
        max: Option<i64>,
    },
    /// `BooleanField`.
    Flag,
    /// `ChoiceField`: values with what they are called.
    Choice(Vec<(Arc<str>, Arc<str>)>),
}

impl Field {
    /// A field that has to be filled in.
    pub fn new(name: &str, kind: FieldKind) -> Self {
        let mut label = name.replace('_', " ");
        if let Some(first) = label.get(..1) {
            let first = first.to_uppercase();
            label.replace_range(..1, &first);
        }
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            is_required: true,
            initial: Value::from(""),
            checks: Vec::new(),
        }
    }

    /// The same, which may be left empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }

    /// With a rule of its own.
    #[must_use]
    pub fn check(mut self, check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// The value that was sent as the field's type.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in Django's words.
    pub fn clean(&self, sent: &Value) -> Result<Value, Vec<String>> {
        let text = match sent {
            Value::None => String::new(),
            sent => sent.to_str().trim().to_owned(),
        };
        if let FieldKind::Flag = self.kind {
            let flag = !matches!(text.to_lowercase().as_str(), "" | "false" | "0" | "off");
            if self.is_required && !flag {
                return Err(vec![REQUIRED.to_owned()]);
            }
            return Ok(Value::from(flag));
        }
        if text.is_empty() {
            return if self.is_required {
                Err(vec![REQUIRED.to_owned()])
            } else if matches!(self.kind, FieldKind::Integer { .. }) {
                Ok(Value::None)
            } else {
                Ok(Value::from(""))
            };
        }
        let value = self.typed(&text)?;
        let errors: Vec<String> = self
            .checks
            .iter()
            .filter_map(|check| check(&value).err())
            .collect();
        if errors.is_empty() { Ok(value) } else { Err(errors) }
    }

    fn typed(&self, text: &str) -> Result<Value, Vec<String>> {
        let wrong = |message: String| Err(vec![message]);
        match &self.kind {
            FieldKind::Text {
                min_length,
                max_length,
            } => {
                let length = text.chars().count();
                if let Some(least) = min_length.filter(|least| length < *least) {
                    let characters = plural(least);
                    return wrong(format!(
                        "Ensure this value has at least {least} {characters} (it has {length})."
                    ));
                }
                if let Some(most) = max_length.filter(|most| length > *most) {
                    let characters = plural(most);
                    return wrong(format!(
                        "Ensure this value has at most {most} {characters} (it has {length})."
                    ));
                }
                Ok(Value::from(text))
            }
            FieldKind::Email if is_email(text, &["localhost"]) => Ok(Value::from(text)),
            FieldKind::Email => wrong("Enter a valid email address.".to_owned()),
            FieldKind::Integer { min, max } => {
                let Ok(number) = text.parse::<i64>() else {
                    return wrong("Enter a whole number.".to_owned());
                };
                if let Some(least) = min.filter(|least| number < *least) {
                    return wrong(format!("Ensure this value is greater than or equal to {least}."));
                }
                if let Some(most) = max.filter(|most| number > *most) {
                    return wrong(format!("Ensure this value is less than or equal to {most}."));
                }
                Ok(Value::from(number))
            }
            FieldKind::Choice(choices) if choices.iter().any(|(value, _)| **value == *text) => {
                Ok(Value::from(text))
            }
            FieldKind::Choice(_) => wrong(format!(
                "Select a valid choice. {text} is not one of the available choices."
            )),
            FieldKind::Flag => Ok(Value::from(true)),
        }
    }

    /// The field as Django writes it by default (`as_p`).
    fn html(&self, value: &Value) -> String {
        let name = escape(&self.name);
        let shown = value.to_str();
        let text = escape(&shown);
        let required = if self.is_required { " required" } else { "" };
        match &self.kind {
            FieldKind::Choice(choices) => {
                let options: String = choices
                    .iter()
                    .map(|(choice, label)| {
                        let selected = if **choice == *value.to_str() {
                            " selected"
                        } else {
                            ""
                        };
                        format!(
                            "<option value=\"{}\"{selected}>{}</option>",
                            escape(choice),
                            escape(label)
                        )
                    })
                    .collect();
                format!("<select name=\"{name}\" id=\"id_{name}\">{options}</select>")
            }
            FieldKind::Flag => {
                let checked = if value.is_truthy() { " checked" } else { "" };
                format!("<input type=\"checkbox\" name=\"{name}\"{required} id=\"id_{name}\"{checked}>")
            }
            kind => {
                let (input, more) = match kind {
                    FieldKind::Email => ("email", String::new()),
                    FieldKind::Integer { min, max } => {
                        ("number", bound("min", min.as_ref()) + &bound("max", max.as_ref()))
                    }
                    FieldKind::Text {
                        min_length,
                        max_length,
                    } => (
                        "text",
                        bound("maxlength", max_length.as_ref()) + &bound("minlength", min_length.as_ref()),
                    ),
                    FieldKind::Flag | FieldKind::Choice(_) => ("text", String::new()),
                };
                let value = if text.is_empty() {
                    String::new()
                } else {
                    format!(" value=\"{text}\"")
                };
                format!("<input type=\"{input}\" name=\"{name}\"{value}{more}{required} id=\"id_{name}\">")
            }
        }
    }
}

const REQUIRED: &str = "This field is required.";

fn plural(count: usize) -> &'static str {
    if count == 1 { "character" } else { "characters" }
}

fn bound(name: &str, value: Option<&impl fmt::Display>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{value}\""))
}

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its fields, in the order in which they are shown.
    pub fields: Vec<Field>,
}

impl Form {
    /// All values as the types of the fields, and what is wrong by field.
    pub fn clean(&self, data: &Dict) -> (Dict, Dict) {
        let (mut cleaned, mut errors) = (Dict::new(), Dict::new());
        for field in &self.fields {
            match field.clean(data.get(&field.name).unwrap_or(&Value::None)) {
                Ok(value) => {
                    cleaned.insert(Value::Str(Arc::clone(&field.name)), value);
                }
                Err(messages) => {
                    errors.insert(Value::Str(Arc::clone(&field.name)), error_list(messages));
                }
            }
        }
        (cleaned, errors)
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| *field.name == *name)
    }

    /// The fields in paragraphs, with what is wrong above each.
    pub fn as_p(&self, data: &Dict, errors: &Dict) -> String {
        let mut html = String::new();
        for field in &self.fields {
            if let Some(Value::List(messages)) = errors.get(&field.name) {
                let items: String = messages
                    .iter()
                    .map(|message| format!("<li>{}</li>", escape(&message.to_str())))
                    .collect();
                html.push_str(&format!(
                    "<ul class=\"errorlist\" id=\"id_{}_error\">{items}</ul>",
                    field.name
                ));
            }
            let value = data.get(&field.name).unwrap_or(&Value::None);
            html.push_str(&format!(
                "<p><label for=\"id_{}\">{}:</label> {}</p>",
                escape(&field.name),
                escape(&field.label),
                field.html(value)
            ));
        }
        html
    }

    /// What the fields hold at first: what the object has that is edited, if there is one.
    fn initial(&self, edited: &Value) -> Dict {
        self.fields
            .iter()
            .map(|field| {
                let own = match edited {
                    Value::Record(record) => record.fields.get(&field.name),
                    _ => None,
                };
                let value = own.unwrap_or(&field.initial).clone();
                (Value::Str(Arc::clone(&field.name)), value)
            })
            .collect()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Field")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

fn error_list(messages: Vec<String>) -> Value {
    messages.into_iter().map(Value::from).collect()
}

/// The name of the object that a form edits; to be set by `mount`.
const EDITED: &str = "_model_instance";

impl Declared {
    /// `FormMixin`: the names `form_data`, `field_errors`, `is_valid`, `success_message`, `error_message` and `form`,
    /// and the handlers `validate_field`, `submit_form` and `reset_form`.
    ///
    /// What is declared before with `mount` runs first: it may set `_model_instance`. `redirect_url`, if `valid` sets
    /// it, is where the browser goes then.
    #[must_use]
    pub fn form(
        self,
        form: Form,
        valid: impl Fn(&mut Instance, &Dict) -> Result<(), Raised> + Send + Sync + 'static,
        invalid: impl Fn(&mut Instance) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        let form = Arc::new(form);
        let (of_mount, of_reset) = (Arc::clone(&form), Arc::clone(&form));
        let (of_field, of_submit, of_context) = (Arc::clone(&form), Arc::clone(&form), Arc::clone(&form));
        let names = ["form_data", "field_errors", "form_errors"];
        names
            .iter()
            .fold(self, |view, name| view.state(name, Dict::new()))
            .state("is_valid", false)
            .state("success_message", "")
            .state("error_message", "")
            .state("redirect_url", "")
            .mount(move |instance| {
                fill(&of_mount, instance);
                Ok(())
            })
            .handler(
                Handler::new("validate_field")
                    .parameter("field_name", ParameterType::Str, "")
                    .parameter("field", ParameterType::Str, "")
                    .parameter("value", ParameterType::Any, "")
                    .run(move |instance, arguments| {
                        validate_field(&of_field, instance, arguments);
                        Ok(())
                    }),
            )
            .handler(
                Handler::new("submit_form").run(move |instance, arguments| {
                    submit(&of_submit, instance, arguments, &valid, &invalid)
                }),
            )
            .handler(Handler::new("reset_form").run(move |instance, _| {
                fill(&of_reset, instance);
                instance.reset_form();
                Ok(())
            }))
            .context(move |instance, context| {
                let html = of_context.as_p(&dict(instance, "form_data"), &dict(instance, "field_errors"));
                context.insert("form", Dict::from_iter([("as_p", Value::safe(html))]));
                Ok(())
            })
    }
}

fn dict(instance: &Instance, name: &str) -> Dict {
    match instance.get(name) {
        Value::Dict(dict) => (**dict).clone(),
        _ => Dict::new(),
    }
}

fn fill(form: &Form, instance: &mut Instance) {
    let initial = form.initial(instance.get(EDITED));
    instance.set("form_data", initial);
    instance.set("field_errors", Dict::new());
    instance.set("is_valid", false);
    instance.set("success_message", "");
    instance.set("error_message", "");
}

fn validate_field(form: &Form, instance: &mut Instance, arguments: &Arguments) {
    let named = arguments.text("field_name");
    let name = if named.is_empty() {
        arguments.text("field")
    } else {
        named
    };
    let Some(field) = form.field(&name) else { return };
    let value = arguments.get("value").clone();
    let cleaned = field.clean(&value);
    instance.update_dict("form_data", |data| {
        data.insert(name.as_str(), value);
    });
    instance.update_dict("field_errors", |errors| {
        match cleaned {
            Ok(_) => errors.remove(&Value::from(name.as_str())),
            Err(messages) => errors.insert(name.as_str(), error_list(messages)),
        };
    });
}

fn submit(
    form: &Form,
    instance: &mut Instance,
    arguments: &Arguments,
    valid: &dyn Fn(&mut Instance, &Dict) -> Result<(), Raised>,
    invalid: &dyn Fn(&mut Instance) -> Result<(), Raised>,
) -> Result<(), Raised> {
    // What is not sent is not filled in, such as a box that is not ticked.
    let sent: Dict = form
        .fields
        .iter()
        .map(|field| {
            let name = Value::Str(Arc::clone(&field.name));
            (name, arguments.get(&field.name).clone())
        })
        .collect();
    let (cleaned, errors) = form.clean(&sent);
    let is_valid = errors.is_empty();
    instance.set("form_data", sent);
    instance.set("field_errors", errors);
    instance.set("is_valid", is_valid);
    instance.set("success_message", "");
    instance.set("error_message", "");
    if !is_valid {
        return invalid(instance);
    }
    valid(instance, &cleaned)?;
    let redirect = instance.text("redirect_url");
    if !redirect.is_empty() {
        instance.live_redirect(&redirect, false);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let email = Field::new("email", FieldKind::Email);
        assert!(email.clean(&Value::from("x@localhost")).is_ok());
        assert!(email.clean(&Value::from("a@b")).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_value() {
        let text = Field::new(
            "name",
            FieldKind::Text {
                min_length: Some(2),
                max_length: Some(3),
            },
        );
        let wrong = |field: &Field, sent: &str| field.clean(&Value::from(sent)).unwrap_err().join(" ");
        assert_eq!(wrong(&text, " "), REQUIRED);
        assert_eq!(
            wrong(&text, "a"),
            "Ensure this value has at least 2 characters (it has 1)."
        );
        assert_eq!(
            wrong(&text, "abcd"),
            "Ensure this value has at most 3 characters (it has 4)."
        );
        let number = Field::new(
            "amount",
            FieldKind::Integer {
                min: Some(1),
                max: None,
            },
        );
        assert_eq!(wrong(&number, "x"), "Enter a whole number.");
        assert_eq!(
            wrong(&number, "0"),
            "Ensure this value is greater than or equal to 1."
        );
        assert!(number.clean(&Value::from(" 7 ")).unwrap().same(&Value::from(7)));
        let choice = Field::new("color", FieldKind::Choice(vec![("r".into(), "Red".into())]));
        assert_eq!(
            wrong(&choice, "g"),
            "Select a valid choice. g is not one of the available choices."
        );
        assert!(text.clone().optional().clean(&Value::None).is_ok());
    }

    #[test]
    fn html_of_fields_is_escaped() {
        let form = Form {
            fields: vec![Field::new("note", FieldKind::Email)],
        };
        let data = Dict::from_iter([("note", "\"><script>")]);
        let errors = Dict::from_iter([("note", error_list(vec!["<b>".to_owned()]))]);
        assert_eq!(
            form.as_p(&data, &errors),
            "<ul class=\"errorlist\" id=\"id_note_error\"><li>&lt;b&gt;</li></ul><p><label for=\"id_note\">Note:</label> \
             <input type=\"email\" name=\"note\" value=\"&quot;&gt;&lt;script&gt;\" required id=\"id_note\"></p>"
        );
    }
}
