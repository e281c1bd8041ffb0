//! The filters of the library `i18n`: what languages are called
//! (<https://docs.djangoproject.com/en/5.2/topics/i18n/translation/#get-language-info>).

use super::{Call, FilterError};
use crate::languages::Language;
use crate::value::{Dict, PythonError, Value};

/// `language_name`; translated it is the same, as there is no catalogue but English.
pub(super) fn language_name(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::from(language.name))
}

/// `language_name_local`.
pub(super) fn language_name_local(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::from(language.local_name))
}

/// `language_bidi`.
pub(super) fn language_bidi(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::Bool(language.is_bidirectional))
}

fn find(call: &Call<'_>) -> Result<&'static Language, FilterError> {
    if let Some(code) = call.value.as_text() {
        return Language::of_code(code);
    }
    // Python looks for the code in a dict, then for a hyphen in it, before it prints it.
    match Value::from(Dict::new()).subscript(call.value) {
        Err(error) if error.class != "KeyError" => Err(error),
        _ => {
            if call.value.contains(&Value::from("-"))? {
                return Err(PythonError::no_attribute(call.value, "split"));
            }
            Err(unknown(call.value))
        }
    }
}

/// The error of a value that is no text. Python puts a tuple into the message item by item.
fn unknown(value: &Value) -> PythonError {
    let printed = match value {
        Value::Tuple(items) => match &**items {
            [only] => only.to_str(),
            _ => {
                return PythonError::type_error("not all arguments converted during string formatting");
            }
        },
        _ => value.to_str(),
    };
    let message = format!("Unknown language code {printed}.");
    PythonError::new("KeyError", Value::from(message).repr())
}
