//! Views that live: written in Rust, mounted for a browser, changed by its events, and told to it in djust's frames.
//!
//! Data goes one way: [`Session::receive`] takes what the browser sends, finds the [`Handler`] and calls it with an
//! [`Instance`]; what that changed goes through `refresh` and `context` of the [`LiveView`] into its template, and
//! what the template changed into the frames that `receive` gives.
//!
//! [`TestClient`] has an example. The crate does no I/O, reads no clock but the one that it is handed, starts no thread,
//! and will never own a socket: that is `core/host`'s.

mod application;
mod arguments;
mod bucket;
mod changes;
mod coercion;
mod computed;
mod declaration;
mod effects;
mod encoding;
mod first_page;
mod form;
mod handler;
mod instance;
mod live_view;
mod model;
mod mounted;
mod names;
mod raised;
mod request;
mod routes;
mod session;
mod settings;
mod signature;
mod smoke;
mod test_client;
pub mod trace;
mod uploads;
mod validation;

pub use application::{Application, Clock, PageAnswer, Registered};
pub use arguments::Arguments;
pub use changes::{NODES_COMPARED, is_noticed};
pub use coercion::coerce;
pub use computed::{Compute, Computed, Reader};
pub use declaration::Declaration;
pub use effects::{Push, PushAction, StreamOperation, Work};
pub use encoding::{Decimals, NotSerializable, encode, for_template, is_sensitive, not_serializable_in};
pub use form::{Field, FieldKind, Form};
pub use handler::{Cache, Call, Debounce, Handler, RateLimit, Throttle};
pub use instance::Instance;
pub use live_view::{Declared, LiveView};
pub use model::{ModelFields, ModelRefused};
pub use names::{is_event_name, near_miss, near_names};
pub use raised::{Raised, panic_text};
pub use request::{Request, User, parse_query};
pub use routes::Route;
pub use session::{CloseCode, Input, Output, Session, TaskId};
pub use settings::{Rate, Settings};
pub use signature::{Parameter, ParameterType, Signature};
pub use smoke::{SmokeFinding, SmokeOptions, SmokeProblem, smoke};
pub use test_client::{StoodClock, TestClient};
pub use uploads::{Upload, UploadError, UploadSlot};
pub use validation::{Arguments as BoundArguments, Refused, RefusedReason, TypeMismatch};
