//! Rows 78 and 79: forms.

use djscope_live::{Declared, Field, FieldKind, Form, TestClient};
use djscope_template::value::Value;
use serde_json::json;

use crate::site::{site, visit};

fn view() -> Declared {
    let text = FieldKind::Text {
        min_length: None,
        max_length: Some(20),
    };
    let form = Form {
        fields: vec![Field::new("name", text), Field::new("email", FieldKind::Email)],
    };
    Declared::new("demo.Lease", "page.html")
        .mount(|instance| {
            if instance.request().query.get("pk").is_some() {
                let model = json!({"$model": {"app": "a", "model": "Lease", "pk": 3,
                    "fields": {"name": "Ada", "email": "ada@example.org"}}});
                instance.set("_model_instance", Value::from_json(&model).unwrap_or_default());
            }
            Ok(())
        })
        .form(
            form,
            |instance, cleaned| {
                let name = cleaned.get("name").cloned().unwrap_or_default();
                instance.set("success_message", format!("Saved {}", name.to_str()));
                instance.set("redirect_url", "/leases/3/");
                Ok(())
            },
            |instance| {
                instance.set("error_message", "Please fix the errors below.");
                Ok(())
            },
        )
}

const PAGE: &str = "<div dj-root><form dj-submit=\"submit_form\">{% csrf_token %}{{ form.as_p }}</form>\
    {% if field_errors.email %}<i>{{ field_errors.email.0 }}</i>{% endif %}{{ success_message }}{{ error_message }}</div>";

#[test]
fn row_78_what_is_wrong_is_told_and_what_is_right_is_saved() {
    let mut client = visit(&site(PAGE, view()));
    assert!(
        client.html().contains("name=\"csrfmiddlewaretoken\""),
        "{}",
        client.html()
    );
    assert!(client.html().contains("type=\"email\""), "{}", client.html());
    client.event("validate_field", &json!({"field": "email", "value": "no mail"}));
    assert!(
        client.html().contains("Enter a valid email address.</i>"),
        "{}",
        client.html()
    );
    client.event(
        "submit_form",
        &json!({"name": "", "email": "no mail", "csrfmiddlewaretoken": "t"}),
    );
    assert!(
        client.html().contains("This field is required."),
        "{}",
        client.html()
    );
    assert!(client.html().contains("Please fix the errors below."));
    assert!(
        client.html().contains("value=\"no mail\""),
        "what was typed stays"
    );
    assert_eq!(client.state("is_valid").to_str(), "False");
    let frames = client.event("submit_form", &json!({"name": "Ada", "email": "ada@example.org"}));
    assert!(client.html().contains("Saved Ada"));
    assert!(!client.html().contains("errorlist"));
    let navigation = frames.iter().find(|frame| frame["type"] == "navigation").unwrap();
    assert_eq!(
        (&navigation["action"], &navigation["path"]),
        (&json!("live_redirect"), &json!("/leases/3/"))
    );
    let reset = client.answer("reset_form", &json!({}));
    assert_eq!(reset["reset_form"], true);
}

#[test]
fn row_79_an_object_that_mount_sets_fills_the_form() {
    let site = site(PAGE, view());
    let mut client = TestClient::connect(&site, Default::default());
    client.mount("demo.Lease", "/?pk=3");
    assert!(
        client.html().contains("value=\"ada@example.org\""),
        "{}",
        client.html()
    );
}
