//! Ticks, pushes and work in the background.

use djscope_live::{Declared, Handler, ParameterType, PushAction};
use djscope_template::value::{Dict, Value};

/// How many bars there are.
const BARS: i64 = 40;

/// A load that goes up and down, in percent, the same for every visitor at the same second.
fn load(second: i64) -> i64 {
    let wave = |period: i64| {
        let at = second.rem_euclid(period);
        if at * 2 < period {
            at * 200 / period
        } else {
            200 - at * 200 / period
        }
    };
    (wave(60) * 5 + wave(17) * 3 + wave(7) * 2) / 10
}

pub fn view() -> Declared {
    Declared::new("demo.views.Dashboard", "dashboard.html")
        .state("beats", 0)
        .state("announcement", "")
        .state("report", Dict::new())
        .state("_second", 0)
        .tick(1_000, |instance| {
            let beats = instance.int("beats") + 1;
            instance.set("beats", beats);
            Ok(())
        })
        .refresh(|instance| {
            let second = instance.now().as_second();
            instance.set("_second", second);
            Ok(())
        })
        .context(|instance, context| {
            let second = instance.int("_second");
            let history: Value = (second - BARS + 1..=second)
                .map(|at| Value::from(load(at)))
                .collect();
            context.insert("history", history);
            context.insert("load", load(second));
            context.insert("requests", 1_000 + instance.int("beats") * 17 + load(second));
            Ok(())
        })
        .handler(
            Handler::new("announce")
                .parameter("text", ParameterType::Str, "")
                .run(|instance, arguments| {
                    let text: String = arguments.text("text").trim().chars().take(200).collect();
                    instance.set("announcement", text.as_str());
                    instance.reset_form();
                    let state = Dict::from_iter([("announcement", text.as_str())]);
                    instance.push_to_view("Dashboard", PushAction::Set(state));
                    Ok(())
                }),
        )
        .handler(Handler::new("report").run(|instance, _| {
            let second = instance.int("_second");
            instance.assign_async("report", move || {
                let peak = (second - 3_600..second).map(load).max().unwrap_or(0);
                Ok(Value::from(format!("{peak} % at most in the last hour")))
            });
            Ok(())
        }))
}
