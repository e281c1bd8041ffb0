//! The filters of the library `humanize` (<https://docs.djangoproject.com/en/5.2/ref/contrib/humanize/>).

use num_bigint::BigInt;

use super::float_format::floatformat;
use super::time_since::time_since;
use super::{Call, FilterError, dates};
use crate::formats::format_number;
use crate::value::text::digit_value;
use crate::value::{DateTime, PythonError, Value};

/// `int()`, or `None` where Django gives the value back.
fn integer(call: &Call<'_>) -> Result<Option<BigInt>, FilterError> {
    match call.value.to_int() {
        Ok(integer) => Ok(Some(integer)),
        Err(error) if error.is_any(&["TypeError", "ValueError"]) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `ordinal`.
pub(super) fn ordinal(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(number) = integer(call)? else {
        return Ok(call.value.clone());
    };
    if number < BigInt::ZERO {
        return Ok(Value::from(number.to_string()));
    }
    let text = number.to_string();
    let tens = text.len().checked_sub(2).map(|at| &text[at..=at]);
    let suffix = match (tens, text.chars().next_back()) {
        (Some("1"), Some('1'..='3')) => "th",
        (_, Some('1')) => "st",
        (_, Some('2')) => "nd",
        (_, Some('3')) => "rd",
        _ => "th",
    };
    Ok(Value::safe(text + suffix))
}

/// `intcomma`.
pub(super) fn intcomma(call: &Call<'_>) -> Result<Value, FilterError> {
    let use_l10n = call.argument.is_none_or(Value::is_truthy);
    if use_l10n {
        let number = match call.value {
            Value::Float(_) | Value::Decimal(_) => Some(call.value.clone()),
            _ => integer(call)?.map(Value::int),
        };
        if let Some(number) = number {
            return Ok(Value::from(format_number(
                &number,
                None,
                true,
                true,
                call.environment,
            )?));
        }
    }
    let text = call.text();
    let starts_with_digit = text
        .strip_prefix('-')
        .unwrap_or(&text)
        .starts_with(|c| digit_value(c).is_some());
    Ok(if starts_with_digit {
        Value::from(with_commas(&text))
    } else {
        call.as_safe_as_value(text)
    })
}

/// A comma before every third digit from the right of the digits at the beginning.
fn with_commas(text: &str) -> String {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let digits = rest.chars().take_while(|c| digit_value(*c).is_some()).count();
    let mut out = String::with_capacity(text.len() + digits / 3 + 1);
    out.push_str(sign);
    for (index, character) in rest.chars().enumerate() {
        if index > 0 && index < digits && (digits - index) % 3 == 0 {
            out.push(',');
        }
        out.push(character);
    }
    out
}

/// Names of powers of ten.
const LARGE_NUMBERS: [(u32, &str); 11] = [
    (6, "million"),
    (9, "billion"),
    (12, "trillion"),
    (15, "quadrillion"),
    (18, "quintillion"),
    (21, "sextillion"),
    (24, "septillion"),
    (27, "octillion"),
    (30, "nonillion"),
    (33, "decillion"),
    (100, "googol"),
];

/// `intword`.
pub(super) fn intword(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(number) = integer(call)? else {
        return Ok(call.value.clone());
    };
    let digits = number.magnitude().to_string().len();
    let fits = |(exponent, _): &&(u32, &str)| digits <= *exponent as usize + 3;
    let (Some((exponent, name)), true) = (LARGE_NUMBERS.iter().find(fits), digits > 6) else {
        return Ok(Value::int(number));
    };
    // Reading the number with its exponent divides and rounds once.
    let quotient = Value::Float(format!("{number}e-{exponent}").parse().unwrap_or(f64::NAN));
    let one_place = Value::Int(1);
    let short = floatformat(&Call {
        value: &quotient,
        argument: Some(&one_place),
        ..*call
    })?;
    Ok(Value::from(format!("{} {name}", short.to_str())))
}

const NUMBER_WORDS: [&str; 9] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// `apnumber`.
pub(super) fn apnumber(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(number) = integer(call)? else {
        return Ok(call.value.clone());
    };
    let word = usize::try_from(&number)
        .ok()
        .and_then(|number| NUMBER_WORDS.get(number.checked_sub(1)?));
    Ok(word.map_or_else(|| Value::int(number), |word| Value::from(*word)))
}

/// `naturalday`.
pub(super) fn naturalday(call: &Call<'_>) -> Result<Value, FilterError> {
    let (date, zone) = match call.value {
        Value::Date(date) => (*date, None),
        Value::DateTime(moment) => (moment.civil.date(), moment.zone.as_ref()),
        _ => return Ok(call.value.clone()),
    };
    let today = call.environment.now_in(zone).civil.date();
    let is_days_from_today = |days| {
        today
            .checked_add(jiff::Span::new().days(days))
            .is_ok_and(|day| day == date)
    };
    for (days, name) in [(0, "today"), (1, "tomorrow"), (-1, "yesterday")] {
        if is_days_from_today(days) {
            return Ok(Value::from(name));
        }
    }
    dates::date(&Call {
        value: &Value::Date(date),
        ..*call
    })
}

/// `naturaltime`.
pub(super) fn naturaltime(call: &Call<'_>) -> Result<Value, FilterError> {
    match call.value {
        Value::DateTime(moment) => natural_time(moment, call).map(Value::from),
        Value::Date(_) => Err(PythonError::no_attribute(call.value, "utcoffset")),
        _ => Ok(call.value.clone()),
    }
}

fn natural_time(moment: &DateTime, call: &Call<'_>) -> Result<String, PythonError> {
    let utc = crate::value::Zone::Utc;
    let now = call.environment.now_in(moment.zone.as_ref().map(|_| &utc));
    let until_now = now.since(moment)?;
    let (is_past, distance) = if until_now.total_microseconds() > 0 {
        (true, until_now)
    } else {
        (false, moment.since(&now)?)
    };
    let direction = if is_past { "ago" } else { "from now" };
    if distance.days != 0 {
        let text = time_since(call.value, Some(&Value::from(now)), !is_past, call.environment)?;
        return Ok(format!("{text} {direction}"));
    }
    Ok(match distance.seconds {
        0 => "now".to_owned(),
        seconds @ 1..=59 => counted(seconds, "a", "second", direction),
        seconds @ 60..=3599 => counted(seconds / 60, "a", "minute", direction),
        seconds => counted(seconds / 3600, "an", "hour", direction),
    })
}

fn counted(count: i32, article: &str, unit: &str, direction: &str) -> String {
    match count {
        1 => format!("{article} {unit} {direction}"),
        _ => format!("{count}\u{a0}{unit}s {direction}"),
    }
}
