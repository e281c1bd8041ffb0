//! The two faces that the panel ships: Inter for words, `JetBrains Mono` for data.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const FACES: [(&str, &[u8]); 4] = [
    ("words", include_bytes!("../fonts/Inter-Regular.otf")),
    ("strong", include_bytes!("../fonts/Inter-SemiBold.otf")),
    ("data", include_bytes!("../fonts/JetBrainsMono-Regular.ttf")),
    ("strong-data", include_bytes!("../fonts/JetBrainsMono-Bold.ttf")),
];

/// Words that head something.
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Data that stands out.
pub fn strong_data() -> FontFamily {
    FontFamily::Name("strong-data".into())
}

/// Installs the faces, once for each context.
pub fn install(ctx: &egui::Context) {
    let key = egui::Id::unique("djscope fonts");
    if ctx.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default::<bool>(key), true)) {
        return;
    }
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in FACES {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    for (family, chain) in [
        (FontFamily::Proportional, ["words", "data"]),
        (strong(), ["strong", "data"]),
        (FontFamily::Monospace, ["data", "words"]),
        (strong_data(), ["strong-data", "words"]),
    ] {
        fonts.families.insert(family, chain.map(str::to_owned).to_vec());
    }
    ctx.set_fonts(fonts);
}
