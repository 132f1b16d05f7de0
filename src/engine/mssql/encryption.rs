//! A look at how a server encrypts, without logging in.
//!
//! Does what every login begins with, the message that agrees on encryption and the TLS handshake,
//! and hangs up: nothing about a user is sent. The certificate is judged as a login judges it, and
//! the handshake goes on whatever the judgement is, so that a certificate that is refused can be
//! shown, which the driver cannot do. From MS-TDS 2.2.6.5 and 3.2.5.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};

use super::connection::{ConnectionSettings, Encryption};

const PRELOGIN: u8 = 0x12;
const HEADER: usize = 8;
const PACKET: usize = 4096;
/// The option of a pre-login message that is about encryption, and its values.
const ENCRYPTION: u8 = 1;
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;

/// What a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It does not encrypt.
    Plain,
    /// The handshake was done.
    Encrypted(Handshake),
}

/// A handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The protocol and its version: `TLS 1.3`.
    pub protocol: &'static str,
    /// The server's certificate, DER.
    pub certificate: Vec<u8>,
    /// Why a login that verifies it would refuse it.
    pub refused: Option<String>,
}

/// Looks at the server behind an address, as a login with these settings would meet it.
///
/// # Errors
/// When the connection fails, or the server does not speak TDS or TLS.
pub fn look(
    settings: &ConnectionSettings,
    address: SocketAddr,
    patience: Duration,
) -> io::Result<Look> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    if settings.encryption == Encryption::Strict {
        return handshake(&mut stream, settings).map(Look::Encrypted);
    }
    let wanted = match settings.encryption {
        Encryption::Plaintext => NOT_SUPPORTED,
        Encryption::Optional => OFF,
        Encryption::Mandatory | Encryption::Strict => ON,
    };
    write_packets(&mut stream, &prelogin(wanted))?;
    let answer = read_message(&mut stream)?;
    match encryption_of(&answer) {
        None => Err(garbled("the server does not say whether it encrypts")),
        Some(NOT_SUPPORTED) => Ok(Look::Plain),
        Some(_) if wanted == NOT_SUPPORTED => Ok(Look::Plain),
        Some(_) => {
            let mut framed = Framed {
                stream,
                unsent: Vec::new(),
                unread: Vec::new(),
            };
            handshake(&mut framed, settings).map(Look::Encrypted)
        }
    }
}

fn handshake(
    stream: &mut (impl Read + Write),
    settings: &ConnectionSettings,
) -> io::Result<Handshake> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let judge = Arc::new(Judge::new(settings, &provider)?);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&judge) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    if settings.encryption == Encryption::Strict {
        config.alpn_protocols.push(b"tds/8.0".to_vec());
    }
    let host = settings.certificate_host.as_ref();
    let name = ServerName::try_from(host.unwrap_or(&settings.host).clone())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the host is no name"))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(stream)?;
    }
    let certificate = connection
        .peer_certificates()
        .and_then(<[_]>::first)
        .ok_or_else(|| garbled("the server shows no certificate"))?;
    Ok(Handshake {
        protocol: match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        },
        certificate: certificate.to_vec(),
        refused: judge.verdict(),
    })
}

/// Judges certificates and lets all of them pass: what is wrong is told, not acted on. That is fine
/// only because nothing is sent once the handshake is done.
#[derive(Debug)]
struct Judge {
    provider: Arc<CryptoProvider>,
    /// `None` where this machine trusts no authority at all.
    inner: Option<Arc<WebPkiServerVerifier>>,
    wrong: Mutex<Option<String>>,
}

