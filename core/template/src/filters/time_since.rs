//! How long it is from one moment to another (`django.utils.timesince`).

use jiff::civil;

use crate::environment::Environment;
use crate::value::{DateTime, PythonError, Value};

const MINUTE: i128 = 60_000_000;
/// Weeks, days, hours and minutes in microseconds.
const CHUNKS: [i128; 4] = [7 * 24 * 60 * MINUTE, 24 * 60 * MINUTE, 60 * MINUTE, MINUTE];
/// Years and months, then the units of [`CHUNKS`].
const UNITS: [&str; 6] = ["year", "month", "week", "day", "hour", "minute"];
/// The days of the months, without a leap day.
const MONTH_DAYS: [i8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// At most so many units are shown.
const DEPTH: usize = 2;

/// The time from a moment until another, or until now, in the two largest units that are next to each other. With
/// `until`, the time from the other until this one.
///
/// # Errors
///
/// `AttributeError` of what is no date, `TypeError` of a naive and an aware moment.
pub(super) fn time_since(
    value: &Value,
    compared_with: Option<&Value>,
    until: bool,
    environment: &Environment,
) -> Result<String, PythonError> {
    let moment = as_moment(value)?;
    let other = match compared_with {
        None => environment.now_in(moment.zone.as_ref()),
        Some(other) => {
            let other = as_moment(other)?;
            match moment.zone.as_ref().and_then(|zone| other.in_zone(zone)) {
                Some(local) => local,
                None => other,
            }
        }
    };
    let (start, end) = if until { (other, moment) } else { (moment, other) };
    if end.since(&start)?.total_microseconds().div_euclid(1_000_000) <= 0 {
        return Ok(with_unit(0, "minute"));
    }
    let counts = count_units(&start, &end)?;
    let shown: Vec<String> = counts
        .into_iter()
        .zip(UNITS)
        .skip_while(|(count, _)| *count == 0)
        .take(DEPTH)
        .take_while(|(count, _)| *count != 0)
        .map(|(count, unit)| with_unit(count, unit))
        .collect();
    Ok(if shown.is_empty() {
        with_unit(0, "minute")
    } else {
        shown.join(", ")
    })
}

/// A date as the midnight with which it starts.
fn as_moment(value: &Value) -> Result<DateTime, PythonError> {
    match value {
        Value::DateTime(moment) => Ok((**moment).clone()),
        Value::Date(date) => Ok(DateTime::naive(date.to_datetime(civil::Time::midnight()))),
        _ => Err(PythonError::no_attribute(value, "year")),
    }
}

fn with_unit(count: i128, unit: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count}\u{a0}{unit}{plural}")
}

fn count_units(start: &DateTime, end: &DateTime) -> Result<[i128; 6], PythonError> {
    let (from, to) = (start.civil, end.civil);
    let mut months =
        (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month() - from.month());
    if (from.day(), from.time()) > (to.day(), to.time()) {
        months -= 1;
    }
    let pivot = if months == 0 {
        start.clone()
    } else {
        shifted(start, months)?
    };
    let mut rest = end.since(&pivot)?.total_microseconds();
    let mut counts = [
        i128::from(months.div_euclid(12)),
        i128::from(months.rem_euclid(12)),
        0,
        0,
        0,
        0,
    ];
    for (count, chunk) in counts[2..].iter_mut().zip(CHUNKS) {
        *count = rest.div_euclid(chunk);
        rest = rest.rem_euclid(chunk);
    }
    Ok(counts)
}

/// The same day and time so many months later, without microseconds, at most the last day of the month.
fn shifted(start: &DateTime, months: i32) -> Result<DateTime, PythonError> {
    let civil = start.civil;
    let month_number = i32::from(civil.year()) * 12 + i32::from(civil.month()) - 1 + months;
    let (year, month) = (month_number.div_euclid(12), month_number.rem_euclid(12));
    let last_day = usize::try_from(month)
        .ok()
        .and_then(|month| MONTH_DAYS.get(month))
        .copied()
        .unwrap_or(28);
    let out_of_range = || PythonError::value_error(format!("year {year} is out of range"));
    let date = civil::Date::new(
        i16::try_from(year).map_err(|_| out_of_range())?,
        i8::try_from(month + 1).map_err(|_| out_of_range())?,
        civil.day().min(last_day),
    )
    .map_err(|_| out_of_range())?;
    let time =
        civil::Time::new(civil.hour(), civil.minute(), civil.second(), 0).map_err(|_| out_of_range())?;
    Ok(DateTime::new(date.to_datetime(time), start.zone.clone(), false))
}
