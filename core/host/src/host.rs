//! A server that listens.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use djscope_live::{Application, Push};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::hub::Pusher;
use crate::options::{HostOptions, Limits};
use crate::site::{Caller, Site};

/// Connections for pages and files, beside those of a WebSocket.
const PAGE_CONNECTIONS: usize = 256;

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before a connection is accepted when the system has refused the last one.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// A server that listens until it is stopped or dropped.
pub struct Host {
    address: SocketAddr,
    site: Arc<Site>,
    /// One permit for each connection that is open.
    open: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl Host {
    /// Listens, and serves an application on the runtime of the caller, which should have more than one thread if
    /// handlers take long.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, a media type is none, or the system gives no random bytes.
    pub async fn start(options: HostOptions, application: Arc<Application>) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let open = Arc::new(Semaphore::new(most_open(&options) as usize));
        let site = Arc::new(Site::new(options, application)?);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(accept(listener, Arc::clone(&site), Arc::clone(&open), stopped));
        Ok(Self {
            address,
            site,
            open,
            stop,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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
        let ended = self.open.acquire_many(most_open(&self.site.options));
        timeout(self.site.options.limits.stop_timeout, ended)
            .await
            .is_ok()
    }

    fn begin_stop(&self) {
        self.stop.send_replace(true);
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
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn most_open(options: &HostOptions) -> u32 {
    let most = options.limits.max_connections.saturating_add(PAGE_CONNECTIONS);
    u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX)
}

async fn accept(
    listener: TcpListener,
    site: Arc<Site>,
    open: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(Arc::clone(&site).routes());
    loop {
        // Whoever comes when too much is open waits in the system's queue.
        let next = async {
            let permit = Arc::clone(&open)
                .acquire_owned()
                .await
                .map_err(io::Error::other)?;
            Ok::<_, io::Error>((permit, listener.accept().await?))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((permit, (stream, address))) => {
                let caller = Arc::new(Caller::new(address, permit));
                let limits = site.options.limits;
                tokio::spawn(serve(stream, caller, service.clone(), limits, stopped.clone()));
            }
            Err(_) => sleep(AFTER_REFUSAL).await,
        }
    }
}

/// Answers the requests of a connection, until it ends or becomes a WebSocket.
async fn serve(
    stream: TcpStream,
    caller: Arc<Caller>,
    service: TowerToHyperService<Router>,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&caller));
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => {}
        () = sleep(limits.page_connection_time) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.write_timeout, connection).await;
}
