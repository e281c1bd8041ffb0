//! ISO 8601 as `isoformat()` writes it.
//!
//! A zone from the database, of which ISO 8601 keeps the offset only, follows in brackets
//! (`2026-11-24T10:00:00+01:00[Europe/Paris]`, RFC 9557).

use std::sync::Arc;

use jiff::civil;

use super::{DateTime, Time, Zone};

pub(super) fn parse_date_time(text: &str) -> Option<DateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = parse_date(date)?;
    if rest.is_empty() {
        return Some(DateTime::naive(date.to_datetime(civil::Time::midnight())));
    }
    let time = parse_time(rest.strip_prefix(['T', ' '])?)?;
    let civil = date.to_datetime(time.civil);
    let offset = time.zone.as_ref().and_then(Zone::fixed_offset);
    let (zone, fold) = match (time.zone, bracketed(rest)) {
        (Some(_), Some(name)) => {
            let zone = Zone::named(name).unwrap_or(Zone::Fixed {
                offset_seconds: offset?,
                name: Some(Arc::from(name)),
            });
            let fold =
                offset != Some(zone.offset_of(civil, false)) && offset == Some(zone.offset_of(civil, true));
            (Some(zone), fold)
        }
        (zone, _) => (zone, false),
    };
    Some(DateTime::new(civil, zone, fold))
}

/// `date.fromisoformat()` of what `isoformat()` gives.
pub(in crate::value) fn parse_date(text: &str) -> Option<civil::Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year = i16::try_from(number(year, 4)?).ok()?;
    let (month, day) = (
        i8::try_from(number(month, 2)?).ok()?,
        i8::try_from(number(day, 2)?).ok()?,
    );
    if year < 1 {
        return None;
    }
    civil::Date::new(year, month, day).ok()
}

pub(super) fn parse_time(text: &str) -> Option<Time> {
    let text = text.split_once('[').map_or(text, |(before, _)| before);
    let clock_end = text.find(['+', '-', 'Z']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(clock_end);
    let zone = match zone {
        "" => None,
        "Z" => Some(Zone::Utc),
        _ => Some(Zone::fixed(parse_offset(zone)?)),
    };
    Some(Time {
        civil: parse_clock(clock)?,
        zone,
        fold: false,
    })
}

fn bracketed(text: &str) -> Option<&str> {
    text.split_once('[')?.1.strip_suffix(']')
}

fn parse_clock(text: &str) -> Option<civil::Time> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let hour = i8::try_from(number(parts.next()?, 2)?).ok()?;
    let minute = i8::try_from(number(parts.next()?, 2)?).ok()?;
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let microsecond = i32::try_from(number(&digits, 6)?).ok()?;
    // Jiff takes a leap second, Python does not.
    if second > 59 {
        return None;
    }
    civil::Time::new(hour, minute, i8::try_from(second).ok()?, microsecond * 1000).ok()
}

fn parse_offset(text: &str) -> Option<i32> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let mut parts = text.splitn(3, ':');
    let (hours, minutes) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |seconds| number(seconds, 2))?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    i32::try_from(hours * 3600 + minutes * 60 + seconds)
        .ok()
        .map(|offset| sign * offset)
}

/// Exactly so many ASCII digits.
fn number(text: &str, length: usize) -> Option<u32> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}
