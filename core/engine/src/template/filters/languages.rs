//! The filters of the library `i18n`: what languages are called in English and by those who speak them
//! (<https://docs.djangoproject.com/en/5.2/topics/i18n/translation/#get-language-info>).

use super::{Call, FilterError};
use crate::value::{PythonError, Value};

/// One language.
struct Language {
    code: &'static str,
    name: &'static str,
    local_name: &'static str,
}

const fn language(code: &'static str, name: &'static str, local_name: &'static str) -> Language {
    Language {
        code,
        name,
        local_name,
    }
}

/// The languages that Django knows, by code.
const LANGUAGES: &[Language] = &[
    language("af", "Afrikaans", "Afrikaans"),
    language("ar", "Arabic", "العربيّة"),
    language("ar-dz", "Algerian Arabic", "العربية الجزائرية"),
    language("ast", "Asturian", "asturianu"),
    language("az", "Azerbaijani", "Azərbaycanca"),
    language("be", "Belarusian", "беларуская"),
    language("bg", "Bulgarian", "български"),
    language("bn", "Bengali", "বাংলা"),
    language("br", "Breton", "brezhoneg"),
    language("bs", "Bosnian", "bosanski"),
    language("ca", "Catalan", "català"),
    language("ckb", "Central Kurdish (Sorani)", "کوردی"),
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
    language("fa", "Persian", "فارسی"),
    language("fi", "Finnish", "suomi"),
    language("fr", "French", "français"),
    language("fy", "Frisian", "frysk"),
    language("ga", "Irish", "Gaeilge"),
    language("gd", "Scottish Gaelic", "Gàidhlig"),
    language("gl", "Galician", "galego"),
    language("he", "Hebrew", "עברית"),
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
    language("no", "Norwegian", "norsk"),
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
    language("ug", "Uyghur", "ئۇيغۇرچە"),
    language("uk", "Ukrainian", "Українська"),
    language("ur", "Urdu", "اردو"),
    language("uz", "Uzbek", "oʻzbek tili"),
    // With combining marks, as Django writes it.
    language("vi", "Vietnamese", "Ti\u{ea}\u{301}ng Vi\u{ea}\u{323}t"),
    language("zh-hans", "Simplified Chinese", "简体中文"),
    language("zh-hant", "Traditional Chinese", "繁體中文"),
];

/// Old codes of Chinese, and the ones that they stand for.
const FALLBACKS: &[(&str, &str)] = &[
    ("zh-cn", "zh-hans"),
    ("zh-hk", "zh-hant"),
    ("zh-mo", "zh-hant"),
    ("zh-my", "zh-hans"),
    ("zh-sg", "zh-hans"),
    ("zh-tw", "zh-hant"),
];

/// Written from right to left.
const RIGHT_TO_LEFT: &[&str] = &["ar", "ar-dz", "az", "ckb", "fa", "he", "ug", "ur"];

/// `language_name`; translated it is the same, as there is no catalogue but English.
pub(super) fn language_name(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::from(language.name))
}

/// `language_name_local`.
pub(super) fn language_name_local(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::from(language.local_name))
}

/// `language_bidi`.
pub(super) fn language_bidi(call: &Call<'_>) -> Result<Value, FilterError> {
    find(call).map(|language| Value::Bool(RIGHT_TO_LEFT.contains(&language.code)))
}

fn by_code(code: &str) -> Option<&'static Language> {
    let code = FALLBACKS
        .iter()
        .find(|(old, _)| *old == code)
        .map_or(code, |(_, new)| new);
    LANGUAGES.iter().find(|language| language.code == code)
}

/// The language of a code, or the one that it is a variant of.
fn find(call: &Call<'_>) -> Result<&'static Language, FilterError> {
    let Some(code) = call.value.as_text() else {
        call.value.contains(&Value::from("-"))?;
        return Err(unknown(&format!("Unknown language code {}.", call.text())));
    };
    if let Some(language) = by_code(code) {
        return Ok(language);
    }
    match code.split_once('-') {
        None => Err(unknown(&format!("Unknown language code {code}."))),
        Some((generic, _)) => {
            by_code(generic).ok_or_else(|| unknown(&format!("Unknown language code {code} and {generic}.")))
        }
    }
}

fn unknown(message: &str) -> PythonError {
    // The text of a `KeyError` is the `repr` of what it was given.
    PythonError::new("KeyError", Value::from(message).repr())
}
