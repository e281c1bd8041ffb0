//! The tokens of `theme.ron`, and egui's style made from them.

use djscope_hub::model::{ChangeKind, SpanKind};
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Visuals};
use serde::{Deserialize, Deserializer, Serialize};

use crate::fonts;

/// Which of the three sets of colours is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// White on black, strong lines.
    Contrast,
}

impl ThemeChoice {
    /// Every choice, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Contrast];

    /// The words on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::Contrast => "High contrast",
        }
    }

    /// The one that comes after it.
    pub const fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Contrast,
            Self::Contrast => Self::Dark,
        }
    }
}

/// A colour as written in `theme.ron`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hex(Color32);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Color32::from_hex(&text)
            .map(Hex)
            .map_err(|_| serde::de::Error::custom(format!("not a colour: {text}")))
    }
}

fn color<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color32, D::Error> {
    Ok(Hex::deserialize(deserializer)?.0)
}

fn colors<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[Color32; N], D::Error>
where
    [Hex; N]: Deserialize<'de>,
{
    Ok(<[Hex; N]>::deserialize(deserializer)?.map(|hex| hex.0))
}

macro_rules! color_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(deserialize_with = "color")] pub $field: Color32,)+
        }
    };
}

color_set! {
    /// Colours of outcomes, levels and findings; always beside a shape or a word.
    OutcomeColors {
        /// Changed the page, or mounted it.
        ok,
        /// Nothing to show.
        muted,
        /// Worth a look.
        notice,
        /// More work than needed.
        warning,
        /// Went wrong.
        error,
        /// Not set off by the user.
        info,
    }
}

color_set! {
    /// Colours of differences.
    DiffColors {
        /// Only after.
        added,
        /// Only before.
        removed,
        /// In both.
        changed,
    }
}

color_set! {
    /// Colours of span kinds, for bars.
    #[allow(missing_docs)]
    SpanColors { queue, handler, sql, context, render, template, parse, diff, serialize, send, wire, client, other }
}

color_set! {
    /// Colours of values in trees and JSON.
    ValueColors {
        /// Strings.
        text,
        /// Numbers.
        number,
        /// Keys.
        name,
        /// `None`, `True`, type names.
        keyword,
    }
}

/// One set of colours.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Palette {
    /// Light text on dark surfaces.
    pub dark: bool,
    /// Window, panes, hovered and input fields, popups.
    #[serde(deserialize_with = "colors")]
    pub surface: [Color32; 4],
    /// What is read first, what is read next, labels.
    #[serde(deserialize_with = "colors")]
    pub text: [Color32; 3],
    /// Between rows, between panes.
    #[serde(deserialize_with = "colors")]
    pub line: [Color32; 2],
    /// Behind the selected row.
    #[serde(deserialize_with = "color")]
    pub selection: Color32,
    /// Around what has the keyboard.
    #[serde(deserialize_with = "color")]
    pub focus: Color32,
    /// Of outcomes.
    pub outcome: OutcomeColors,
    /// Of differences.
    pub diff: DiffColors,
    /// Of spans.
    pub span: SpanColors,
    /// Of values.
    pub value: ValueColors,
}

/// Sizes in points.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// 2, 4, 8, 12, 16.
    pub space: [f32; 5],
    /// Of corners.
    pub radius: u8,
    /// Type of labels and column heads.
    pub small: f32,
    /// Type of rows.
    pub body: f32,
    /// Type of headings.
    pub large: f32,
    /// Type of a turn's title.
    pub title: f32,
    /// Height of a row.
    pub row: f32,
    /// Height of the header.
    pub header: f32,
    /// Height of the overview.
    pub overview: f32,
    /// Height of the status bar.
    pub status: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    metrics: Metrics,
    dark: Palette,
    light: Palette,
    contrast: Palette,
}

/// One set of colours with the sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Which set it is.
    pub choice: ThemeChoice,
    /// The colours.
    pub colors: Palette,
    /// The sizes.
    pub metrics: Metrics,
}

impl Theme {
    /// The tokens of `choice`.
    ///
    /// # Panics
    ///
    /// If the `theme.ron` that was compiled in is not well-formed, which a test rules out.
    pub fn new(choice: ThemeChoice) -> Self {
        let file: ThemeFile =
            ron::from_str(include_str!("../theme.ron")).expect("theme.ron is compiled in and tested");
        let colors = match choice {
            ThemeChoice::Dark => file.dark,
            ThemeChoice::Light => file.light,
            ThemeChoice::Contrast => file.contrast,
        };
        Self {
            choice,
            colors,
            metrics: file.metrics,
        }
    }

    /// Words, 12.
    pub fn words(&self) -> FontId {
        FontId::new(self.metrics.body, FontFamily::Proportional)
    }

    /// Words, 11.
    pub fn small(&self) -> FontId {
        FontId::new(self.metrics.small, FontFamily::Proportional)
    }

    /// Words that head something, 12.
    pub fn strong(&self) -> FontId {
        FontId::new(self.metrics.body, fonts::strong())
    }

    /// The title of a turn.
    pub fn title(&self) -> FontId {
        FontId::new(self.metrics.title, fonts::strong())
    }

    /// Data, 12.
    pub fn data(&self) -> FontId {
        FontId::new(self.metrics.body, FontFamily::Monospace)
    }

    /// Data, 11.
    pub fn small_data(&self) -> FontId {
        FontId::new(self.metrics.small, FontFamily::Monospace)
    }

    /// Data that stands out, 12.
    pub fn strong_data(&self) -> FontId {
        FontId::new(self.metrics.body, fonts::strong_data())
    }

