//! `stringformat`: Python's `%`
//! (<https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting>).

use std::borrow::Cow;
use std::iter::{Peekable, repeat_n};
use std::str::Chars;

use num_bigint::{BigInt, Sign};

use super::float_text::float_text;
use super::{Call, FilterError};
use crate::value::{PythonError, Value};

/// `stringformat`: what cannot be formatted becomes an empty text.
pub(super) fn stringformat(call: &Call<'_>) -> Result<Value, FilterError> {
    let value = match call.value {
        Value::Tuple(_) => Cow::Owned(Value::from(call.text().into_owned())),
        value => Cow::Borrowed(value),
    };
    let argument = call.argument().to_str();
    let format = format!("%{argument}");
    let limit = call.environment.limits.max_output_bytes;
    match apply(&format, &value, limit) {
        Err(error) if error.is_any(&["ValueError", "TypeError"]) => Ok(Value::from("")),
        result => result,
    }
}

/// One conversion: `%`, an optional key, flags, width, precision and a letter.
#[derive(Default)]
struct Conversion {
    left: bool,
    sign: Option<char>,
    alternate: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
}

/// What is formatted: the value once, or as often as it is asked for by keys.
struct Operand<'a> {
    value: &'a Value,
    is_used: bool,
}

impl Operand<'_> {
    fn next(&mut self) -> Result<&Value, PythonError> {
        if self.is_used {
            return Err(PythonError::type_error("not enough arguments for format string"));
        }
        self.is_used = true;
        Ok(self.value)
    }

    /// What Python takes for a mapping here; of those no conversion is missed.
    fn is_mapping(&self) -> bool {
        matches!(self.value, Value::Dict(_) | Value::List(_) | Value::Bytes(_))
    }
}

fn apply(format: &str, value: &Value, limit: usize) -> Result<Value, PythonError> {
    let mut operand = Operand {
        value,
        is_used: false,
    };
    let mut out = String::new();
    let mut last = None;
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '%' {
            last = push_conversion(&mut rest, &mut operand, limit, &mut out)?;
            if out.len() > limit {
                return Err(PythonError::out_of_memory());
            }
        } else {
            out.push(character);
        }
    }
    if !operand.is_used && !operand.is_mapping() {
        return Err(PythonError::type_error(
            "not all arguments converted during string formatting",
        ));
    }
    // Python gives the text itself if it is all there is.
    let unchanged = last.filter(|last| !out.is_empty() && last.as_text() == Some(&out));
    Ok(unchanged.unwrap_or_else(|| Value::from(out)))
}

/// Appends one conversion; gives the value of `%s`.
fn push_conversion(
    rest: &mut Peekable<Chars<'_>>,
    operand: &mut Operand<'_>,
    limit: usize,
    out: &mut String,
) -> Result<Option<Value>, PythonError> {
    if rest.next_if_eq(&'%').is_some() {
        out.push('%');
        return Ok(None);
    }
    let incomplete = || PythonError::value_error("incomplete format");
    let key = read_key(rest, operand)?;
    let mut conversion = read_flags(rest);
    conversion.width = read_number(rest, operand.value, i64::MAX)?.unwrap_or(0);
    if rest.next_if_eq(&'.').is_some() {
        let precision = read_number(rest, operand.value, i64::from(i32::MAX))?.unwrap_or(0);
        if i32::try_from(precision).is_err() {
            return Err(PythonError::value_error("precision too big"));
        }
        conversion.precision = Some(precision);
    }
    rest.next_if(|c| matches!(c, 'h' | 'l' | 'L'));
    let letter = rest.next().ok_or_else(incomplete)?;
    let value = match &key {
        Some(value) => value,
        None => operand.next()?,
    };
    if conversion.width.max(conversion.precision.unwrap_or(0)) <= limit {
        conversion.push(letter, value, out)?;
        return Ok((letter == 's').then(|| value.clone()));
    }
    // What is wrong with the value is found first.
    Conversion::default().push(letter, value, &mut String::new())?;
    Err(PythonError::out_of_memory())
}

/// The item that a key in parentheses names.
fn read_key(rest: &mut Peekable<Chars<'_>>, operand: &mut Operand<'_>) -> Result<Option<Value>, PythonError> {
    if rest.next_if_eq(&'(').is_none() {
        return Ok(None);
    }
    if !operand.is_mapping() {
        return Err(PythonError::type_error("format requires a mapping"));
    }
    let mut key = String::new();
    let mut depth = 1;
    for character in rest.by_ref() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            operand.is_used = true;
            return operand.value.subscript(&Value::from(key)).map(Some);
        }
        key.push(character);
    }
    Err(PythonError::value_error("incomplete format key"))
}

fn read_flags(rest: &mut Peekable<Chars<'_>>) -> Conversion {
    let mut conversion = Conversion::default();
    while let Some(flag) = rest.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
        match flag {
            '-' => conversion.left = true,
            '+' => conversion.sign = Some('+'),
            ' ' => conversion.sign = conversion.sign.or(Some(' ')),
            '#' => conversion.alternate = true,
            _ => conversion.zeros = true,
        }
    }
    conversion
}

