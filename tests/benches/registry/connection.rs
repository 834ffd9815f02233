//! The least client that can ask a server: one connection, one request after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One connection that is kept.
pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
}

/// What matters of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) length: u64,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { reader: BufReader::with_capacity(1 << 18, stream) }
    }

    /// Asks, and throws the body away.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "application/octet-stream", b"")
    }

    /// Sends a body and waits for the answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: registry.test\r\nContent-Type: {content_type}\r\n\
             Accept: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let answer = self.head();
        std::io::copy(&mut self.reader.by_ref().take(answer.length), &mut std::io::sink()).unwrap();
        answer
    }

    fn head(&mut self) -> Answer {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in `{line}`")).parse().unwrap();
        let mut answer = Answer { status, location: None, length: 0 };
        loop {
            line.clear();
            self.reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { return answer };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => answer.length = value.parse().unwrap(),
                "location" => answer.location = Some(value.to_owned()),
                _ => {}
            }
        }
    }
}

/// The path of an address, whether it is absolute or not.
pub(crate) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').map_or("/", |slash| &rest[slash..])
}