impl Judge {
    fn new(settings: &ConnectionSettings, provider: &Arc<CryptoProvider>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &settings.certificate_authority {
            let unreadable = |error| {
                io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("the certificates in `{path}` cannot be read: {error}"),
                )
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                roots.add_parsable_certificates([certificate.map_err(unreadable)?]);
            }
        }
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        Ok(Self {
            provider: Arc::clone(provider),
            inner: builder.build().ok(),
            wrong: Mutex::new(None),
        })
    }

    fn note(&self, why: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.get_or_insert(why);
    }

    fn verdict(&self) -> Option<String> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.clone()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.inner {
            None => self.note("this machine trusts no authority at all".to_owned()),
            Some(inner) => {
                let judged = inner.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                );
                if let Err(error) = judged {
                    self.note(in_words(&error, &server_name.to_str()));
                }
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if let Err(error) =
            crypto::verify_tls12_signature(message, certificate, signature, algorithms)
        {
            self.note(in_words(&error, ""));
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if let Err(error) =
            crypto::verify_tls13_signature(message, certificate, signature, algorithms)
        {
            self.note(in_words(&error, ""));
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn in_words(error: &Error, host: &str) -> String {
    let Error::InvalidCertificate(error) = error else {
        return error.to_string();
    };
    match error {
        CertificateError::UnknownIssuer => "no authority that this machine trusts issued it".into(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it is not for {host}")
        }
        CertificateError::Revoked => "it was revoked".into(),
        other => other.to_string(),
    }
}

/// TLS inside of TDS packets, as the handshake travels.
struct Framed {
    stream: TcpStream,
    unsent: Vec<u8>,
    unread: Vec<u8>,
}

impl Read for Framed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            self.unread = read_message(&mut self.stream)?;
        }
        let length = buffer.len().min(self.unread.len());
        buffer[..length].copy_from_slice(&self.unread[..length]);
        self.unread.drain(..length);
        Ok(length)
    }
}

impl Write for Framed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unsent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let unsent = std::mem::take(&mut self.unsent);
        write_packets(&mut self.stream, &unsent)
    }
}

fn write_packets(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let mut packets = message.chunks(PACKET - HEADER).peekable();
    let mut number = 1_u8;
    while let Some(packet) = packets.next() {
        let length = u16::try_from(packet.len() + HEADER).expect("a packet is short");
        let [high, low] = length.to_be_bytes();
        let last = u8::from(packets.peek().is_none());
        let mut bytes = vec![PRELOGIN, last, high, low, 0, 0, number, 0];
        bytes.extend_from_slice(packet);
        stream.write_all(&bytes)?;
        number = number.wrapping_add(1);
    }
    stream.flush()
}

/// The packets up to the one that is marked as the last of its message.
fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let length = length
            .checked_sub(HEADER)
            .ok_or_else(|| garbled("the server does not speak TDS"))?;
        let begin = message.len();
        message.resize(begin + length, 0);
        stream.read_exact(&mut message[begin..])?;
        if header[1] & 1 == 1 {
            return Ok(message);
        }
        if message.len() > 1 << 20 {
            return Err(garbled("the server does not come to an end"));
        }
    }
}

/// Options with their places, and then their values: version, encryption, instance, thread, MARS.
fn prelogin(encryption: u8) -> Vec<u8> {
    let values: [(u8, &[u8]); 5] = [
        (0, &[0; 6]),
        (ENCRYPTION, &[encryption]),
        (2, &[0]),
        (3, &[0; 4]),
        (4, &[0]),
    ];
    let mut message = Vec::new();
    let mut offset = values.len() * 5 + 1;
    for (option, value) in values {
        let place = u16::try_from(offset).expect("it is short");
        let length = u16::try_from(value.len()).expect("it is short");
        message.push(option);
        message.extend_from_slice(&place.to_be_bytes());
        message.extend_from_slice(&length.to_be_bytes());
        offset += value.len();
    }
    message.push(0xff);
    for (_, value) in values {
        message.extend_from_slice(value);
    }
    message
}

fn encryption_of(answer: &[u8]) -> Option<u8> {
    let option = answer
        .chunks_exact(5)
        .take_while(|option| option[0] != 0xff)
        .find(|option| option[0] == ENCRYPTION)?;
    let place = usize::from(u16::from_be_bytes([option[1], option[2]]));
    answer.get(place).copied()
}

fn garbled(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
