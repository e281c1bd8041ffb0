//! Every command, once: the palette, the help and the keyboard read this list.

use djscope_hub::RecordingState;
use egui::{Event, Key, Modifiers};

use crate::store::Store;
use crate::theme::ThemeChoice;

/// The views of one turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Cause, handler, changed keys, template, patches, browser.
    #[default]
    Summary,
    /// Before and after.
    State,
    /// What was sent to change the page.
    Patches,
    /// Spans and SQL.
    Timing,
    /// What travelled.
    Frames,
    /// What was logged.
    Logs,
    /// The turn again, beside what was recorded.
    Rerun,
}

impl Tab {
    /// Every tab, in the order of the screen.
    pub const ALL: [Self; 7] = [
        Self::Summary,
        Self::State,
        Self::Patches,
        Self::Timing,
        Self::Frames,
        Self::Logs,
        Self::Rerun,
    ];

    /// The word on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::State => "State",
            Self::Patches => "Patches",
            Self::Timing => "Timing",
            Self::Frames => "Frames",
            Self::Logs => "Logs",
            Self::Rerun => "Re-run",
        }
    }
}

/// Something that the user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Selects the turn before.
    PreviousTurn,
    /// Selects the turn after.
    NextTurn,
    /// Selects the first turn.
    FirstTurn,
    /// Selects the last turn.
    LastTurn,
    /// Goes up by what is visible.
    PageUp,
    /// Goes down by what is visible.
    PageDown,
    /// Puts the cursor into the filter box.
    Filter,
    /// Shows all turns again.
    ClearFilter,
    /// Shows a tab.
    Show(Tab),
    /// Keeps the newest turn selected, or stops that.
    Follow,
    /// Stops recording, or goes on.
    Pause,
    /// Hides in State what did not change, or shows it.
    OnlyChanges,
    /// Shows frames as they travelled, or as indented JSON.
    RawFrames,
    /// Runs the selected turn again.
    RunAgain,
    /// Copies the address of the proxy.
    CopyAddress,
    /// Goes to the next theme.
    NextTheme,
    /// Uses a theme.
    Theme(ThemeChoice),
    /// Opens the palette.
    Palette,
    /// Opens the list of keys.
    Help,
    /// Closes what is open, or leaves the filter box.
    Close,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// A key alone.
    Key(Key),
    /// Ctrl, on a Mac Cmd, and a key.
    Command(Key),
    /// A character, wherever the layout of the keyboard has it.
    Character(char, Key),
}

impl Shortcut {
    /// The words on screen.
    pub fn text(self, is_mac: bool) -> String {
        match self {
            Self::Key(key) => key_name(key).to_owned(),
            Self::Command(key) if is_mac => format!("⌘{}", key.name()),
            Self::Command(key) => format!("Ctrl {}", key.name()),
            Self::Character(character, _) => character.to_string(),
        }
    }
}

fn key_name(key: Key) -> &'static str {
    match key {
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::PageUp => "Page ↑",
        Key::PageDown => "Page ↓",
        Key::Home => "Home",
        Key::End => "End",
        Key::Escape => "Esc",
        Key::Space => "Space",
        other => other.symbol_or_name(),
    }
}

const fn key(key: Key) -> Option<Shortcut> {
    Some(Shortcut::Key(key))
}

const fn character(character: char, key: Key) -> Option<Shortcut> {
    Some(Shortcut::Character(character, key))
}

/// Every command, in the order of palette and help.
pub const ALL: [Command; 28] = [
    Command::PreviousTurn,
    Command::NextTurn,
    Command::FirstTurn,
    Command::LastTurn,
    Command::PageUp,
    Command::PageDown,
    Command::Follow,
    Command::Filter,
    Command::ClearFilter,
    Command::Show(Tab::Summary),
    Command::Show(Tab::State),
    Command::Show(Tab::Patches),
    Command::Show(Tab::Timing),
    Command::Show(Tab::Frames),
    Command::Show(Tab::Logs),
    Command::Show(Tab::Rerun),
    Command::OnlyChanges,
    Command::RawFrames,
    Command::RunAgain,
    Command::Pause,
    Command::CopyAddress,
    Command::NextTheme,
    Command::Theme(ThemeChoice::Dark),
    Command::Theme(ThemeChoice::Light),
    Command::Theme(ThemeChoice::Contrast),
    Command::Palette,
    Command::Help,
    Command::Close,
];

