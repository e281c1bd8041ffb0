//! A site that is served.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use djscope_live::{Application, Push};

use crate::hub::Pusher;
use crate::options::HostOptions;
use crate::server::Server;
use crate::site::Site;

/// A server that listens until it is stopped or dropped.
pub struct Host {
    site: Arc<Site>,
    server: Server,
}

impl Host {
    /// Listens, and serves an application on the runtime of the caller, which should have more than one thread if
    /// handlers take long.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, a media type is none, or the system gives no random bytes.
    pub async fn start(options: HostOptions, application: Arc<Application>) -> io::Result<Self> {
        let (address, limits) = (options.address, options.limits);
        let site = Arc::new(Site::new(options, application)?);
        let server = Server::start(address, limits, Arc::clone(&site).routes()).await?;
        Ok(Self { site, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Changes every open instance of a view. Waits for nothing.
    pub fn push(&self, push: Push) {
        self.pusher().push(push);
    }

    /// Pushes from elsewhere, also when this value is gone.
    pub fn pusher(&self) -> Pusher {
        Pusher::new(Arc::clone(&self.site.hub))
    }

    /// Connections that became a WebSocket and are open.
    pub fn connections(&self) -> usize {
        self.site.places.taken()
    }

    /// Pushes that did not reach a connection because too much was waiting for it.
    pub fn lost_pushes(&self) -> u64 {
        self.site.hub.lost_pushes()
    }

    /// Accepts nothing more, closes all connections with 1001, and waits for them for a while. Gives whether all have
    /// ended.
    pub async fn stop(&self) -> bool {
        self.begin_stop();
        self.server.stop().await
    }

    fn begin_stop(&self) {
        self.server.begin_stop();
        self.site.hub.close();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.begin_stop();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Host")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}
