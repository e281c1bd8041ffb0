//! The command palette and the list of all keys.

use egui::{
    Align2, Area, Color32, Context, Frame, Id, Key, Margin, Modal, Order, Rect, Role, Sense, Stroke,
    TextEdit, Ui, pos2, vec2,
};

use crate::choices::{Choices, Overlay};
use crate::commands::{self, Command};
use crate::paint;
use crate::rows::Rows;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;

const WIDTH: f32 = 480.0;
const ROWS: usize = 12;

fn modal(ctx: &Context, theme: &Theme, name: &'static str, width: f32, add: impl FnOnce(&mut Ui)) -> bool {
    let colors = &theme.colors;
    let area = Area::new(Id::unique(name))
        .accessible_name(name)
        .order(Order::Foreground)
        .fade_in(false)
        .anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
    let frame = Frame::new()
        .fill(colors.surface[1])
        .stroke(Stroke::new(1.0, colors.line[1]))
        .corner_radius(theme.metrics.radius + 2)
        .shadow(egui::Shadow {
            offset: [0, 12],
            blur: 32,
            spread: 0,
            color: Color32::from_black_alpha(110),
        });
    let shown = Modal::new(Id::unique(name))
        .area(area)
        .frame(frame)
        .backdrop_color(Color32::from_black_alpha(if colors.dark { 110 } else { 50 }))
        .show(ctx, |ui| {
            ui.set_width(width.min(ctx.content_rect().width() - 32.0));
            ui.spacing_mut().item_spacing.y = 0.0;
            add(ui);
        });
    shown.should_close()
}

/// The entries that answer to `query`, best first.
pub fn matching(query: &str, store: &Store) -> Vec<Command> {
    let mut found: Vec<(usize, usize, Command)> = commands::ALL
        .into_iter()
        .enumerate()
        .filter(|(_, command)| !matches!(command, Command::Palette | Command::Close))
        .filter(|(_, command)| command.is_available(store))
        .filter_map(|(index, command)| {
            let by_name = commands::fuzzy(query, command.name());
            let by_description = (query.len() > 2
                && command
                    .description()
                    .to_lowercase()
                    .contains(&query.to_lowercase()))
            .then_some(5_000);
            let cost = by_name.into_iter().chain(by_description).min()?;
            Some((if query.is_empty() { 0 } else { cost }, index, command))
        })
        .collect();
    found.sort_by_key(|(cost, index, _)| (*cost, *index));
    found.into_iter().map(|(_, _, command)| command).collect()
}

/// Draws what lies over the panel; gives the command that was chosen.
pub fn ui(ctx: &Context, theme: &Theme, store: &Store, choices: &mut Choices) -> Option<Command> {
    match &mut choices.overlay {
        Overlay::None => None,
        Overlay::Help => {
            if modal(ctx, theme, "All keys", 560.0, |ui| help(ui, theme)) {
                choices.overlay = Overlay::None;
            }
            None
        }
        Overlay::Palette { query, row } => {
            let mut chosen = None;
            let is_over = modal(ctx, theme, "Commands", WIDTH, |ui| {
                chosen = palette(ui, theme, store, query, row);
            });
            if is_over || chosen.is_some() {
                choices.overlay = Overlay::None;
            }
            chosen
        }
    }
}

