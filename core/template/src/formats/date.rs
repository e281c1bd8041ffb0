//! Dates and times by letters (<https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date>).

use std::fmt::Write;

use jiff::civil;

use crate::environment::Environment;
use crate::value::text::append;
use crate::value::{DateTime, PythonError, Value, Zone, microsecond};

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Months as the Associated Press abbreviates them.
const MONTHS_AP: [&str; 12] = [
    "Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
];

/// Letters of the time, which also a time of day has.
const TIME_LETTERS: &str = "aAefgGhHiOPsTuZ";
/// Letters of the date.
const DATE_LETTERS: &str = "bcdDEFIjlLmMnNorStUwWyYz";

/// `dateformat.format()`.
///
/// # Errors
///
/// `AttributeError` of what has no such fields, `TypeError` of a date with the letters of a time.
pub fn date_format(value: &Value, format: &str, environment: &Environment) -> Result<String, PythonError> {
    Formatter::new(value, environment).format(format, true)
}

/// `dateformat.time_format()`.
///
/// # Errors
///
/// `AttributeError` of what has no such fields and of the letters of a date, `TypeError` of a date.
pub fn time_format(value: &Value, format: &str, environment: &Environment) -> Result<String, PythonError> {
    Formatter::new(value, environment).format(format, false)
}

struct Formatter<'a> {
    value: &'a Value,
    environment: &'a Environment,
    /// The zone of a moment, unless what the clock shows is ambiguous or does not exist.
    zone: Option<&'a Zone>,
}

impl<'a> Formatter<'a> {
    fn new(value: &'a Value, environment: &'a Environment) -> Formatter<'a> {
        let zone = match value {
            Value::DateTime(moment) => {
                let zone = moment.zone.as_ref().unwrap_or(&environment.default_time_zone);
                let is_clear = zone.offset_of(moment.civil, true) == zone.offset_of(moment.civil, false);
                is_clear.then_some(zone)
            }
            _ => None,
        };
        Formatter {
            value,
            environment,
            zone,
        }
    }

    fn format(&self, format: &str, with_date: bool) -> Result<String, PythonError> {
        let mut out = String::with_capacity(format.len() * 2);
        let mut literal_start = 0;
        let mut before = ' ';
        for (at, letter) in format.char_indices() {
            let is_letter = TIME_LETTERS.contains(letter) || DATE_LETTERS.contains(letter);
            if is_letter && before != '\\' {
                push_literal(&format[literal_start..at], &mut out);
                self.check_letter(letter, with_date)?;
                self.push_letter(letter, &mut out)?;
                literal_start = at + letter.len_utf8();
            }
            before = letter;
        }
        push_literal(&format[literal_start..], &mut out);
        Ok(out)
    }

    fn check_letter(&self, letter: char, with_date: bool) -> Result<(), PythonError> {
        let is_of_time = TIME_LETTERS.contains(letter);
        if is_of_time && matches!(self.value, Value::Date(_)) {
            return Err(PythonError::type_error(format!(
                "The format for date objects may not contain time-related format specifiers (found '{letter}')."
            )));
        }
        if !is_of_time && !with_date {
            return Err(PythonError::new(
                "AttributeError",
                format!("'TimeFormat' object has no attribute '{letter}'"),
            ));
        }
        Ok(())
    }

    fn push_letter(&self, letter: char, out: &mut String) -> Result<(), PythonError> {
        match letter {
            'e' | 'I' | 'O' | 'T' | 'Z' => self.push_zone(letter, out),
            'c' => self.push_iso(out)?,
            'r' => self.push_rfc_5322(out)?,
            'U' => append(out, self.timestamp()?),
            _ if TIME_LETTERS.contains(letter) => push_time(letter, self.clock()?, out),
            _ => push_date(letter, self.date()?, out),
        }
        Ok(())
    }

    fn clock(&self) -> Result<civil::Time, PythonError> {
        match self.value {
            Value::DateTime(moment) => Ok(moment.civil.time()),
            Value::Time(time) => Ok(time.civil),
            _ => Err(PythonError::no_attribute(self.value, "hour")),
        }
    }

    fn date(&self) -> Result<civil::Date, PythonError> {
        match self.value {
            Value::DateTime(moment) => Ok(moment.civil.date()),
            Value::Date(date) => Ok(*date),
            _ => Err(PythonError::no_attribute(self.value, "day")),
        }
    }

    fn push_zone(&self, letter: char, out: &mut String) {
        let (Some(zone), Value::DateTime(moment)) = (self.zone, self.value) else {
            return;
        };
        let offset = zone.offset_of(moment.civil, moment.fold);
        match letter {
            'e' if moment.zone.is_none() => {}
            'e' | 'T' => out.push_str(&zone.name_of(moment.civil, moment.fold)),
            'I' => append(out, i32::from(zone.is_daylight_saving(moment.civil, moment.fold))),
            'O' => push_offset(offset, out),
            _ => append(out, offset),
        }
    }

    fn push_iso(&self, out: &mut String) -> Result<(), PythonError> {
        match self.value {
            Value::DateTime(moment) => moment.write_iso('T', out),
            Value::Date(_) | Value::Time(_) => self.value.write_str(out),
            _ => return Err(PythonError::no_attribute(self.value, "isoformat")),
        }
        Ok(())
    }

    /// A date as the midnight with which it starts.
    fn moment(&self) -> Result<DateTime, PythonError> {
        match self.value {
            Value::DateTime(moment) => Ok((**moment).clone()),
            Value::Date(date) => Ok(DateTime::naive(date.to_datetime(civil::Time::midnight()))),
            _ => Err(PythonError::type_error(format!(
                "combine() argument 1 must be datetime.date, not {}",
                self.value.qualified_type_name()
            ))),
        }
    }

    fn push_rfc_5322(&self, out: &mut String) -> Result<(), PythonError> {
        let mut moment = self.moment()?;
        if moment.zone.is_none() {
            let zone = match self.value {
                Value::DateTime(_) => self.zone.unwrap_or(&self.environment.time_zone),
                _ => &self.environment.default_time_zone,
            };
            moment.zone = Some(zone.clone());
        }
        let civil = moment.civil;
        let _ = write!(
            out,
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} ",
            &weekday(civil.date())[..3],
            civil.day(),
            &month(civil.date())[..3],
            civil.year(),
            civil.hour(),
            civil.minute(),
            civil.second(),
        );
        let offset = moment.utc_offset_seconds().unwrap_or(0);
        push_offset(offset, out);
        if offset % 60 != 0 {
            let _ = write!(out, "{:02}", offset.abs() % 60);
        }
        Ok(())
    }

    /// Seconds since the epoch. A naive moment is on the clock of the default zone, which Django sets for the
    /// process.
    fn timestamp(&self) -> Result<i64, PythonError> {
        let mut moment = self.moment()?;
        if moment.zone.is_none() {
            moment.zone = Some(self.environment.default_time_zone.clone());
        }
        Ok(moment.timestamp_microseconds().unwrap_or(0) / 1_000_000)
    }
}

