//! A server that says what a test tells it to, over real TDS and TLS.
//!
//! Each connection has a thread that blocks on its socket. During the TLS handshake the bytes
//! travel inside of TDS packets, and bare afterwards.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs, pki_types, version::TLS12,
};

use super::wire;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Login(Login),
    Batch(String),
    /// A statement with parameters, each as text.
    Rpc(String, Vec<String>),
    Attention,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub token: Option<String>,
    pub application: String,
    pub server: String,
    pub database: String,
    pub encrypted: bool,
}

impl Event {
    /// The SQL of a batch or statement.
    pub fn sql(&self) -> &str {
        match self {
            Self::Batch(sql) | Self::Rpc(sql, _) => sql,
            Self::Login(_) | Self::Attention => "",
        }
    }
}

/// A part of an answer.
#[derive(Debug, Clone)]
pub enum Token {
    LoginAck,
    Routing(String, u16),
    Begun,
    Committed,
    RolledBack,
    Columns(Vec<&'static str>),
    /// Text, or NULL, of each column.
    Row(Vec<Option<String>>),
    Error(Failure),
    Info(String),
    ReturnStatus,
    Done(u64),
    /// With more to come.
    DoneMore(u64),
    DoneInProc(u64),
    DoneProc,
    AttentionAck,
}

/// An error token.
#[derive(Debug, Clone)]
pub struct Failure {
    pub number: u32,
    pub severity: u8,
    pub message: String,
    pub procedure: &'static str,
    pub line: u32,
}

pub fn failure(number: u32, severity: u8, message: &str) -> Failure {
    Failure {
        number,
        severity,
        message: message.to_owned(),
        procedure: "",
        line: 1,
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Reply {
    Tokens(Vec<Token>),
    /// Nothing: the connection is cut.
    Cut,
    /// The beginning of an answer, and then the connection is cut.
    CutAfter(Vec<Token>),
    /// Nothing until the client wants to stop.
    Hang,
}

/// How a server encrypts.
#[derive(Clone)]
struct Tls {
    config: Arc<ServerConfig>,
    /// Before anything else, instead of inside of TDS packets.
    strict: bool,
    /// What was agreed on with each client.
    protocols: Arc<Mutex<Vec<String>>>,
}

type Handler = dyn Fn(&Event) -> Reply + Send + Sync;

/// A server. Its threads end with their connections.
pub struct Responder {
    pub port: u16,
    /// The certificate, for clients that are to trust it.
    pub certificate: Option<String>,
    protocols: Arc<Mutex<Vec<String>>>,
    heard: Arc<Mutex<Vec<Event>>>,
}

impl Responder {
    pub fn start(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, Arc::new(handler))
    }

    /// With TLS inside of the first words of TDS.
    pub fn start_with_tls(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Some(Self::tls(false)), Arc::new(handler))
    }

    /// With TLS before the first word, as TDS 8 has it.
    pub fn start_strict(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Some(Self::tls(true)), Arc::new(handler))
    }

