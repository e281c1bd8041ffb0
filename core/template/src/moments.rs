//! Attributes and methods of Python's dates, times and durations.

use jiff::civil;

use crate::value::{DateTime, Time, TimeDelta, Value};

/// An attribute of a `date`.
pub(super) fn of_date(date: civil::Date, name: &str) -> Option<Value> {
    Some(match name {
        "year" => Value::Int(i64::from(date.year())),
        "month" => Value::Int(i64::from(date.month())),
        "day" => Value::Int(i64::from(date.day())),
        "weekday" => Value::Int(i64::from(date.weekday().to_monday_zero_offset())),
        "isoweekday" => Value::Int(i64::from(date.weekday().to_monday_one_offset())),
        "isoformat" => Value::from(Value::Date(date).to_str().into_owned()),
        "toordinal" => {
            let first = civil::Date::constant(1, 1, 1);
            Value::Int(i64::from(date.since(first).ok()?.get_days()) + 1)
        }
        "isocalendar" => {
            let week = date.iso_week_date();
            let weekday = week.weekday().to_monday_one_offset();
            let parts = [i64::from(week.year()), i64::from(week.week()), i64::from(weekday)];
            Value::tuple(parts.map(Value::Int).to_vec())
        }
        "ctime" => Value::from(ctime(date.to_datetime(civil::Time::midnight()))),
        _ => return None,
    })
}

/// An attribute of a `time`.
pub(super) fn of_time(time: &Time, name: &str) -> Option<Value> {
    Some(match name {
        "isoformat" => Value::from(Value::Time(time.clone().into()).to_str().into_owned()),
        "fold" => Value::Int(i64::from(time.fold)),
        "tzinfo" if time.zone.is_none() => Value::None,
        _ => return of_clock(time.civil, name),
    })
}

fn of_clock(clock: civil::Time, name: &str) -> Option<Value> {
    Some(match name {
        "hour" => Value::Int(i64::from(clock.hour())),
        "minute" => Value::Int(i64::from(clock.minute())),
        "second" => Value::Int(i64::from(clock.second())),
        "microsecond" => Value::Int(i64::from(clock.subsec_nanosecond() / 1000)),
        _ => return None,
    })
}

/// An attribute of a `datetime`.
pub(super) fn of_datetime(moment: &DateTime, name: &str) -> Option<Value> {
    let clock = moment.civil.time();
    Some(match name {
        "date" => Value::Date(moment.civil.date()),
        "time" => Value::Time(
            Time {
                civil: clock,
                zone: None,
                fold: moment.fold,
            }
            .into(),
        ),
        "timetz" => Value::Time(
            Time {
                civil: clock,
                zone: moment.zone.clone(),
                fold: moment.fold,
            }
            .into(),
        ),
        "fold" => Value::Int(i64::from(moment.fold)),
        "isoformat" => {
            let mut text = String::new();
            moment.write_iso('T', &mut text);
            Value::from(text)
        }
        "ctime" => Value::from(ctime(moment.civil)),
        "timestamp" => {
            #[expect(clippy::cast_precision_loss, reason = "a float, as in Python")]
            let seconds = moment.timestamp_microseconds()? as f64 / 1e6;
            Value::Float(seconds)
        }
        "utcoffset" => match moment.utc_offset_seconds() {
            Some(seconds) => Value::TimeDelta(TimeDelta::from_seconds(f64::from(seconds))?),
            None => Value::None,
        },
        "tzname" => match &moment.zone {
            Some(zone) => Value::from(zone.name_of(moment.civil, moment.fold)),
            None => Value::None,
        },
        "tzinfo" if moment.zone.is_none() => Value::None,
        _ => return of_clock(clock, name).or_else(|| of_date(moment.civil.date(), name)),
    })
}

fn ctime(moment: civil::DateTime) -> String {
    moment.strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// An attribute of a `timedelta`.
pub(super) fn of_delta(delta: TimeDelta, name: &str) -> Option<Value> {
    Some(match name {
        "days" => Value::Int(i64::from(delta.days)),
        "seconds" => Value::Int(i64::from(delta.seconds)),
        "microseconds" => Value::Int(i64::from(delta.microseconds)),
        "total_seconds" => {
            #[expect(clippy::cast_precision_loss, reason = "a float, as in Python")]
            let seconds = delta.total_microseconds() as f64 / 1e6;
            Value::Float(seconds)
        }
        _ => return None,
    })
}
