//! TDS 7.4 as bytes, as far as the responder needs it. From MS-TDS.

use std::io::{self, Read, Write};

use super::responder::{Event, Failure, Login, Token};

const PACKET: usize = 4096;

/// A whole message: its type, and its packets joined.
pub fn read_message(stream: &mut (impl Read + ?Sized)) -> io::Result<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let start = message.len();
        message.resize(start + length - 8, 0);
        stream.read_exact(&mut message[start..])?;
        if header[1] & 1 == 1 {
            return Ok((header[0], message));
        }
    }
}

pub fn write_message(
    stream: &mut (impl Write + ?Sized),
    kind: u8,
    message: &[u8],
) -> io::Result<()> {
    let mut packets = message.chunks(PACKET - 8).peekable();
    while let Some(packet) = packets.next() {
        write_packet(stream, kind, packets.peek().is_none(), packet)?;
    }
    Ok(())
}

pub fn write_packet(
    stream: &mut (impl Write + ?Sized),
    kind: u8,
    is_last: bool,
    packet: &[u8],
) -> io::Result<()> {
    let length = u16::try_from(packet.len() + 8).expect("a packet is short");
    let [high, low] = length.to_be_bytes();
    let mut bytes = vec![kind, is_last.into(), high, low, 0, 0, 1, 0];
    bytes.extend_from_slice(packet);
    stream.write_all(&bytes)?;
    stream.flush()
}

pub fn prelogin(encrypts: bool) -> Vec<u8> {
    let values: [(u8, &[u8]); 3] = [
        (0, &[16, 0, 0, 0, 0, 0]),
        (1, if encrypts { &[1] } else { &[2] }),
        (4, &[0]),
    ];
    let mut offset = u16::try_from(values.len() * 5 + 1).expect("it is short");
    let mut message = Vec::new();
    for (token, value) in values {
        let length = u16::try_from(value.len()).expect("it is short");
        message.push(token);
        message.extend_from_slice(&offset.to_be_bytes());
        message.extend_from_slice(&length.to_be_bytes());
        offset += length;
    }
    message.push(0xff);
    for (_, value) in values {
        message.extend_from_slice(value);
    }
    message
}

pub fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16(&units).expect("clients send UTF-16")
}

/// A message without the headers before its text, which begin with their length.
pub fn behind_headers(message: &[u8]) -> &[u8] {
    let (length, _) = message.split_first_chunk().expect("it has headers");
    &message[u32::from_le_bytes(*length) as usize..]
}

pub fn login(message: &[u8]) -> Login {
    let number = |at: usize| usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let field = |at: usize| &message[number(at)..number(at) + 2 * number(at + 2)];
    let password: Vec<u8> = field(44)
        .iter()
        .map(|byte| (byte ^ 0xa5).rotate_left(4))
        .collect();
    let long = |at: usize| {
        let bytes: [u8; 4] = message[at..at + 4].try_into().expect("it is long enough");
        u32::from_le_bytes(bytes) as usize
    };
    // Bit 4 of the third option byte: there are feature extensions.
    let token = (message[27] & 0x10 != 0).then(|| {
        let features = long(number(56));
        assert_eq!(message[features], 2, "the first feature is authentication");
        let token = features + 1 + 4 + 1;
        utf16(&message[token + 4..token + 4 + long(token)])
    });
    Login {
        user: utf16(field(40)),
        password: utf16(&password),
        token,
        application: utf16(field(48)),
        server: utf16(field(52)),
        database: utf16(field(68)),
        encrypted: false,
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn number(&mut self, length: usize) -> usize {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.take(length));
        usize::try_from(u64::from_le_bytes(bytes)).expect("it is a length")
    }

    /// A value with a length of two bytes, or in chunks.
    fn long_value(&mut self, largest: usize) -> Option<Vec<u8>> {
        if largest != 0xffff {
            return match self.number(2) {
                0xffff => None,
                length => Some(self.take(length).to_vec()),
            };
        }
        if self.take(8) == [0xff; 8] {
            return None;
        }
        let mut value = Vec::new();
        loop {
            match self.number(4) {
                0 => return Some(value),
                length => value.extend_from_slice(self.take(length)),
            }
        }
    }

    fn parameter(&mut self) -> String {
        let name = self.number(1);
        self.take(2 * name + 1);
        let null = || "NULL".to_owned();
        match self.number(1) {
            // Of no type at all.
            0x1f => null(),
            0xe7 => {
                let largest = self.number(2);
                self.take(5);
                self.long_value(largest).map_or_else(null, |it| utf16(&it))
            }
            0xa5 => {
                let largest = self.number(2);
                self.long_value(largest)
                    .map_or_else(null, |it| format!("{it:02x?}"))
            }
            kind @ (0x26 | 0x6d) => {
                self.take(1);
                let length = self.number(1);
                match (kind, self.take(length).try_into()) {
                    (_, Err(_)) => null(),
                    (0x26, Ok(bytes)) => i64::from_le_bytes(bytes).to_string(),
                    (_, Ok(bytes)) => f64::from_le_bytes(bytes).to_string(),
                }
            }
            kind => panic!("a parameter of type {kind:#x}"),
        }
    }
}

