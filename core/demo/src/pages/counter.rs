//! One number.

use djscope_live::{Declared, Handler, Instance, ParameterType, Raised};
use djscope_template::value::Value;

pub fn view() -> Declared {
    Declared::new("demo.views.Counter", "counter.html")
        .state("count", 0)
        .computed("double", |reader| {
            let count = reader.get("count")?.to_small_int()?;
            Ok(Value::from(count.saturating_mul(2)))
        })
        .handler(Handler::new("increment").run(|instance, _| add(instance, 1)))
        .handler(Handler::new("decrement").run(|instance, _| add(instance, -1)))
        .handler(
            Handler::new("add")
                .parameter("amount", ParameterType::Int, 10)
                .run(|instance, arguments| add(instance, arguments.int("amount"))),
        )
        .handler(Handler::new("reset").run(|instance, _| {
            instance.set("count", 0);
            Ok(())
        }))
}

fn add(instance: &mut Instance, amount: i64) -> Result<(), Raised> {
    let count = instance.int("count").saturating_add(amount);
    instance.set("count", count);
    Ok(())
}
