//! The languages that Django knows (<https://docs.djangoproject.com/en/5.2/ref/settings/#languages>).

use crate::value::{Dict, PythonError, Value};

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Language {
    /// Its code: `pt-br`.
    pub code: &'static str,
    /// Its name in English.
    pub name: &'static str,
    /// Its name in itself.
    pub local_name: &'static str,
    /// Whether it is written from right to left.
    pub is_bidirectional: bool,
}

const fn language(code: &'static str, name: &'static str, local_name: &'static str) -> Language {
    Language {
        code,
        name,
        local_name,
        is_bidirectional: false,
    }
}

const fn bidirectional(code: &'static str, name: &'static str, local_name: &'static str) -> Language {
    Language {
        code,
        name,
        local_name,
        is_bidirectional: true,
    }
}

/// All of them, in the order of the setting `LANGUAGES`; the last one is not in it.
#[rustfmt::skip]
const LANGUAGES: &[Language] = &[
    language("af", "Afrikaans", "Afrikaans"),
    bidirectional("ar", "Arabic", "العربيّة"),
    bidirectional("ar-dz", "Algerian Arabic", "العربية الجزائرية"),
    language("ast", "Asturian", "asturianu"),
    bidirectional("az", "Azerbaijani", "Azərbaycanca"),
    language("bg", "Bulgarian", "български"),
    language("be", "Belarusian", "беларуская"),
    language("bn", "Bengali", "বাংলা"),
    language("br", "Breton", "brezhoneg"),
    language("bs", "Bosnian", "bosanski"),
    language("ca", "Catalan", "català"),
    bidirectional("ckb", "Central Kurdish (Sorani)", "کوردی"),
    language("cs", "Czech", "česky"),
    language("cy", "Welsh", "Cymraeg"),
    language("da", "Danish", "dansk"),
    language("de", "German", "Deutsch"),
    language("dsb", "Lower Sorbian", "dolnoserbski"),
    language("el", "Greek", "Ελληνικά"),
    language("en", "English", "English"),
    language("en-au", "Australian English", "Australian English"),
    language("en-gb", "British English", "British English"),
    language("eo", "Esperanto", "Esperanto"),
    language("es", "Spanish", "español"),
    language("es-ar", "Argentinian Spanish", "español de Argentina"),
    language("es-co", "Colombian Spanish", "español de Colombia"),
    language("es-mx", "Mexican Spanish", "español de Mexico"),
    language("es-ni", "Nicaraguan Spanish", "español de Nicaragua"),
    language("es-ve", "Venezuelan Spanish", "español de Venezuela"),
    language("et", "Estonian", "eesti"),
    language("eu", "Basque", "Basque"),
    bidirectional("fa", "Persian", "فارسی"),
    language("fi", "Finnish", "suomi"),
    language("fr", "French", "français"),
    language("fy", "Frisian", "frysk"),
    language("ga", "Irish", "Gaeilge"),
    language("gd", "Scottish Gaelic", "Gàidhlig"),
    language("gl", "Galician", "galego"),
    bidirectional("he", "Hebrew", "עברית"),
    language("hi", "Hindi", "हिंदी"),
    language("hr", "Croatian", "Hrvatski"),
    language("hsb", "Upper Sorbian", "hornjoserbsce"),
    language("hu", "Hungarian", "Magyar"),
    language("hy", "Armenian", "հայերեն"),
    language("ia", "Interlingua", "Interlingua"),
    language("id", "Indonesian", "Bahasa Indonesia"),
    language("ig", "Igbo", "Asụsụ Ìgbò"),
    language("io", "Ido", "ido"),
    language("is", "Icelandic", "Íslenska"),
    language("it", "Italian", "italiano"),
    language("ja", "Japanese", "日本語"),
    language("ka", "Georgian", "ქართული"),
    language("kab", "Kabyle", "taqbaylit"),
    language("kk", "Kazakh", "Қазақ"),
    language("km", "Khmer", "Khmer"),
    language("kn", "Kannada", "Kannada"),
    language("ko", "Korean", "한국어"),
    language("ky", "Kyrgyz", "Кыргызча"),
    language("lb", "Luxembourgish", "Lëtzebuergesch"),
    language("lt", "Lithuanian", "Lietuviškai"),
    language("lv", "Latvian", "latviešu"),
    language("mk", "Macedonian", "Македонски"),
    language("ml", "Malayalam", "മലയാളം"),
    language("mn", "Mongolian", "Mongolian"),
    language("mr", "Marathi", "मराठी"),
    language("ms", "Malay", "Bahasa Melayu"),
    language("my", "Burmese", "မြန်မာဘာသာ"),
    language("nb", "Norwegian Bokmal", "norsk (bokmål)"),
    language("ne", "Nepali", "नेपाली"),
    language("nl", "Dutch", "Nederlands"),
    language("nn", "Norwegian Nynorsk", "norsk (nynorsk)"),
    language("os", "Ossetic", "Ирон"),
    language("pa", "Punjabi", "Punjabi"),
    language("pl", "Polish", "polski"),
    language("pt", "Portuguese", "Português"),
    language("pt-br", "Brazilian Portuguese", "Português Brasileiro"),
    language("ro", "Romanian", "Română"),
    language("ru", "Russian", "Русский"),
    language("sk", "Slovak", "slovensky"),
    language("sl", "Slovenian", "Slovenščina"),
    language("sq", "Albanian", "shqip"),
    language("sr", "Serbian", "српски"),
    language("sr-latn", "Serbian Latin", "srpski (latinica)"),
    language("sv", "Swedish", "svenska"),
    language("sw", "Swahili", "Kiswahili"),
    language("ta", "Tamil", "தமிழ்"),
    language("te", "Telugu", "తెలుగు"),
    language("tg", "Tajik", "тоҷикӣ"),
    language("th", "Thai", "ภาษาไทย"),
    language("tk", "Turkmen", "Türkmençe"),
    language("tr", "Turkish", "Türkçe"),
    language("tt", "Tatar", "Татарча"),
    language("udm", "Udmurt", "Удмурт"),
    bidirectional("ug", "Uyghur", "ئۇيغۇرچە"),
    language("uk", "Ukrainian", "Українська"),
    bidirectional("ur", "Urdu", "اردو"),
    language("uz", "Uzbek", "oʻzbek tili"),
    language("vi", "Vietnamese", "Tiếng Việt"),
    language("zh-hans", "Simplified Chinese", "简体中文"),
    language("zh-hant", "Traditional Chinese", "繁體中文"),
    language("no", "Norwegian", "norsk"),
];