/// A call of `sp_executesql`: statement, declarations, values.
pub fn rpc(message: &[u8]) -> Event {
    let mut reader = Reader(message);
    assert_eq!(reader.number(2), 0xffff, "it is called by number");
    assert_eq!(reader.number(2), 10, "it is sp_executesql");
    reader.take(2);
    let mut parameters = Vec::new();
    while !reader.0.is_empty() {
        parameters.push(reader.parameter());
    }
    let sql = parameters.remove(0);
    if !parameters.is_empty() {
        parameters.remove(0);
    }
    Event::Rpc(sql, parameters)
}

fn short_text(bytes: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().collect();
    bytes.push(u8::try_from(units.len()).expect("it is short"));
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = u16::try_from(units.len()).expect("it is short");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

/// Token, length, body.
fn sized(token: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![token];
    let length = u16::try_from(body.len()).expect("it is short");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn done(token: u8, status: u16, rows: u64) -> Vec<u8> {
    let mut bytes = vec![token];
    let status = status | if rows > 0 { 0x10 } else { 0 };
    bytes.extend_from_slice(&status.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(&rows.to_le_bytes());
    bytes
}

/// Error and info look alike.
fn message(token: u8, failure: &Failure) -> Vec<u8> {
    let mut body = failure.number.to_le_bytes().to_vec();
    body.extend_from_slice(&[1, failure.severity]);
    text(&mut body, &failure.message);
    short_text(&mut body, "responder");
    short_text(&mut body, failure.procedure);
    body.extend_from_slice(&failure.line.to_le_bytes());
    sized(token, &body)
}

/// A change of transaction: the new descriptor, and the old one.
fn transaction(kind: u8, new: &[u8], old: &[u8]) -> Vec<u8> {
    let length = |it: &[u8]| u8::try_from(it.len()).expect("it is short");
    let mut body = vec![kind, length(new)];
    body.extend_from_slice(new);
    body.push(length(old));
    body.extend_from_slice(old);
    sized(0xe3, &body)
}

pub fn tokens(tokens: &[Token]) -> Vec<u8> {
    const DESCRIPTOR: [u8; 8] = [1, 0, 0, 0, 0, 0, 0, 0];
    let one = |token: &Token| match token {
        Token::LoginAck => {
            let mut body = vec![1];
            body.extend_from_slice(&0x7400_0004_u32.to_be_bytes());
            short_text(&mut body, "Microsoft SQL Server");
            body.extend_from_slice(&[16, 0, 0, 0]);
            sized(0xad, &body)
        }
        Token::Routing(host, port) => {
            let mut value = vec![0];
            value.extend_from_slice(&port.to_le_bytes());
            text(&mut value, host);
            let length = u16::try_from(value.len()).expect("it is short");
            let mut body = vec![20];
            body.extend_from_slice(&length.to_le_bytes());
            body.extend_from_slice(&value);
            body.extend_from_slice(&[0, 0]);
            sized(0xe3, &body)
        }
        Token::Begun => transaction(8, &DESCRIPTOR, &[]),
        Token::Committed => transaction(9, &[], &DESCRIPTOR),
        Token::RolledBack => transaction(10, &[], &DESCRIPTOR),
        Token::Columns(names) => {
            let mut bytes = vec![0x81];
            let count = u16::try_from(names.len()).expect("they are few");
            bytes.extend_from_slice(&count.to_le_bytes());
            for name in names {
                bytes.extend_from_slice(&[0, 0, 0, 0, 1, 0]);
                if is_number(name) {
                    bytes.extend_from_slice(&[0x26, 8]);
                } else {
                    bytes.extend_from_slice(&[0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34]);
                }
                short_text(&mut bytes, name.trim_start_matches('#'));
            }
            bytes
        }
        // The driver looks at the type again; rows of numbers are marked by `#`.
        Token::Row(values) => {
            let mut bytes = vec![0xd1];
            for value in values {
                match value.as_deref() {
                    None => bytes.extend_from_slice(&[0xff, 0xff]),
                    Some(number) if is_number(number) => {
                        let number: i64 = number[1..].parse().expect("it is a number");
                        bytes.push(8);
                        bytes.extend_from_slice(&number.to_le_bytes());
                    }
                    Some(value) => {
                        let units: Vec<u16> = value.encode_utf16().collect();
                        let length = u16::try_from(units.len() * 2).expect("it is short");
                        bytes.extend_from_slice(&length.to_le_bytes());
                        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
                    }
                }
            }
            bytes
        }
        Token::Error(failure) => message(0xaa, failure),
        Token::Info(said) => message(
            0xab,
            &Failure {
                number: 0,
                severity: 0,
                message: said.clone(),
                procedure: "",
                line: 1,
            },
        ),
        Token::ReturnStatus => vec![0x79, 0, 0, 0, 0],
        Token::Done(rows) => done(0xfd, 0, *rows),
        Token::DoneMore(rows) => done(0xfd, 1, *rows),
        Token::DoneInProc(rows) => done(0xff, 1, *rows),
        Token::DoneProc => done(0xfe, 0, 0),
        Token::AttentionAck => done(0xfd, 0x20, 0),
    };
    tokens.iter().flat_map(one).collect()
}

/// Names of columns and values that begin with `#` are `bigint`.
fn is_number(text: &str) -> bool {
    text.starts_with('#')
}
