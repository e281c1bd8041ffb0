//! Which answer a request gets.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{self, Next};
use axum::routing::any;
use djscope_live::{Application, PageAnswer, Request as ViewRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::handshake::server::create_response_with_body;

use crate::allowed_hosts::AllowedHosts;
use crate::blocking::{Trust, call_view};
use crate::clock::HostClock;
use crate::connection::Connection;
use crate::files::Files;
use crate::hub::Hub;
use crate::options::HostOptions;
use crate::places::Places;
use crate::random;
use crate::server::Caller;
use crate::visitor::{CsrfTokens, Visitor};

/// What all requests share.
pub struct Site {
    pub application: Arc<Application>,
    pub options: HostOptions,
    pub clock: HostClock,
    pub hub: Arc<Hub>,
    pub places: Arc<Places>,
    files: Files,
    allowed_hosts: AllowedHosts,
    csrf_tokens: CsrfTokens,
    /// In views, by their paths.
    trust: HashMap<Arc<str>, Arc<Trust>>,
}

impl Site {
    /// # Errors
    ///
    /// If a media type is none, or the system gives no random bytes.
    pub fn new(mut options: HostOptions, application: Arc<Application>) -> io::Result<Self> {
        Ok(Self {
            clock: HostClock::start(),
            hub: Arc::new(Hub::new(Arc::clone(&application))),
            places: Arc::new(Places::new(options.limits)),
            files: Files::new(std::mem::take(&mut options.files))?,
            allowed_hosts: AllowedHosts::new(&options.allowed_hosts),
            csrf_tokens: CsrfTokens::new()?,
            trust: application
                .views()
                .map(|registered| (Arc::clone(&registered.declaration().path), Arc::default()))
                .collect(),
            application,
            options,
        })
    }

    /// The routes of the site.
    pub fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/ws/live/", any(live))
            .route("/static/{*name}", any(file))
            .fallback(page)
            .layer(middleware::from_fn_with_state(Arc::clone(&self), guard))
            .with_state(self)
    }

    /// Whether the turns of a view are short.
    pub fn trust_in(&self, view: &Arc<str>) -> Arc<Trust> {
        self.trust.get(view).map(Arc::clone).unwrap_or_default()
    }

    /// The request of a view for an address of the site.
    fn view_request(&self, address: &str, visitor: &Visitor) -> ViewRequest {
        let users = &self.options.users;
        ViewRequest {
            user: users.as_ref().map(|users| users(visitor)).unwrap_or_default(),
            visitor: Arc::clone(visitor.name()),
            csrf_token: self.csrf_tokens.of(visitor),
            ..ViewRequest::get(address)
        }
    }
}

/// What holds for every request: its host is this one, and its answer is used only as it is meant.
async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response<Body> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(|host| site.allowed_hosts.allow_host(host)) && hosts.next().is_none();
    let mut response = if is_ours {
        next.run(request).await
    } else {
        plain_page(
            StatusCode::BAD_REQUEST,
            "Bad Request",
            "This host has another name.",
        )
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

async fn file(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    if let Some(refusal) = refused_method(request.method()) {
        return refusal;
    }
    let name = request.uri().path().strip_prefix("/static/").unwrap_or_default();
    site.files
        .answer(name, request.headers())
        .unwrap_or_else(not_found)
}

async fn page(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    if let Some(refusal) = refused_method(request.method()) {
        return refusal;
    }
    let Ok(visitor) = Visitor::of(request.headers()) else {
        return failed("The system gives no random bytes.");
    };
    let address = request
        .uri()
        .path_and_query()
        .map_or("/", |address| address.as_str());
    let asked = site.view_request(address, &visitor);
    let answer = call_view(true, || site.application.page(asked, &site.clock)).unwrap_or_else(|panic| {
        eprintln!("djscope: the page {address:?} has none, its view panicked: {panic}");
        PageAnswer::Failed("An error occurred processing your request.".to_owned())
    });
    let mut response = match answer {
        PageAnswer::Html(html) => html_page(StatusCode::OK, html),
        PageAnswer::Redirect(to) => redirect(&to),
        PageAnswer::Forbidden(message) => plain_page(StatusCode::FORBIDDEN, "Forbidden", &message),
        PageAnswer::NotFound => not_found(),
        PageAnswer::Failed(message) => failed(&message),
    };
    if let Some(cookie) = visitor.new_cookie().and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Opens a WebSocket.
async fn live(State(site): State<Arc<Site>>, mut request: Request) -> Response<Body> {
    if !is_of_this_site(&site.allowed_hosts, request.headers()) {
        return plain_page(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "Pages of other sites may not connect.",
        );
    }
    let Ok(response) = create_response_with_body(&request, Body::empty) else {
        return plain_page(
            StatusCode::BAD_REQUEST,
            "Bad Request",
            "A WebSocket was expected.",
        );
    };
    let Some(caller) = request.extensions_mut().remove::<Arc<Caller>>() else {
        return failed("The connection cannot become a WebSocket.");
    };
    let Some(place) = site.places.take(caller.address().ip()) else {
        return plain_page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "Too many connections are open.",
        );
    };
    let (Ok(visitor), Ok(id)) = (Visitor::of(request.headers()), random::uuid()) else {
        return failed("The system gives no random bytes.");
    };
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        // Both count the connection until its end.
        let _counted = (caller, place);
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            return;
        };
        let asked = site.view_request("/", &visitor);
        let connection = Connection::new(site, asked, &id, parts.io.into_inner());
        connection.run(&parts.read_buf).await;
    });
    response
}

/// Programs that are no browsers tell no origin.
fn is_of_this_site(allowed_hosts: &AllowedHosts, headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        origin
            .to_str()
            .is_ok_and(|origin| allowed_hosts.allow_origin(origin))
    })
}

/// The answer to a method that does more than reading.
fn refused_method(method: &Method) -> Option<Response<Body>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut response = plain_page(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method Not Allowed",
        "Pages are only read here.",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(response)
}

fn redirect(to: &str) -> Response<Body> {
    let Ok(to) = HeaderValue::from_str(to) else {
        return failed("The address to go to is none.");
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, to);
    response
}

fn not_found() -> Response<Body> {
    plain_page(
        StatusCode::NOT_FOUND,
        "Not Found",
        "There is nothing at this address.",
    )
}

fn failed(message: &str) -> Response<Body> {
    plain_page(StatusCode::INTERNAL_SERVER_ERROR, "Server Error", message)
}

fn plain_page(status: StatusCode, title: &str, message: &str) -> Response<Body> {
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>{message}</p></body></html>\n"
    );
    html_page(status, html)
}

fn html_page(status: StatusCode, html: String) -> Response<Body> {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // It is made for one visitor and one moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