/// Codes that stand for another one.
const OTHER_CODES: [(&str, &str); 6] = [
    ("zh-cn", "zh-hans"),
    ("zh-hk", "zh-hant"),
    ("zh-mo", "zh-hant"),
    ("zh-my", "zh-hans"),
    ("zh-sg", "zh-hans"),
    ("zh-tw", "zh-hant"),
];

fn find(code: &str) -> Option<&'static Language> {
    let code = OTHER_CODES
        .iter()
        .find(|(other, _)| *other == code)
        .map_or(code, |(_, code)| code);
    LANGUAGES.iter().find(|language| language.code == code)
}

impl Language {
    /// The language of a code, or the one that it is a variant of (`get_language_info`).
    ///
    /// # Errors
    ///
    /// `KeyError` if there is none.
    pub fn of_code(code: &str) -> Result<&'static Self, PythonError> {
        if let Some(language) = find(code) {
            return Ok(language);
        }
        let unknown = |codes: String| {
            PythonError::new(
                "KeyError",
                Value::from(format!("Unknown language code {codes}.")).repr(),
            )
        };
        let Some((generic, _)) = code.split_once('-') else {
            return Err(unknown(code.to_owned()));
        };
        find(generic).ok_or_else(|| unknown(format!("{code} and {generic}")))
    }

    /// What templates see of it.
    pub fn info(&self) -> Value {
        let mut info = Dict::new();
        info.insert("bidi", self.is_bidirectional);
        info.insert("code", self.code);
        info.insert("name", self.name);
        info.insert("name_local", self.local_name);
        info.insert("name_translated", self.name);
        Value::from(info)
    }

    /// The languages of the setting `LANGUAGES`, as pairs of code and name.
    pub fn available() -> Value {
        let is_listed = |language: &&Language| language.code != "no";
        let pair = |language: &Language| {
            // The setting spells the name of this one with its own letter.
            let name = if language.code == "nb" {
                "Norwegian Bokmål"
            } else {
                language.name
            };
            Value::tuple(vec![Value::from(language.code), Value::from(name)])
        };
        LANGUAGES.iter().filter(is_listed).map(pair).collect()
    }
}