    fn tls(strict: bool) -> (Tls, String) {
        let names = vec!["localhost".to_owned()];
        let key = rcgen::generate_simple_self_signed(names).expect("names are names");
        let certificate = key.cert.der().clone();
        let private = pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&TLS12])
                .expect("the provider has TLS 1.2")
                .with_no_client_auth()
                .with_single_cert(vec![certificate], private)
                .expect("the certificate fits its key");
        if strict {
            config.alpn_protocols = vec![b"tds/8.0".to_vec()];
        }
        let tls = Tls {
            config: Arc::new(config),
            strict,
            protocols: Arc::default(),
        };
        (tls, key.cert.pem())
    }

    fn listen(tls: Option<(Tls, String)>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let heard = Arc::<Mutex<Vec<Event>>>::default();
        let (config, certificate) = tls.unzip();
        let protocols = config.as_ref().map(|tls| Arc::clone(&tls.protocols));
        let told = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, handler) = (config.clone(), Arc::clone(&handler));
                let told = Arc::clone(&told);
                // A client that goes away is what some tests are about.
                std::thread::spawn(move || drop(serve(stream, config, &*handler, &told)));
            }
        });
        Self {
            port,
            certificate,
            protocols: protocols.unwrap_or_default(),
            heard,
        }
    }

    /// The protocols that clients and the server agreed on within TLS.
    pub fn protocols(&self) -> Vec<String> {
        let protocols = self
            .protocols
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        protocols.clone()
    }

    /// What clients have asked for so far.
    pub fn heard(&self) -> Vec<Event> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clone()
    }

    pub fn logins(&self) -> Vec<Login> {
        let logins = self.heard().into_iter().filter_map(|event| match event {
            Event::Login(login) => Some(login),
            _ => None,
        });
        logins.collect()
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn serve(
    mut stream: TcpStream,
    tls: Option<Tls>,
    handler: &Handler,
    heard: &Mutex<Vec<Event>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut stream, encrypted): (Box<dyn Wire>, bool) = match tls {
        Some(tls) if tls.strict => {
            let mut connection = ServerConnection::new(tls.config).map_err(io::Error::other)?;
            while connection.is_handshaking() {
                connection.complete_io(&mut stream)?;
            }
            let protocol = connection.alpn_protocol().unwrap_or_default();
            tls.protocols
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(String::from_utf8_lossy(protocol).into_owned());
            let mut stream = StreamOwned::new(connection, stream);
            wire::read_message(&mut stream)?;
            wire::write_message(&mut stream, 0x04, &wire::prelogin(true))?;
            (Box::new(stream), true)
        }
        tls => {
            let (_, prelogin) = wire::read_message(&mut stream)?;
            let wants_none = prelogin_encryption(&prelogin) == Some(2);
            wire::write_message(&mut stream, 0x04, &wire::prelogin(tls.is_some()))?;
            match tls.filter(|_| !wants_none) {
                None => (Box::new(stream), false),
                Some(tls) => (Box::new(handshake(stream, tls.config)?), true),
            }
        }
    };
    loop {
        let (kind, message) = wire::read_message(&mut stream)?;
        let event = match kind {
            0x01 => Event::Batch(wire::utf16(wire::behind_headers(&message))),
            0x03 => wire::rpc(wire::behind_headers(&message)),
            0x06 => Event::Attention,
            0x10 => Event::Login(Login {
                encrypted,
                ..wire::login(&message)
            }),
            _ => return Ok(()),
        };
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event.clone());
        let reply = match event {
            Event::Attention => Reply::Tokens(vec![Token::AttentionAck]),
            event => handler(&event),
        };
        match reply {
            Reply::Hang => {}
            Reply::Cut => return Ok(()),
            Reply::Tokens(tokens) => {
                wire::write_message(&mut stream, 0x04, &wire::tokens(&tokens))?;
            }
            Reply::CutAfter(tokens) => {
                wire::write_packet(&mut stream, 0x04, false, &wire::tokens(&tokens))?;
                return Ok(());
            }
        }
    }
}

/// The encryption that the client asks for: the option with token 1.
fn prelogin_encryption(message: &[u8]) -> Option<u8> {
    message
        .chunks(5)
        .take_while(|option| option[0] != 0xff)
        .find(|option| option[0] == 1)
        .and_then(|option| {
            message
                .get(usize::from(u16::from_be_bytes([option[1], option[2]])))
                .copied()
        })
}

fn handshake(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        let (_, bytes) = wire::read_message(&mut stream)?;
        let mut bytes = bytes.as_slice();
        while !bytes.is_empty() {
            tls.read_tls(&mut bytes)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        let mut answer = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut answer)?;
        }
        if !answer.is_empty() {
            wire::write_message(&mut stream, 0x12, &answer)?;
        }
    }
    Ok(StreamOwned::new(tls, stream))
}
