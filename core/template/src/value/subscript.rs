//! `value[key]`.

use super::{PythonError, Value};

impl Value {
    /// Python's `value[key]`.
    ///
    /// # Errors
    ///
    /// `KeyError` of a dict, `IndexError` of a sequence, `TypeError` of a key that the type does not take and of what
    /// has no items.
    pub fn subscript(&self, key: &Value) -> Result<Value, PythonError> {
        match self {
            Value::Dict(dict) => {
                super::order::hashable(key)?;
                let item = dict.get_value(key).cloned();
                item.ok_or_else(|| PythonError::new("KeyError", key.repr()))
            }
            Value::Opaque(opaque) if opaque.kept().is_some() => {
                opaque.kept().unwrap_or(&Value::None).subscript(key)
            }
            Value::Record(record) if record.as_sequence().is_some() => self.item_at(key),
            Value::List(_) | Value::Tuple(_) | Value::Str(_) | Value::Safe(_) | Value::Bytes(_) => {
                self.item_at(key)
            }
            _ => Err(PythonError::type_error(format!(
                "'{}' object is not subscriptable",
                self.qualified_type_name()
            ))),
        }
    }

    fn item_at(&self, key: &Value) -> Result<Value, PythonError> {
        let index = match key {
            Value::Int(index) => *index,
            Value::Bool(index) => i64::from(*index),
            Value::BigInt(_) => {
                return Err(PythonError::new(
                    "IndexError",
                    "cannot fit 'int' into an index-sized integer",
                ));
            }
            _ => return Err(self.no_index(key)),
        };
        self.index(index).ok_or_else(|| {
            let prefix = match self {
                Value::List(_) => "list ",
                Value::Tuple(_) | Value::Record(_) => "tuple ",
                Value::Bytes(_) => "",
                _ => "string ",
            };
            PythonError::new("IndexError", format!("{prefix}index out of range"))
        })
    }

    fn no_index(&self, key: &Value) -> PythonError {
        let type_name = key.qualified_type_name();
        PythonError::type_error(match self {
            Value::List(_) => format!("list indices must be integers or slices, not {type_name}"),
            Value::Tuple(_) | Value::Record(_) => {
                format!("tuple indices must be integers or slices, not {type_name}")
            }
            Value::Bytes(_) => format!("byte indices must be integers or slices, not {type_name}"),
            _ => format!("string indices must be integers, not '{type_name}'"),
        })
    }
}
