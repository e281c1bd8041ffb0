//! What a render reads from outside: the settings, the clock, the bounds.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::value::{DateTime, Zone};

/// Everything that a render reads from outside. The same template, context and environment give the same text.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The present.
    pub now: Timestamp,
    /// `TIME_ZONE`.
    pub default_time_zone: Zone,
    /// The time zone that was activated, else the default one.
    pub time_zone: Zone,
    /// `USE_TZ`: aware moments are shown in the active time zone.
    pub use_tz: bool,
    /// `USE_I18N`.
    pub use_i18n: bool,
    /// The active language. There is no catalogue but English.
    pub language: Cow<'static, str>,
    /// The engine's option of that name.
    pub string_if_invalid: Cow<'static, str>,
    /// The engine's option of that name.
    pub autoescape: bool,
    /// The engine's option of that name.
    pub debug: bool,
    /// `STATIC_URL`.
    pub static_url: Cow<'static, str>,
    /// `MEDIA_URL`.
    pub media_url: Cow<'static, str>,
    /// Where the filter `random` and the tag `lorem` start to draw.
    pub seed: u64,
    /// `USE_THOUSAND_SEPARATOR`.
    pub use_thousand_separator: bool,
    /// The formats of the active language.
    pub localized: Arc<Formats>,
    /// The formats of the settings, used where localization is off.
    pub unlocalized: Arc<Formats>,
    /// Whether `{% if %}` marks its place for djust's patches.
    pub if_markers: bool,
    /// How much a render may do.
    pub limits: Limits,
}

/// Django's `*_FORMAT` and number settings (<https://docs.djangoproject.com/en/5.2/ref/settings/#date-format>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    /// `DATE_FORMAT`.
    pub date: Cow<'static, str>,
    /// `TIME_FORMAT`.
    pub time: Cow<'static, str>,
    /// `DATETIME_FORMAT`.
    pub datetime: Cow<'static, str>,
    /// `YEAR_MONTH_FORMAT`.
    pub year_month: Cow<'static, str>,
    /// `MONTH_DAY_FORMAT`.
    pub month_day: Cow<'static, str>,
    /// `SHORT_DATE_FORMAT`.
    pub short_date: Cow<'static, str>,
    /// `SHORT_DATETIME_FORMAT`.
    pub short_datetime: Cow<'static, str>,
    /// `DECIMAL_SEPARATOR`.
    pub decimal_separator: Cow<'static, str>,
    /// `THOUSAND_SEPARATOR`.
    pub thousand_separator: Cow<'static, str>,
    /// `NUMBER_GROUPING`: how many digits stand together, from the right; the last counts for all that follow, no
    /// number or a zero ends the grouping.
    pub number_grouping: Cow<'static, [usize]>,
    /// `FIRST_DAY_OF_WEEK`, 0 is Sunday.
    pub first_day_of_week: u8,
}

/// How much a render may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of output.
    pub max_output_bytes: usize,
    /// Templates and blocks inside of each other.
    pub max_depth: usize,
    /// Iterations of all loops together.
    pub max_iterations: usize,
}

impl Formats {
    /// Those of English, as Django has them for `en` and `en-us`.
    pub const ENGLISH: Formats = Formats {
        date: Cow::Borrowed("N j, Y"),
        time: Cow::Borrowed("P"),
        datetime: Cow::Borrowed("N j, Y, P"),
        year_month: Cow::Borrowed("F Y"),
        month_day: Cow::Borrowed("F j"),
        short_date: Cow::Borrowed("m/d/Y"),
        short_datetime: Cow::Borrowed("m/d/Y P"),
        decimal_separator: Cow::Borrowed("."),
        thousand_separator: Cow::Borrowed(","),
        number_grouping: Cow::Borrowed(&[3]),
        first_day_of_week: 0,
    };

    /// The defaults of the settings: those of English without grouping.
    pub const SETTINGS: Formats = Formats {
        number_grouping: Cow::Borrowed(&[]),
        ..Formats::ENGLISH
    };

    /// The format with Django's name for it, `SHORT_DATE_FORMAT`.
    pub fn named(&self, name: &str) -> Option<&str> {
        Some(match name {
            "DATE_FORMAT" => &self.date,
            "TIME_FORMAT" => &self.time,
            "DATETIME_FORMAT" => &self.datetime,
            "YEAR_MONTH_FORMAT" => &self.year_month,
            "MONTH_DAY_FORMAT" => &self.month_day,
            "SHORT_DATE_FORMAT" => &self.short_date,
            "SHORT_DATETIME_FORMAT" => &self.short_datetime,
            "DECIMAL_SEPARATOR" => &self.decimal_separator,
            "THOUSAND_SEPARATOR" => &self.thousand_separator,
            _ => return None,
        })
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_output_bytes: 64 << 20,
            max_depth: 100,
            max_iterations: 5_000_000,
        }
    }
}

impl Default for Environment {
    /// A new Django project in English, at the epoch.
    fn default() -> Environment {
        Environment {
            now: Timestamp::UNIX_EPOCH,
            default_time_zone: Zone::Utc,
            time_zone: Zone::Utc,
            use_tz: true,
            use_i18n: true,
            language: Cow::Borrowed("en-us"),
            string_if_invalid: Cow::Borrowed(""),
            autoescape: true,
            debug: false,
            static_url: Cow::Borrowed("/static/"),
            media_url: Cow::Borrowed("/media/"),
            seed: 0,
            use_thousand_separator: false,
            localized: Arc::new(Formats::ENGLISH),
            unlocalized: Arc::new(Formats::SETTINGS),
            if_markers: false,
            limits: Limits::default(),
        }
    }
}

impl Environment {
    /// The formats of the language, or those of the settings.
    pub fn formats(&self, use_l10n: bool) -> &Formats {
        if use_l10n {
            &self.localized
        } else {
            &self.unlocalized
        }
    }

    /// `datetime.now(zone)`; without a zone what the clock of the default zone shows.
    pub fn now_in(&self, zone: Option<&Zone>) -> DateTime {
        let moment = DateTime::at(self.now.as_microsecond(), zone.unwrap_or(&self.default_time_zone));
        match (moment, zone) {
            (Some(moment), Some(_)) => moment,
            (Some(moment), None) => DateTime::naive(moment.civil),
            // The present lies in the years that Python knows.
            (None, _) => DateTime::naive(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0)),
        }
    }
}
