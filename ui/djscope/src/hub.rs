//! Where the clients of this command find their hub: over a file, beside a run, or in another djscope.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use djscope_hub::socket::{HubAddress, RemoteClient, SocketServer};
use djscope_hub::{Client, Hub, HubError, Live, LocalClient, Mailbox, Message, Request};
use djscope_recording::RecordingError;

use crate::failure::Failure;

/// A recording that a command reads: a file, or what another djscope has open.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// The hub of another djscope.
    Hub(HubAddress),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("http://") {
            return Ok(Self::File(text.into()));
        }
        text.parse()
            .map(Self::Hub)
            .map_err(|error: HubError| match &error.hint {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            })
    }
}

impl Place {
    /// What a window over it is called.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => file_name(path),
            Self::Hub(hub) => hub.address.to_string(),
        }
    }

    /// A client; `wake` is called whenever something has arrived for it.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or the hub not reached.
    pub fn client(&self, wake: impl Fn() + Send + Sync + 'static) -> Result<Box<dyn Client>, Failure> {
        Ok(match self {
            Self::File(path) => {
                Failure::if_empty("the recording", path)?;
                let hub = Hub::open(path, None, Mailbox::default())?;
                Box::new(Own {
                    client: hub.client(wake),
                    _hub: hub,
                })
            }
            Self::Hub(address) => Box::new(RemoteClient::connect(address, wake)?),
        })
    }
}

/// The name of a file without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A client with the hub that nobody else uses.
struct Own {
    client: LocalClient,
    /// After `client`, which it serves.
    _hub: Hub,
}

impl Client for Own {
    fn send(&mut self, request: Request) -> Result<(), HubError> {
        self.client.send(request)
    }

    fn receive(&mut self) -> Vec<Message> {
        self.client.receive()
    }
}

/// The hub beside a run. It closes the file before the run completes it, so that one file remains.
#[derive(Clone, Default)]
pub struct RunHub(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    hub: Option<Arc<Hub>>,
    is_over: bool,
}

impl RunHub {
    /// Opens the recording at `path`; none if the run is over already.
    ///
    /// # Errors
    ///
    /// If the recording cannot be opened.
    pub fn open(
        &self,
        path: &Path,
        live: Live,
        mailbox: Mailbox,
    ) -> Result<Option<Arc<Hub>>, RecordingError> {
        let mut slot = self.lock();
        if slot.is_over {
            return Ok(None);
        }
        let hub = Arc::new(Hub::open(path, Some(live), mailbox)?);
        slot.hub = Some(Arc::clone(&hub));
        Ok(Some(hub))
    }

    /// Closes the file.
    pub fn close(&self) {
        let mut slot = self.lock();
        slot.is_over = true;
        if let Some(hub) = slot.hub.take() {
            hub.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a hub to other programs of this machine.
///
/// # Errors
///
/// If the port is taken.
pub fn serve(hub: &Arc<Hub>, port: u16) -> Result<SocketServer, Failure> {
    SocketServer::start(Arc::clone(hub), port).map_err(|error| {
        Failure::new(format!("cannot serve the hub at port {port}: {error}"))
            .with_hint("--hub 0 takes a free port")
    })
}
