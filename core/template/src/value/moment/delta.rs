//! `datetime.timedelta`.

use std::fmt::{self, Write};

use super::{DAY_SECONDS, MICROSECONDS};

/// The most days that Python's `timedelta` takes.
const MAX_DAYS: i128 = 999_999_999;
const DAY_MICROSECONDS: i128 = (DAY_SECONDS * MICROSECONDS) as i128;

/// A duration; only the days are negative, as in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeDelta {
    /// Days, from -999999999 to 999999999.
    pub days: i32,
    /// Seconds of a day.
    pub seconds: i32,
    /// Microseconds of a second.
    pub microseconds: i32,
}

impl TimeDelta {
    /// No time at all.
    pub const ZERO: TimeDelta = TimeDelta {
        days: 0,
        seconds: 0,
        microseconds: 0,
    };

    /// `timedelta(microseconds=…)`, or `None` where that raises `OverflowError`.
    pub fn from_microseconds(microseconds: i128) -> Option<TimeDelta> {
        let days = microseconds.div_euclid(DAY_MICROSECONDS);
        let rest = microseconds.rem_euclid(DAY_MICROSECONDS);
        if days.abs() > MAX_DAYS {
            return None;
        }
        Some(TimeDelta {
            days: i32::try_from(days).ok()?,
            seconds: i32::try_from(rest / i128::from(MICROSECONDS)).ok()?,
            microseconds: i32::try_from(rest % i128::from(MICROSECONDS)).ok()?,
        })
    }

    /// `timedelta(seconds=…)`: rounded to microseconds, half to even.
    pub fn from_seconds(seconds: f64) -> Option<TimeDelta> {
        if seconds.is_nan() || seconds.abs() >= 1e14 {
            return None;
        }
        let whole = seconds.trunc();
        let fraction = ((seconds - whole) * 1e6).round_ties_even();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "both are far inside of the range of i64"
        )]
        let microseconds = i128::from(whole as i64) * i128::from(MICROSECONDS) + i128::from(fraction as i64);
        TimeDelta::from_microseconds(microseconds)
    }

    /// The whole duration in microseconds.
    pub fn total_microseconds(self) -> i128 {
        i128::from(self.days) * DAY_MICROSECONDS
            + i128::from(self.seconds) * i128::from(MICROSECONDS)
            + i128::from(self.microseconds)
    }

    /// `repr()`, appended.
    pub fn write_repr(self, out: &mut String) {
        let parts = [
            ("days", self.days),
            ("seconds", self.seconds),
            ("microseconds", self.microseconds),
        ];
        out.push_str("datetime.timedelta(");
        let mut separator = "";
        for (name, value) in parts.into_iter().filter(|(_, value)| *value != 0) {
            let _ = write!(out, "{separator}{name}={value}");
            separator = ", ";
        }
        out.push_str(if separator.is_empty() { "0)" } else { ")" });
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != 0 {
            let plural = if self.days.abs() == 1 { "" } else { "s" };
            write!(out, "{} day{plural}, ", self.days)?;
        }
        let (minutes, seconds) = (self.seconds / 60, self.seconds % 60);
        write!(out, "{}:{:02}:{seconds:02}", minutes / 60, minutes % 60)?;
        match self.microseconds {
            0 => Ok(()),
            microseconds => write!(out, ".{microseconds:06}"),
        }
    }
}