/// The key of a command, as printed.
pub fn key_of(command: Command, is_mac: bool) -> String {
    command
        .shortcut()
        .map(|shortcut| shortcut.text(is_mac))
        .unwrap_or_default()
}

impl Command {
    /// Its name in the palette.
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// More about it.
    pub const fn description(self) -> &'static str {
        self.words().1
    }

    /// Its key.
    pub const fn shortcut(self) -> Option<Shortcut> {
        self.words().2
    }

    /// Name, description and key. Whoever adds a command is made to give it words, and finds [`ALL`] above.
    const fn words(self) -> (&'static str, &'static str, Option<Shortcut>) {
        match self {
            Self::PreviousTurn => ("Previous turn", "Select the turn above", key(Key::ArrowUp)),
            Self::NextTurn => ("Next turn", "Select the turn below", key(Key::ArrowDown)),
            Self::FirstTurn => (
                "First turn",
                "Select the oldest turn that matches",
                key(Key::Home),
            ),
            Self::LastTurn => ("Last turn", "Select the newest turn that matches", key(Key::End)),
            Self::PageUp => ("Page up", "Go up by what is visible", key(Key::PageUp)),
            Self::PageDown => ("Page down", "Go down by what is visible", key(Key::PageDown)),
            Self::Follow => ("Follow", "Keep the newest turn selected", character('f', Key::F)),
            Self::Filter => (
                "Filter turns…",
                "Type a filter: kind:event ms>20 /text/",
                character('/', Key::Slash),
            ),
            Self::ClearFilter => ("Clear the filter", "Show all turns", None),
            Self::Show(Tab::Summary) => (
                "Show Summary",
                "The cause and all that followed",
                character('1', Key::Num1),
            ),
            Self::Show(Tab::State) => ("Show State", "Before and after", character('2', Key::Num2)),
            Self::Show(Tab::Patches) => ("Show Patches", "What changes the page", character('3', Key::Num3)),
            Self::Show(Tab::Timing) => ("Show Timing", "Spans and SQL", character('4', Key::Num4)),
            Self::Show(Tab::Frames) => (
                "Show Frames",
                "What travelled, both ways",
                character('5', Key::Num5),
            ),
            Self::Show(Tab::Logs) => ("Show Logs", "What Python logged", character('6', Key::Num6)),
            Self::Show(Tab::Rerun) => (
                "Show Re-run",
                "The turn again, beside what was recorded",
                character('7', Key::Num7),
            ),
            Self::RunAgain => (
                "Run again",
                "Run the selected turn again, in the project's own Python",
                character('r', Key::R),
            ),
            Self::OnlyChanges => ("Only changes", "Hide in State what did not change", None),
            Self::RawFrames => ("Raw frames", "Show frames as they travelled", None),
            Self::Pause => ("Pause", "Stop recording, or go on", key(Key::Space)),
            Self::CopyAddress => ("Copy the address", "The address to open in the browser", None),
            Self::NextTheme => ("Next theme", "Dark, light, high contrast", character('t', Key::T)),
            Self::Theme(ThemeChoice::Dark) => ("Dark theme", "Light on dark", None),
            Self::Theme(ThemeChoice::Light) => ("Light theme", "Dark on light", None),
            Self::Theme(ThemeChoice::Contrast) => ("High contrast theme", "White on black", None),
            Self::Palette => (
                "Commands…",
                "Find a command by its name",
                Some(Shortcut::Command(Key::K)),
            ),
            Self::Help => ("All keys", "This list of keys", character('?', Key::Questionmark)),
            Self::Close => (
                "Close",
                "Close what is open, leave the filter box",
                key(Key::Escape),
            ),
        }
    }

    /// False while it would do nothing.
    pub fn is_available(self, store: &Store) -> bool {
        let recording = store
            .status()
            .map_or(RecordingState::Saved, |status| status.recording);
        match self {
            Self::Pause | Self::Follow => recording != RecordingState::Saved,
            Self::ClearFilter => !store.filter().is_empty(),
            Self::CopyAddress => store.status().is_some_and(|status| status.proxy.is_some()),
            Self::RunAgain => store.turn().is_some(),
            Self::PreviousTurn
            | Self::NextTurn
            | Self::FirstTurn
            | Self::LastTurn
            | Self::PageUp
            | Self::PageDown => store.total() > 0,
            Self::Filter
            | Self::Show(_)
            | Self::OnlyChanges
            | Self::RawFrames
            | Self::NextTheme
            | Self::Theme(_)
            | Self::Palette
            | Self::Help
            | Self::Close => true,
        }
    }
}

