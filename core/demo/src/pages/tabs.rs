//! State in the address.

use djscope_live::{Declared, Handler};
use djscope_template::value::{Dict, Value};

const TABS: &[&str] = &["profile", "orders", "settings"];

pub fn view() -> Declared {
    Declared::new("demo.views.Tabs", "tabs.html")
        .state(
            "tabs",
            TABS.iter().map(|&tab| Value::from(tab)).collect::<Value>(),
        )
        .state("tab", TABS[0])
        .state("page", 1)
        .state("visits", 0)
        .params(|instance, params, _| {
            let asked = params.get("tab").map(|tab| tab.to_str().into_owned());
            let tab = TABS.iter().find(|&&tab| Some(tab) == asked.as_deref());
            let page = params.get("page").and_then(|page| page.to_small_int().ok());
            instance.set("tab", *tab.unwrap_or(&TABS[0]));
            instance.set("page", page.unwrap_or(1).clamp(1, 3));
            let visits = instance.int("visits") + 1;
            instance.set("visits", visits);
            Ok(())
        })
        .handler(Handler::new("jump").run(|instance, _| {
            instance.live_patch(Dict::from_iter([("tab", "orders"), ("page", "3")]), false);
            Ok(())
        }))
}
