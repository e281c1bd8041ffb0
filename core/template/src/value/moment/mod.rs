//! `datetime`: moments, times of day and durations.

mod delta;
mod iso;
mod zone;

use std::cmp::Ordering;
use std::fmt::{self, Write};

use jiff::civil;

pub use delta::TimeDelta;
pub(super) use iso::parse_date;
pub use zone::Zone;

use super::PythonError;

/// `datetime.datetime`, with microseconds.
#[derive(Clone, Debug)]
pub struct DateTime {
    /// What calendar and clock show.
    pub civil: civil::DateTime,
    /// The time zone of an aware one.
    pub zone: Option<Zone>,
    /// Whether it is the second of two moments for which the clock shows the same.
    pub fold: bool,
    /// Whether templates show it in the active time zone; not so what a filter like `timezone` has put into another.
    pub converts_to_local_time: bool,
}

/// `datetime.time`, with microseconds.
#[derive(Clone, Debug)]
pub struct Time {
    /// What the clock shows.
    pub civil: civil::Time,
    /// The time zone of an aware one.
    pub zone: Option<Zone>,
    /// Whether it is the second of two times for which the clock shows the same.
    pub fold: bool,
}

impl DateTime {
    /// A naive one, or one on the clock of a zone.
    pub fn new(civil: civil::DateTime, zone: Option<Zone>, fold: bool) -> DateTime {
        DateTime {
            civil,
            zone,
            fold,
            converts_to_local_time: true,
        }
    }

    /// A naive one.
    pub fn naive(civil: civil::DateTime) -> DateTime {
        DateTime::new(civil, None, false)
    }

    /// `datetime.fromisoformat()` of what `isoformat()` gives, with the name of the zone in brackets if it has one.
    pub fn parse(text: &str) -> Option<DateTime> {
        iso::parse_date_time(text)
    }

    /// `datetime.fromtimestamp(…, zone)`, or `None` outside of the years 1 to 9999.
    pub fn at(microseconds: i64, zone: &Zone) -> Option<DateTime> {
        let (offset, fold) = zone.offset_at(microseconds)?;
        let local = microseconds.checked_add(i64::from(offset) * MICROSECONDS)?;
        Some(DateTime::new(civil_at(local)?, Some(zone.clone()), fold))
    }

    /// The same moment on the clock of another zone; `None` of a naive one and outside of the years 1 to 9999.
    pub fn in_zone(&self, zone: &Zone) -> Option<DateTime> {
        // Python does not look whether the clock ever shows this.
        if self.zone.as_ref() == Some(zone) {
            return Some(self.clone());
        }
        DateTime::at(self.timestamp_microseconds()?, zone)
    }

    /// `utcoffset()` in seconds.
    pub fn utc_offset_seconds(&self) -> Option<i32> {
        Some(self.zone.as_ref()?.offset_of(self.civil, self.fold))
    }

    /// Microseconds since the epoch; `None` of a naive one.
    pub fn timestamp_microseconds(&self) -> Option<i64> {
        Some(civil_microseconds(self.civil) - i64::from(self.utc_offset_seconds()?) * MICROSECONDS)
    }

    /// `self - other`.
    ///
    /// # Errors
    ///
    /// `TypeError` of an aware and a naive one.
    pub fn since(&self, other: &DateTime) -> Result<TimeDelta, PythonError> {
        let microseconds = self.distance(other).ok_or_else(|| {
            PythonError::type_error("can't subtract offset-naive and offset-aware datetimes")
        })?;
        Ok(TimeDelta::from_microseconds(i128::from(microseconds)).unwrap_or(TimeDelta::ZERO))
    }

    /// `self + delta` on the same clock; `None` outside of the years 1 to 9999.
    pub fn plus(&self, delta: TimeDelta) -> Option<DateTime> {
        let microseconds = i128::from(civil_microseconds(self.civil)) + delta.total_microseconds();
        let civil = civil_at(i64::try_from(microseconds).ok()?)?;
        Some(DateTime::new(civil, self.zone.clone(), false))
    }

    fn distance(&self, other: &DateTime) -> Option<i64> {
        // Python looks at the clock alone if both have the same zone.
        if self.zone == other.zone {
            return Some(civil_microseconds(self.civil) - civil_microseconds(other.civil));
        }
        Some(self.timestamp_microseconds()? - other.timestamp_microseconds()?)
    }

    /// Which of both is earlier; `None` of an aware and a naive one.
    pub fn compare(&self, other: &DateTime) -> Option<Ordering> {
        Some(self.distance(other)?.cmp(&0))
    }