fn palette(
    ui: &mut Ui,
    theme: &Theme,
    store: &Store,
    query: &mut String,
    row: &mut usize,
) -> Option<Command> {
    let colors = &theme.colors;
    let (down, up, enter) = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        (
            input.consume_key(none, Key::ArrowDown),
            input.consume_key(none, Key::ArrowUp),
            input.consume_key(none, Key::Enter),
        )
    });
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    let edit = TextEdit::singleline(query)
        .id(Id::unique("djscope palette"))
        .font(egui::FontId::new(
            theme.metrics.large,
            egui::FontFamily::Proportional,
        ))
        .text_color(colors.text[0])
        .hint_text(egui::RichText::new("Find a command…").color(colors.text[2]))
        .frame(Frame::NONE)
        .align(Align2::LEFT_CENTER)
        .min_size(vec2(0.0, 36.0))
        .margin(Margin::symmetric(4, 0));
    let response = ui.put(rect.shrink2(vec2(12.0, 2.0)), edit);
    response.request_focus();
    if response.changed() {
        *row = 0;
    }
    ui.painter().hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(1.0, colors.line[0]),
    );
    let found = matching(query, store);
    let last = found.len().saturating_sub(1);
    *row = (*row + usize::from(down))
        .saturating_sub(usize::from(up))
        .min(last);
    let mut chosen = found.get(*row).filter(|_| enter).copied();
    let height = theme.metrics.row + 4.0;
    let (list, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), ROWS.min(found.len().max(1)) as f32 * height),
        Sense::hover(),
    );
    ui.scope_builder(egui::UiBuilder::new().max_rect(list), |ui| {
        if found.is_empty() {
            paint::left(
                ui.painter(),
                list.shrink2(vec2(16.0, 0.0)),
                "No command has these letters",
                &theme.words(),
                colors.text[1],
            );
        }
        let marked = *row;
        let reveal = (down || up || response.changed()).then_some(marked);
        Rows::new("commands", found.len(), height)
            .reveal(reveal)
            .show(ui, |ui, index, rect| {
                if command_row(ui, theme, found[index], rect, index == marked) {
                    chosen = Some(found[index]);
                }
            });
    });
    ui.add_space(4.0);
    chosen
}

fn command_row(ui: &Ui, theme: &Theme, command: Command, rect: Rect, is_marked: bool) -> bool {
    let id = ui.scope_id().with(("command", command.name()));
    let response = widgets::row(ui, theme, rect, id, Role::MenuItem, is_marked, command.name());
    let room = rect.shrink2(vec2(16.0, 0.0));
    let place = paint::left(
        ui.painter(),
        room,
        command.name(),
        &theme.words(),
        theme.colors.text[0],
    );
    let mut end = room.right();
    if let Some(shortcut) = command.shortcut() {
        end = paint::key(ui.painter(), theme, room, &shortcut.text(ui.ctx().os().is_mac())).left() - 8.0;
    }
    let rest = room
        .with_min_x(place.right() + 12.0)
        .with_max_x(end.max(place.right() + 13.0));
    paint::left(
        ui.painter(),
        rest,
        command.description(),
        &theme.small(),
        theme.colors.text[2],
    );
    response.clicked()
}

fn help(ui: &mut Ui, theme: &Theme) {
    let colors = &theme.colors;
    let is_mac = ui.ctx().os().is_mac();
    let (head, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Heading, true, "All keys"));
    paint::left(
        ui.painter(),
        head.shrink2(vec2(16.0, 0.0)),
        "All keys",
        &theme.strong(),
        colors.text[0],
    );
    paint::key(ui.painter(), theme, head.shrink2(vec2(12.0, 0.0)), "Esc");
    ui.painter().hline(
        head.x_range(),
        head.bottom() - 0.5,
        Stroke::new(1.0, colors.line[0]),
    );
    ui.add_space(8.0);
    let with_keys: Vec<(Command, String)> = commands::ALL
        .into_iter()
        .filter_map(|command| Some((command, command.shortcut()?.text(is_mac))))
        .collect();
    let lines = with_keys.len().div_ceil(2);
    let height = theme.metrics.row + 2.0;
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), lines as f32 * height), Sense::hover());
    let half = (area.width() - 32.0) / 2.0;
    for (index, (command, key)) in with_keys.iter().enumerate() {
        let min = pos2(
            area.left() + 16.0 + (index / lines) as f32 * half,
            area.top() + (index % lines) as f32 * height,
        );
        let rect = Rect::from_min_size(min, vec2(half, height));
        widgets::plain_row(
            ui,
            rect,
            ui.scope_id().with(("key", index)),
            Role::ListItem,
            &format!("{key}: {}", command.name()),
        );
        paint::key(ui.painter(), theme, rect.with_max_x(rect.left() + 64.0), key);
        paint::left(
            ui.painter(),
            paint::from_left(rect, 76.0),
            command.name(),
            &theme.words(),
            colors.text[1],
        );
    }
    ui.add_space(12.0);
}