/// Takes the commands that were typed out of the input of this pass.
///
/// While the user types into a box, only Esc and keys with Ctrl or Cmd count.
/// A key that a focused widget would take (Space) is left to it.
pub fn typed(ctx: &egui::Context) -> Vec<Command> {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|memory| memory.focused().is_some());
    let mut commands = Vec::new();
    ctx.input_mut(|input| {
        for command in ALL {
            let is_typed = match command.shortcut() {
                Some(Shortcut::Command(key)) => input.consume_key(Modifiers::COMMAND, key),
                Some(Shortcut::Key(Key::Escape)) => input.consume_key(Modifiers::NONE, Key::Escape),
                Some(Shortcut::Key(Key::Space)) if has_focus => false,
                Some(Shortcut::Key(key)) if !is_typing => input.consume_key(Modifiers::NONE, key),
                Some(Shortcut::Character(character, key)) if !is_typing => {
                    take_character(&mut input.events, character, key)
                }
                _ => false,
            };
            if is_typed {
                commands.push(command);
            }
        }
    });
    commands
}

/// Takes a character that came as text, as a key, or as both.
fn take_character(events: &mut Vec<Event>, character: char, wanted: Key) -> bool {
    let before = events.len();
    let as_text = |event: &Event| matches!(event, Event::Text(text) if text.chars().eq([character]));
    events.retain(|event| {
        let as_key = matches!(event, Event::Key { key, pressed: true, modifiers, .. }
            if *key == wanted && !modifiers.command && !modifiers.alt && !modifiers.ctrl);
        !as_key && !as_text(event)
    });
    events.len() < before
}

/// How well `text` answers to `query`: every character in order; less is better. None if it does not.
pub fn fuzzy(query: &str, text: &str) -> Option<usize> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut at = 0;
    let mut cost = 0;
    for wanted in query
        .to_lowercase()
        .chars()
        .filter(|character| !character.is_whitespace())
    {
        let skipped = text[at..].iter().position(|character| *character == wanted)?;
        let is_word_start = at + skipped == 0 || text[at + skipped - 1] == ' ';
        cost += if is_word_start { 1 } else { 2 + skipped * 2 };
        at += skipped + 1;
    }
    Some(cost * 100 + text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_once() {
        let mut keys: Vec<String> = ALL
            .iter()
            .filter_map(|command| command.shortcut())
            .map(|shortcut| shortcut.text(false))
            .collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn the_nearest_name_wins() {
        let best = |query: &str| {
            ALL.iter()
                .filter_map(|command| Some((fuzzy(query, command.name())?, command.name())))
                .min()
                .map(|(_, name)| name)
        };
        assert_eq!(best("stat"), Some("Show State"));
        assert_eq!(best("dark"), Some("Dark theme"));
        assert_eq!(best("xyz"), None);
    }
}
