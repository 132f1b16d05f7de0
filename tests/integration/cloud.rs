//! Key Vault and Microsoft Entra ID on this machine, over TLS, for the real binary.
//!
//! The binary has no way to be sent elsewhere, so the cloud is put where a company puts its proxy:
//! `HTTPS_PROXY` names this server, which takes every tunnel to be its own and speaks TLS with a
//! certificate of an authority that `SSL_CERT_FILE` names. What the binary then does is what it
//! does behind any proxy that looks into TLS.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs, pki_types,
};

use super::answers::{Answer, CLIENT_SECRET, TOKEN, challenge, managed_token, token};

/// The names that the cloud answers to.
const NAMES: [&str; 2] = ["*.vault.azure.net", "login.microsoftonline.com"];

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub host: String,
    pub method: String,
    /// The path, with its query.
    pub path: String,
    pub authorization: Option<String>,
    pub body: String,
}

/// Where a platform such as App Service says that identities are to be asked for.
pub const PLATFORM: &str = "identity.internal";

type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

/// The cloud. Its threads end with their connections.
pub struct Cloud {
    folder: TempDir,
    port: u16,
    heard: Arc<Mutex<Vec<Asked>>>,
}

impl Cloud {
    /// One whose vault challenges first and then answers each request for a secret like this.
    pub fn with_vault(vault: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(move |asked| match asked.host.as_str() {
            "login.microsoftonline.com" => token(),
            "169.254.169.254" | PLATFORM => managed_token(),
            _ if asked.authorization == Some(format!("Bearer {TOKEN}")) => vault(asked),
            _ => challenge(),
        })
    }

    /// One that answers like this.
    pub fn start(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (config, authority) = identity();
        std::fs::write(folder.path().join("authority.pem"), authority).expect("a file");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let heard = Arc::<Mutex<Vec<Asked>>>::default();
        let (told, handler): (_, Arc<Handler>) = (Arc::clone(&heard), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, handler) = (Arc::clone(&config), Arc::clone(&handler));
                let told = Arc::clone(&told);
                // A client that goes away while it is answered is what some tests are about.
                std::thread::spawn(move || drop(serve(stream, config, &*handler, &told)));
            }
        });
        Self {
            folder,
            port,
            heard,
        }
    }

    /// Lets a command reach this cloud and no other, as the application with its secret.
    pub fn arm(&self, command: &mut Command) {
        for name in [
            "NO_PROXY",
            "no_proxy",
            "ALL_PROXY",
            "all_proxy",
            "SSL_CERT_DIR",
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_AUTHORITY_HOST",
            "DBTOOL_AUTH",
        ] {
            command.env_remove(name);
        }
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
            command.env(name, format!("http://127.0.0.1:{}", self.port));
        }
        command
            .env("SSL_CERT_FILE", self.authorities())
            .env("AZURE_KEY_VAULT_NAME", "my-vault")
            .env("AZURE_TENANT_ID", "tenant")
            .env("AZURE_CLIENT_ID", "application")
            .env("AZURE_CLIENT_SECRET", CLIENT_SECRET);
    }

    /// The file of the authorities that are trusted.
    pub fn authorities(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Has one more authority trusted.
    pub fn trust(&self, pem: &str) {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(self.authorities());
        let written = file.and_then(|mut file| file.write_all(pem.as_bytes()));
        written.expect("the file takes it");
    }

    /// What was asked so far.
    pub fn heard(&self) -> Vec<Asked> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clone()
    }
}

/// A server's side of TLS, and the certificate of the authority behind it.
fn identity() -> (Arc<ServerConfig>, String) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&key).expect("a certificate");
    let issuer = Issuer::new(authority, key);
    let names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    let leaf_key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names).expect("names are names");
    let leaf = leaf.signed_by(&leaf_key, &issuer).expect("a certificate");
    let private = pki_types::PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("the certificate fits its key");
    (Arc::new(config), root.pem())
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    handler: &Handler,
    heard: &Mutex<Vec<Asked>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let Some(first) = request(&mut reader, "")? else {
        return Ok(());
    };
    if first.method != "CONNECT" {
        // Plain HTTP names the host in the request line: this is how proxies get it.
        return converse(&mut reader, first, handler, heard);
    }
    let host = first.path.split(':').next().unwrap_or_default().to_owned();
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(tls, stream));
    match request(&mut reader, &host)? {
        Some(first) => converse(&mut reader, first, handler, heard),
        None => Ok(()),
    }
}

/// Answers a request and those that follow it.
fn converse<S: Read + Write>(
    reader: &mut BufReader<S>,
    first: Asked,
    handler: &Handler,
    heard: &Mutex<Vec<Asked>>,
) -> io::Result<()> {
    let host = first.host.clone();
    let mut next = Some(first);
    while let Some(asked) = next {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked.clone());
        let answer = handler(&asked);
        std::thread::sleep(answer.delay);
        let mut text = format!(
            "HTTP/1.1 {} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for (name, value) in &answer.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(&answer.body);
        let stream = reader.get_mut();
        stream.write_all(text.as_bytes())?;
        stream.flush()?;
        next = request(reader, &host)?;
    }
    Ok(())
}

/// The next request on a connection to a host; `None` at its end.
fn request(reader: &mut impl BufRead, host: &str) -> io::Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let (host, path) = match path.strip_prefix("http://") {
        Some(rest) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            (host.to_owned(), format!("/{path}"))
        }
        None => (host.to_owned(), path),
    };
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Asked {
        host,
        method: method.unwrap_or_default(),
        path,
        authorization,
        body: String::from_utf8_lossy(&body).into_owned(),
    }))
}
