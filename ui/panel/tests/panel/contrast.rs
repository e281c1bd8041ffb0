//! Every text on every surface that it is printed on, in every set of colours.

use djscope_panel::{Theme, ThemeChoice, contrast};
use egui::Color32;

/// `wash` on an opaque surface, as the screen blends it.
fn over(wash: Color32, surface: Color32) -> Color32 {
    let [r, g, b, a] = wash.to_array().map(f32::from);
    let blend = |ink: f32, ground: u8| (ink + f32::from(ground) * (1.0 - a / 255.0)).round() as u8;
    Color32::from_rgb(
        blend(r, surface.r()),
        blend(g, surface.g()),
        blend(b, surface.b()),
    )
}

#[test]
fn text_can_be_read_everywhere() {
    for choice in ThemeChoice::ALL {
        let theme = Theme::new(choice);
        let colors = &theme.colors;
        let (outcome, diff, value) = (&colors.outcome, &colors.diff, &colors.value);
        let texts = [
            ("text 0", colors.text[0]),
            ("text 1", colors.text[1]),
            ("text 2", colors.text[2]),
            ("ok", outcome.ok),
            ("muted", outcome.muted),
            ("notice", outcome.notice),
            ("warning", outcome.warning),
            ("error", outcome.error),
            ("info", outcome.info),
            ("added", diff.added),
            ("removed", diff.removed),
            ("changed", diff.changed),
            ("value text", value.text),
            ("number", value.number),
            ("name", value.name),
            ("keyword", value.keyword),
        ];
        let mut grounds = vec![
            ("window", colors.surface[0]),
            ("pane", colors.surface[1]),
            ("hovered", colors.surface[2]),
            ("selection", colors.selection),
        ];
        for (name, color) in [
            ("added", diff.added),
            ("removed", diff.removed),
            ("changed", diff.changed),
        ] {
            grounds.push((
                name,
                over(theme.wash(color).gamma_multiply(0.6), colors.surface[1]),
            ));
        }
        for (name, text) in texts {
            for (ground_name, ground) in &grounds {
                let ratio = contrast(text, *ground);
                assert!(ratio >= 4.5, "{choice:?}: {name} on {ground_name} is {ratio:.2}");
            }
        }
        for color in [outcome.error, outcome.notice, outcome.warning, outcome.muted] {
            let strip = over(theme.wash(color), colors.surface[1]);
            for text in [colors.text[0], colors.text[1]] {
                assert!(contrast(text, strip) >= 4.5, "{choice:?}: text on a strip");
            }
        }
        for text in [colors.text[0], colors.text[1]] {
            assert!(
                contrast(text, colors.surface[3]) >= 4.5,
                "{choice:?}: text on a button"
            );
        }
    }
}

#[test]
fn bars_stand_out_from_the_pane() {
    for choice in ThemeChoice::ALL {
        let theme = Theme::new(choice);
        for kind in [
            "queue", "handler", "sql", "context", "render", "template", "diff", "wire", "client", "other",
        ] {
            let color = theme.span(djscope_hub::model::SpanKind::from_name(kind));
            let ratio = contrast(color, theme.colors.surface[1]);
            assert!(ratio >= 3.0, "{choice:?}: {kind} is {ratio:.2}");
        }
    }
    assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.1);
}