/// Appends what stands between letters; a backslash makes the next character stand for itself.
fn push_literal(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(next)) if *next != '\n' => {
                out.push(*next);
                characters.next();
            }
            _ => out.push(character),
        }
    }
}

fn push_two_digits(out: &mut String, value: i8) {
    let _ = write!(out, "{value:02}");
}

fn push_offset(offset_seconds: i32, out: &mut String) {
    let sign = if offset_seconds < 0 { '-' } else { '+' };
    let minutes = offset_seconds.abs() / 60;
    let _ = write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60);
}

/// The hour on a clock with twelve hours.
fn hour_of_twelve(time: civil::Time) -> i8 {
    match time.hour() % 12 {
        0 => 12,
        hour => hour,
    }
}

fn push_time(letter: char, time: civil::Time, out: &mut String) {
    let is_afternoon = time.hour() > 11;
    match letter {
        'a' => out.push_str(if is_afternoon { "p.m." } else { "a.m." }),
        'A' => out.push_str(if is_afternoon { "PM" } else { "AM" }),
        'f' if time.minute() == 0 => append(out, hour_of_twelve(time)),
        'f' => {
            let _ = write!(out, "{}:{:02}", hour_of_twelve(time), time.minute());
        }
        'g' => append(out, hour_of_twelve(time)),
        'G' => append(out, time.hour()),
        'h' => push_two_digits(out, hour_of_twelve(time)),
        'H' => push_two_digits(out, time.hour()),
        'i' => push_two_digits(out, time.minute()),
        's' => push_two_digits(out, time.second()),
        'u' => {
            let _ = write!(out, "{:06}", microsecond(time));
        }
        // `P`.
        _ => match (time.hour(), time.minute()) {
            (0, 0) => out.push_str("midnight"),
            (12, 0) => out.push_str("noon"),
            _ => {
                push_time('f', time, out);
                out.push(' ');
                push_time('a', time, out);
            }
        },
    }
}

fn weekday(date: civil::Date) -> &'static str {
    let index = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    WEEKDAYS[index % WEEKDAYS.len()]
}

fn month_index(date: civil::Date) -> usize {
    usize::try_from(date.month() - 1).unwrap_or(0) % MONTHS.len()
}

fn month(date: civil::Date) -> &'static str {
    MONTHS[month_index(date)]
}

fn push_date(letter: char, date: civil::Date, out: &mut String) {
    match letter {
        'b' => out.push_str(&month(date)[..3].to_ascii_lowercase()),
        'd' => push_two_digits(out, date.day()),
        'D' => out.push_str(&weekday(date)[..3]),
        'E' | 'F' => out.push_str(month(date)),
        'j' => append(out, date.day()),
        'l' => out.push_str(weekday(date)),
        'L' => out.push_str(if date.in_leap_year() { "True" } else { "False" }),
        'm' => push_two_digits(out, date.month()),
        'M' => out.push_str(&month(date)[..3]),
        'n' => append(out, date.month()),
        'N' => out.push_str(MONTHS_AP[month_index(date)]),
        'o' => append(out, date.iso_week_date().year()),
        'S' => out.push_str(ordinal_suffix(date.day())),
        't' => append(out, date.days_in_month()),
        'w' => append(out, date.weekday().to_sunday_zero_offset()),
        'W' => append(out, date.iso_week_date().week()),
        'y' => push_two_digits(out, i8::try_from(date.year() % 100).unwrap_or(0)),
        'Y' => {
            let _ = write!(out, "{:04}", date.year());
        }
        // `z`.
        _ => append(out, date.day_of_year()),
    }
}

fn ordinal_suffix(day: i8) -> &'static str {
    match (day, day % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}