/// A width or a precision. A star takes the value for it, if it is not too large; then it is missing for the conversion.
fn read_number(
    rest: &mut Peekable<Chars<'_>>,
    value: &Value,
    largest: i64,
) -> Result<Option<usize>, PythonError> {
    if rest.next_if_eq(&'*').is_some() {
        let is_too_large = match value {
            Value::Int(number) => number.unsigned_abs() > largest.unsigned_abs(),
            Value::BigInt(_) => true,
            _ => false,
        };
        return Err(if is_too_large {
            PythonError::new("OverflowError", "Python int too large to convert to C ssize_t")
        } else {
            PythonError::type_error("not enough arguments for format string")
        });
    }
    let mut number = None;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        rest.next();
        let more = number
            .unwrap_or(0_usize)
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(digit as usize));
        number = Some(more.ok_or_else(|| PythonError::value_error("width too big"))?);
    }
    Ok(number)
}

impl Conversion {
    fn push(&self, letter: char, value: &Value, out: &mut String) -> Result<(), PythonError> {
        match letter {
            's' => self.push_text(&value.to_str(), out),
            'r' => self.push_text(&value.repr(), out),
            'a' => self.push_text(&ascii_only(&value.repr()), out),
            'c' => self.push_text(&character(value)?, out),
            'd' | 'i' | 'u' => self.push_int(&whole_number(value)?, 10, "", out),
            'o' => self.push_int(&index(value, letter)?, 8, "0o", out),
            'x' => self.push_int(&index(value, letter)?, 16, "0x", out),
            'X' => self.push_upper_hexadecimal(&index(value, letter)?, out),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let text = float_text(
                    real_number(value)?,
                    letter,
                    self.precision.unwrap_or(6),
                    self.alternate,
                );
                self.push_signed(&text, "", out);
            }
            _ => {
                let message = format!(
                    "unsupported format character '{letter}' (0x{:x})",
                    u32::from(letter)
                );
                return Err(PythonError::value_error(message));
            }
        }
        Ok(())
    }

    fn push_text(&self, text: &str, out: &mut String) {
        let shown: Cow<'_, str> = match self.precision {
            Some(precision) => text.chars().take(precision).collect::<String>().into(),
            None => text.into(),
        };
        let missing = self.width.saturating_sub(shown.chars().count());
        let (left, right) = if self.left { (0, missing) } else { (missing, 0) };
        out.extend(repeat_n(' ', left));
        out.push_str(&shown);
        out.extend(repeat_n(' ', right));
    }

    fn push_int(&self, number: &BigInt, radix: u32, prefix: &str, out: &mut String) {
        let digits = number.magnitude().to_str_radix(radix);
        let missing = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let sign = if number.sign() == Sign::Minus { "-" } else { "" };
        let text = format!("{sign}{}{digits}", "0".repeat(missing));
        self.push_signed(&text, if self.alternate { prefix } else { "" }, out);
    }

    fn push_upper_hexadecimal(&self, number: &BigInt, out: &mut String) {
        let mut text = String::new();
        self.push_int(number, 16, "0x", &mut text);
        out.push_str(&text.to_ascii_uppercase());
    }

    /// A number with its sign, or what stands in its place; zeros go between sign and prefix and the digits.
    fn push_signed(&self, number: &str, prefix: &str, out: &mut String) {
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => (Some('-'), digits),
            None => (self.sign, number),
        };
        let length = sign.iter().count() + prefix.len() + digits.len();
        let missing = self.width.saturating_sub(length);
        let (left, zeros, right) = match (self.left, self.zeros) {
            (true, _) => (0, 0, missing),
            (false, true) => (0, missing, 0),
            (false, false) => (missing, 0, 0),
        };
        out.extend(repeat_n(' ', left));
        out.extend(sign);
        out.push_str(prefix);
        out.extend(repeat_n('0', zeros));
        out.push_str(digits);
        out.extend(repeat_n(' ', right));
    }
}

/// `ascii()` of what `repr()` gave.
fn ascii_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            0..=0x7f => out.push(character),
            code @ 0x80..=0xff => out.push_str(&format!("\\x{code:02x}")),
            code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}

fn character(value: &Value) -> Result<String, PythonError> {
    match value {
        Value::Int(_) | Value::Bool(_) | Value::BigInt(_) => {
            let code = value.to_small_int()?;
            let character = u32::try_from(code).ok().and_then(char::from_u32);
            character
                .map(String::from)
                .ok_or_else(|| PythonError::new("OverflowError", "%c arg not in range(0x110000)"))
        }
        Value::Str(text) | Value::Safe(text) if text.chars().count() == 1 => Ok((**text).to_owned()),
        _ => Err(PythonError::type_error("%c requires int or char")),
    }
}

/// What `%d` makes of any number.
fn whole_number(value: &Value) -> Result<BigInt, PythonError> {
    match value {
        Value::Str(_) | Value::Safe(_) | Value::Bytes(_) => Err(PythonError::type_error(format!(
            "%d format: a real number is required, not {}",
            value.type_name()
        ))),
        _ => value.to_int(),
    }
}

/// What `%f` takes: numbers, but no texts of numbers.
fn real_number(value: &Value) -> Result<f64, PythonError> {
    match value {
        Value::Str(_) | Value::Safe(_) | Value::Bytes(_) => Err(PythonError::type_error(format!(
            "must be real number, not {}",
            value.type_name()
        ))),
        _ => value.to_float(),
    }
}

/// What `%x` and `%o` take: integers only.
fn index(value: &Value, letter: char) -> Result<BigInt, PythonError> {
    match value {
        Value::Int(_) | Value::Bool(_) | Value::BigInt(_) => value.to_int(),
        _ => Err(PythonError::type_error(format!(
            "%{letter} format: an integer is required, not {}",
            value.type_name()
        ))),
    }
}
