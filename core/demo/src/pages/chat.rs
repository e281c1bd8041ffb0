//! Messages to every open window.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use djscope_live::{Declared, Handler, ParameterType, PushAction};
use djscope_template::value::{Dict, Value};

/// So many messages are kept for those who come later.
const KEPT: usize = 50;

/// Characters of a message.
const LONGEST: usize = 500;

/// What was said, in all windows.
#[derive(Debug, Default)]
struct Room {
    said: i64,
    messages: VecDeque<Value>,
}

impl Room {
    fn say(&mut self, name: &str, text: &str) -> Value {
        self.said += 1;
        let message = Value::from(Dict::from_iter([
            ("id", Value::from(self.said)),
            ("name", Value::from(name)),
            ("text", Value::from(text)),
        ]));
        self.messages.push_back(message.clone());
        while self.messages.len() > KEPT {
            self.messages.pop_front();
        }
        message
    }
}

pub fn view() -> Declared {
    let mut room = Room::default();
    room.say("djscope", "Welcome. Open this page in a second window.");
    let room = Arc::new(Mutex::new(room));
    let of_mount = Arc::clone(&room);
    Declared::new("demo.views.Chat", "chat.html")
        .temporary("messages", Vec::<Value>::new())
        .state("name", "you")
        .state("said", 0)
        .mount(move |instance| {
            let room = of_mount.lock().unwrap_or_else(PoisonError::into_inner);
            instance.set("messages", room.messages.iter().cloned().collect::<Value>());
            Ok(())
        })
        .handler(
            Handler::new("say")
                .parameter("text", ParameterType::Str, "")
                .parameter("name", ParameterType::Str, "")
                .run(move |instance, arguments| {
                    let text: String = arguments.text("text").trim().chars().take(LONGEST).collect();
                    if text.is_empty() {
                        return Ok(());
                    }
                    let name: String = arguments.text("name").trim().chars().take(40).collect();
                    let name = if name.is_empty() {
                        "somebody".to_owned()
                    } else {
                        name
                    };
                    let message = room
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .say(&name, &text);
                    let said = instance.int("said") + 1;
                    instance.set("name", name);
                    instance.set("said", said);
                    instance.set("messages", vec![message.clone()]);
                    instance.reset_form();
                    let state = Dict::from_iter([("messages", Value::from(vec![message]))]);
                    instance.push_to_view("demo.views.Chat", PushAction::Set(state));
                    Ok(())
                }),
        )
}
