//! A listener that serves routes within limits.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::options::Limits;

/// Connections for pages and files, beside those of a WebSocket.
const PAGE_CONNECTIONS: usize = 256;

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before a connection is accepted when the system has refused the last one.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection, which counts as open for as long as this value lives.
pub struct Caller {
    address: SocketAddr,
    _permit: OwnedSemaphorePermit,
}

impl Caller {
    /// Where the other end is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves routes until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    limits: Limits,
    /// One permit for each connection that is open.
    open: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Listens, and serves routes on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn start(address: SocketAddr, limits: Limits, routes: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Self::serve(listener, limits, routes)
    }

    /// The same on a listener whose address had to be known before.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn serve(listener: TcpListener, limits: Limits, routes: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let open = Arc::new(Semaphore::new(most_open(&limits) as usize));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(accept(listener, routes, limits, Arc::clone(&open), stopped));
        Ok(Self {
            address,
            limits,
            open,
            stop,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, ends all connections, and waits for them for a while. Gives whether all have ended.
    pub async fn stop(&self) -> bool {
        self.begin_stop();
        let ended = self.open.acquire_many(most_open(&self.limits));
        timeout(self.limits.stop_timeout, ended).await.is_ok()
    }

    /// The same without waiting.
    pub fn begin_stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.begin_stop();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn most_open(limits: &Limits) -> u32 {
    let most = limits.max_connections.saturating_add(PAGE_CONNECTIONS);
    u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX)
}

async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    open: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(routes);
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
                let caller = Arc::new(Caller {
                    address,
                    _permit: permit,
                });
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
