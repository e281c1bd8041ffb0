//! A form that is checked while one types.

use djscope_live::{Declared, Field, FieldKind, Form};
use djscope_template::value::{Dict, Value};

fn form() -> Form {
    let text = |least, most| FieldKind::Text {
        min_length: Some(least),
        max_length: Some(most),
    };
    Form {
        fields: vec![
            Field::new("name", text(2, 60)),
            Field::new("email", FieldKind::Email),
            Field::new(
                "guests",
                FieldKind::Integer {
                    min: Some(1),
                    max: Some(12),
                },
            )
            .optional(),
            Field::new("message", text(5, 1_000)),
        ],
    }
}

pub fn view() -> Declared {
    let labels = form();
    Declared::new("demo.views.Contact", "contact.html")
        .draft("contact")
        .form(
            form(),
            |instance, cleaned| {
                let name = cleaned.get("name").map(|name| name.to_str().into_owned());
                instance.set(
                    "success_message",
                    format!("Thank you, {}.", name.unwrap_or_default()),
                );
                instance.put_flash("success", "Sent.");
                instance.set("form_data", Dict::new());
                instance.reset_form();
                instance.clear_draft();
                Ok(())
            },
            |instance| {
                instance.set("error_message", "Please look at what is marked.");
                Ok(())
            },
        )
        .context(move |instance, context| {
            let entry = |name: &str, field: &str| match instance.get(name) {
                Value::Dict(values) => values.get(field).cloned().unwrap_or_default(),
                _ => Value::None,
            };
            let fields = labels.fields.iter().map(|field| {
                let error = match entry("field_errors", &field.name) {
                    Value::List(messages) => messages.first().cloned().unwrap_or_default(),
                    _ => Value::from(""),
                };
                let value = match entry("form_data", &field.name) {
                    Value::None => Value::from(""),
                    value => value,
                };
                Value::from(Dict::from_iter([
                    ("name", Value::from(&*field.name)),
                    ("label", Value::from(&*field.label)),
                    ("value", value),
                    ("error", error),
                ]))
            });
            let fields: Value = fields.collect();
            context.insert("fields", fields);
            Ok(())
        })
}