    /// `isoformat(separator)`, appended.
    pub fn write_iso(&self, separator: char, out: &mut String) {
        let _ = write!(
            out,
            "{}{separator}{}",
            self.civil.date(),
            IsoTime(self.civil.time())
        );
        if let Some(offset) = self.utc_offset_seconds() {
            zone::write_offset(offset, out);
        }
    }

    /// `repr()`, appended.
    pub fn write_repr(&self, out: &mut String) {
        let date = self.civil.date();
        let _ = write!(
            out,
            "datetime.datetime({}, {}, {}, ",
            date.year(),
            date.month(),
            date.day()
        );
        write_clock_arguments(self.civil.time(), out);
        write_keywords(self.zone.as_ref(), self.fold, out);
    }
}

impl Time {
    /// `time.fromisoformat()` of what `isoformat()` gives.
    pub fn parse(text: &str) -> Option<Time> {
        iso::parse_time(text)
    }

    /// `utcoffset()` in seconds: unknown of a zone in which it depends on the date.
    pub fn utc_offset_seconds(&self) -> Option<i32> {
        self.zone.as_ref()?.fixed_offset()
    }

    /// Microseconds since midnight, of an aware one midnight in UTC.
    pub(super) fn microseconds(&self) -> i64 {
        let clock = clock_microseconds(self.civil);
        clock - i64::from(self.utc_offset_seconds().unwrap_or(0)) * MICROSECONDS
    }

    /// Which of both is earlier; `None` of an aware and a naive one.
    pub fn compare(&self, other: &Time) -> Option<Ordering> {
        let both_or_none = self.utc_offset_seconds().is_some() == other.utc_offset_seconds().is_some();
        both_or_none.then(|| self.microseconds().cmp(&other.microseconds()))
    }

    /// `repr()`, appended.
    pub fn write_repr(&self, out: &mut String) {
        out.push_str("datetime.time(");
        write_clock_arguments(self.civil, out);
        write_keywords(self.zone.as_ref(), self.fold, out);
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut offset = String::new();
        if let Some(seconds) = self.utc_offset_seconds() {
            zone::write_offset(seconds, &mut offset);
        }
        write!(out, "{}{offset}", IsoTime(self.civil))
    }
}

const MICROSECONDS: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;

/// A time of day as `isoformat()` prints it: six digits behind the point or none.
struct IsoTime(civil::Time);

impl fmt::Display for IsoTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0;
        write!(
            out,
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )?;
        match microsecond(time) {
            0 => Ok(()),
            microsecond => write!(out, ".{microsecond:06}"),
        }
    }
}

/// The microseconds of a time within its second.
pub fn microsecond(time: civil::Time) -> i32 {
    time.subsec_nanosecond() / 1000
}

fn write_clock_arguments(time: civil::Time, out: &mut String) {
    let _ = write!(out, "{}, {}", time.hour(), time.minute());
    let microsecond = microsecond(time);
    if time.second() != 0 || microsecond != 0 {
        let _ = write!(out, ", {}", time.second());
    }
    if microsecond != 0 {
        let _ = write!(out, ", {microsecond}");
    }
}

fn write_keywords(zone: Option<&Zone>, fold: bool, out: &mut String) {
    if fold {
        out.push_str(", fold=1");
    }
    if let Some(zone) = zone {
        out.push_str(", tzinfo=");
        zone.write_repr(out);
    }
    out.push(')');
}

fn clock_microseconds(time: civil::Time) -> i64 {
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * MICROSECONDS + i64::from(microsecond(time))
}

/// The day's number, 0 on the first of January 1970.
fn day_number(date: civil::Date) -> i64 {
    // Howard Hinnant's `days_from_civil`: years start in March, eras have 400 years.
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Microseconds since the epoch of a clock that shows UTC.
pub(super) fn civil_microseconds(moment: civil::DateTime) -> i64 {
    day_number(moment.date()) * DAY_SECONDS * MICROSECONDS + clock_microseconds(moment.time())
}

/// What a clock that shows UTC shows; `None` outside of the years 1 to 9999.
fn civil_at(microseconds: i64) -> Option<civil::DateTime> {
    let timestamp = jiff::Timestamp::from_microsecond(microseconds).ok()?;
    let moment = jiff::tz::Offset::UTC.to_datetime(timestamp);
    (1..=9999).contains(&moment.year()).then_some(moment)
}