    /// The colour of a difference.
    pub const fn change(&self, kind: ChangeKind) -> Color32 {
        match kind {
            ChangeKind::Added => self.colors.diff.added,
            ChangeKind::Removed => self.colors.diff.removed,
            ChangeKind::Changed => self.colors.diff.changed,
        }
    }

    /// The colour of a span's bar.
    pub const fn span(&self, kind: SpanKind) -> Color32 {
        let colors = &self.colors.span;
        match kind {
            SpanKind::Queue => colors.queue,
            SpanKind::Handler => colors.handler,
            SpanKind::Sql => colors.sql,
            SpanKind::Context => colors.context,
            SpanKind::Render => colors.render,
            SpanKind::Template => colors.template,
            SpanKind::Parse => colors.parse,
            SpanKind::Diff => colors.diff,
            SpanKind::Serialize => colors.serialize,
            SpanKind::Send => colors.send,
            SpanKind::Wire => colors.wire,
            SpanKind::Client => colors.client,
            SpanKind::Other => colors.other,
        }
    }

    /// `color` as a wash behind text.
    pub fn wash(&self, color: Color32) -> Color32 {
        color.gamma_multiply(if self.colors.dark { 0.14 } else { 0.12 })
    }

    /// Makes egui look like this theme, and installs the fonts if they are not there yet.
    pub fn apply(&self, ctx: &egui::Context) {
        fonts::install(ctx);
        let egui_theme = if self.colors.dark {
            egui::Theme::Dark
        } else {
            egui::Theme::Light
        };
        ctx.set_theme(egui_theme);
        ctx.style_mut_of(egui_theme, |style| self.style(style));
    }

    fn style(&self, style: &mut egui::Style) {
        let metrics = &self.metrics;
        style.text_styles = [
            (TextStyle::Small, self.small()),
            (TextStyle::Body, self.words()),
            (TextStyle::Button, self.words()),
            (TextStyle::Monospace, self.data()),
            (TextStyle::Heading, FontId::new(metrics.large, fonts::strong())),
        ]
        .into();
        style.animation_time = 0.0;
        style.interaction.tooltip_delay = 0.35;
        style.interaction.selectable_labels = false;
        let spacing = &mut style.spacing;
        spacing.item_spacing = egui::vec2(metrics.space[2], metrics.space[1]);
        spacing.button_padding = egui::vec2(metrics.space[2], metrics.space[0]);
        spacing.interact_size = egui::vec2(metrics.row, metrics.row);
        spacing.window_margin = Margin::same(12);
        spacing.menu_margin = Margin::same(6);
        spacing.tooltip_width = 420.0;
        spacing.scroll = egui::style::ScrollStyle::solid();
        spacing.scroll.bar_width = 8.0;
        spacing.scroll.bar_inner_margin = 0.0;
        spacing.scroll.bar_outer_margin = 1.0;
        spacing.scroll.foreground_color = false;
        spacing.scroll.fade.strength = 0.0;
        style.visuals = self.visuals();
    }

    fn visuals(&self) -> Visuals {
        let colors = &self.colors;
        let mut visuals = if colors.dark {
            Visuals::dark()
        } else {
            Visuals::light()
        };
        let radius = CornerRadius::same(self.metrics.radius);
        visuals.panel_fill = colors.surface[1];
        visuals.window_fill = colors.surface[1];
        visuals.window_stroke = Stroke::new(1.0, colors.line[1]);
        visuals.window_corner_radius = radius;
        visuals.menu_corner_radius = radius;
        visuals.extreme_bg_color = colors.surface[0];
        visuals.text_edit_bg_color = Some(colors.surface[0]);
        visuals.faint_bg_color = colors.surface[2];
        visuals.code_bg_color = colors.surface[2];
        visuals.hyperlink_color = colors.focus;
        visuals.warn_fg_color = colors.outcome.warning;
        visuals.error_fg_color = colors.outcome.error;
        visuals.weak_text_color = Some(colors.text[2]);
        visuals.selection.bg_fill = colors.selection;
        visuals.selection.stroke = Stroke::new(1.0, colors.focus);
        visuals.text_cursor.blink = false;
        visuals.text_cursor.stroke = Stroke::new(1.5, colors.focus);
        let shadow = Shadow {
            offset: [0, 6],
            blur: 18,
            spread: 0,
            color: Color32::from_black_alpha(70),
        };
        visuals.window_shadow = shadow;
        visuals.popup_shadow = shadow;
        let widgets = &mut visuals.widgets;
        for (widget, fill, line, text) in [
            (
                &mut widgets.noninteractive,
                colors.surface[1],
                colors.line[0],
                colors.text[0],
            ),
            (
                &mut widgets.inactive,
                colors.surface[2],
                colors.line[0],
                colors.text[1],
            ),
            (
                &mut widgets.hovered,
                colors.surface[3],
                colors.line[1],
                colors.text[0],
            ),
            (
                &mut widgets.active,
                colors.surface[3],
                colors.focus,
                colors.text[0],
            ),
            (
                &mut widgets.open,
                colors.surface[3],
                colors.line[1],
                colors.text[0],
            ),
        ] {
            widget.bg_fill = fill;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = Stroke::new(1.0, line);
            widget.fg_stroke = Stroke::new(1.0, text);
            widget.corner_radius = radius;
            widget.expansion = 0.0;
        }
        // Only scroll bars use these.
        widgets.inactive.bg_fill = colors.line[1];
        widgets.hovered.bg_fill = colors.text[2];
        widgets.active.bg_fill = colors.text[2];
        visuals
    }
}

/// WCAG 2 contrast of two opaque colours, from 1 to 21.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |color: Color32| {
        let rgba = egui::Rgba::from(color);
        0.2126 * rgba.r() + 0.7152 * rgba.g() + 0.0722 * rgba.b()
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
