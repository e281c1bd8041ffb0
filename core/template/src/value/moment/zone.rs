//! Time zones.

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, Dst, TimeZone};

use super::{DAY_SECONDS, MICROSECONDS, civil_microseconds};

/// `datetime.tzinfo`.
#[derive(Clone, Debug)]
pub enum Zone {
    /// `datetime.timezone.utc`.
    Utc,
    /// `datetime.timezone(offset, name)`.
    Fixed {
        /// Seconds east of Greenwich.
        offset_seconds: i32,
        /// Its name, if one was given.
        name: Option<Arc<str>>,
    },
    /// `zoneinfo.ZoneInfo(name)`.
    Named(TimeZone),
}

/// Zones from the database are the same by their name: comparing their rules would be slow.
impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        match (self, other) {
            (Zone::Utc, Zone::Utc) => true,
            (
                Zone::Fixed {
                    offset_seconds: a,
                    name: name_a,
                },
                Zone::Fixed {
                    offset_seconds: b,
                    name: name_b,
                },
            ) => a == b && name_a == name_b,
            (Zone::Named(a), Zone::Named(b)) => a.iana_name() == b.iana_name(),
            _ => false,
        }
    }
}

impl Zone {
    /// A zone with a fixed offset; UTC without one, as `datetime.fromisoformat()` gives.
    pub fn fixed(offset_seconds: i32) -> Zone {
        if offset_seconds == 0 {
            Zone::Utc
        } else {
            Zone::Fixed {
                offset_seconds,
                name: None,
            }
        }
    }

    /// `zoneinfo.ZoneInfo(name)`.
    pub fn named(name: &str) -> Option<Zone> {
        let zone = TimeZone::get(name).ok()?;
        // The database finds names in any case; `zoneinfo` opens a file of that name.
        (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
    }

    /// The offset in seconds of a zone in which it is always the same.
    pub fn fixed_offset(&self) -> Option<i32> {
        match self {
            Zone::Utc => Some(0),
            Zone::Fixed { offset_seconds, .. } => Some(*offset_seconds),
            Zone::Named(_) => None,
        }
    }

    /// `utcoffset()` in seconds, of what the clock shows.
    pub fn offset_of(&self, moment: civil::DateTime, fold: bool) -> i32 {
        let Zone::Named(zone) = self else {
            return self.fixed_offset().unwrap_or(0);
        };
        match zone.to_ambiguous_timestamp(moment).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                if fold {
                    after.seconds()
                } else {
                    before.seconds()
                }
            }
        }
    }

    /// The offset in seconds at a moment, and whether the clock shows the same for the second time.
    pub(super) fn offset_at(&self, microseconds: i64) -> Option<(i32, bool)> {
        let Zone::Named(zone) = self else {
            return Some((self.fixed_offset()?, false));
        };
        let timestamp = jiff::Timestamp::from_microsecond(microseconds).ok()?;
        let offset = zone.to_offset(timestamp);
        let fold = match zone
            .to_ambiguous_timestamp(offset.to_datetime(timestamp))
            .offset()
        {
            AmbiguousOffset::Fold { after, .. } => after == offset,
            _ => false,
        };
        Some((offset.seconds(), fold))
    }

    /// `tzname()` of what the clock shows.
    pub fn name_of(&self, moment: civil::DateTime, fold: bool) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed { name: Some(name), .. } => (**name).to_owned(),
            Zone::Fixed { offset_seconds, .. } => {
                let mut name = "UTC".to_owned();
                write_offset(*offset_seconds, &mut name);
                name
            }
            Zone::Named(zone) => match instant(zone, moment, fold) {
                Some(timestamp) => zone.to_offset_info(timestamp).abbreviation().to_owned(),
                None => String::new(),
            },
        }
    }

    /// Whether `dst()` is not zero, of what the clock shows.
    pub fn is_daylight_saving(&self, moment: civil::DateTime, fold: bool) -> bool {
        let Zone::Named(zone) = self else { return false };
        instant(zone, moment, fold).is_some_and(|timestamp| zone.to_offset_info(timestamp).dst() == Dst::Yes)
    }

    /// The key of a zone from the database, or the name that was given.
    pub fn key(&self) -> Option<&str> {
        match self {
            Zone::Utc => None,
            Zone::Fixed { name, .. } => name.as_deref(),
            Zone::Named(zone) => zone.iana_name(),
        }
    }

    /// `repr()`, appended.
    pub fn write_repr(&self, out: &mut String) {
        match self {
            Zone::Utc => out.push_str("datetime.timezone.utc"),
            Zone::Fixed { offset_seconds, name } => {
                let offset = super::TimeDelta::from_microseconds(i128::from(*offset_seconds) * 1_000_000);
                out.push_str("datetime.timezone(");
                offset.unwrap_or(super::TimeDelta::ZERO).write_repr(out);
                if let Some(name) = name {
                    let _ = write!(out, ", '{name}'");
                }
                out.push(')');
            }
            Zone::Named(zone) => {
                let _ = write!(
                    out,
                    "zoneinfo.ZoneInfo(key='{}')",
                    zone.iana_name().unwrap_or_default()
                );
            }
        }
    }
}

/// A moment with the offset that the clock's zone has there. In a gap, `zoneinfo` takes the offset from before the
/// gap for `fold=0`, so the moment is looked for on the side from which that offset is.
fn instant(zone: &TimeZone, moment: civil::DateTime, fold: bool) -> Option<jiff::Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(moment).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, after } => {
            if fold {
                before
            } else {
                after
            }
        }
        AmbiguousOffset::Fold { before, after } => {
            if fold {
                after
            } else {
                before
            }
        }
    };
    let seconds = i64::from(offset.seconds());
    jiff::Timestamp::from_microsecond(civil_microseconds(moment) - seconds * MICROSECONDS).ok()
}

/// `+HH:MM`, with seconds if there are any, appended.
pub(super) fn write_offset(offset_seconds: i32, out: &mut String) {
    let sign = if offset_seconds < 0 { '-' } else { '+' };
    let magnitude = i64::from(offset_seconds).abs() % DAY_SECONDS;
    let (minutes, seconds) = (magnitude / 60, magnitude % 60);
    let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    if seconds != 0 {
        let _ = write!(out, ":{seconds:02}");
    }
}
