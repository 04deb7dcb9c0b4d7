//! The identity data as a directory: LDAPv3 (RFC 4511) with simple bind, search, add, modify, rename and delete, and "who am
//! I". Which entries there are, `crate::identity::directory` says.
//!
//! What a client can make this hold is bounded: connections, the size and depth of a message, the time between two of them,
//! the entries of an answer. There is no TLS: passwords cross the wire as they are, so that it is for this machine alone unless
//! somebody says otherwise.

mod ber;
mod dn;
mod filter;
mod message;

pub(crate) use dn::Dn;
pub(crate) use filter::Filter;
pub(crate) use message::{Attribute, Change, ChangeKind, Entry, Operation, Scope, Search, WHO_AM_I, code};

use crate::rig::{Line, Rig};
use message::{Reply, Request};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// How many connections there may be; further ones wait.
const MAX_CONNECTIONS: usize = 64;
/// The largest message taken, in bytes.
const MAX_MESSAGE: usize = 64 << 10;
/// How long a connection may be silent, or take to send one message or to receive an answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long nobody is let in after that could not be done.
const PAUSE: Duration = Duration::from_millis(100);

/// What the directory answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The entries found.
    pub(crate) entries: Vec<Entry>,
    /// The result code, of [`code`].
    pub(crate) code: u8,
    /// What is said to a person.
    pub(crate) message: String,
}

impl Outcome {
    /// A result without entries.
    pub(crate) fn of(code: u8, message: impl Into<String>) -> Self {
        Self { entries: Vec::new(), code, message: message.into() }
    }
}

/// Serves the directory at this address for as long as it is polled.
pub async fn serve_directory(listener: TcpListener, rig: &Rig) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // A client that went away again, or a machine that is out of something: neither is for ever.
            sleep(PAUSE).await;
            continue;
        };
        let line = rig.line();
        tokio::spawn(async move {
            converse(stream, &line).await;
            drop(place);
        });
    }
}

/// Answers one connection until it ends, is silent for too long, or says what cannot be understood.
async fn converse(stream: TcpStream, line: &Line) {
    // An answer goes out at once; a connection on which that cannot be had is served all the same.
    drop(stream.set_nodelay(true));
    // The user that it is bound as, by id.
    let mut bound: Option<String> = None;
    while let Ok(Some(frame)) = timeout(PATIENCE, read_frame(&stream)).await {
        let request = match Request::read(&frame) {
            Ok(request) => request,
            Err(problem) => {
                let notice = Reply::disconnection(problem).encode();
                drop(timeout(PATIENCE, write(&stream, &notice)).await);
                return;
            }
        };
        let Some(answer) = answer(request, &mut bound, line).await else { return };
        if !matches!(timeout(PATIENCE, write(&stream, &answer)).await, Ok(Some(()))) {
            return;
        }
    }
}

/// The bytes of the next message; none when there is no other, or one that is too large or is no message.
async fn read_frame(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut frame = vec![0; 2];
    read(stream, &mut frame).await?;
    let more = ber::bytes_of_length(&frame)?;
    let mut at = frame.len();
    frame.resize(at + more, 0);
    read(stream, frame.get_mut(at..)?).await?;
    let length = ber::length(&frame).filter(|length| *length <= MAX_MESSAGE)?;
    at = frame.len();
    frame.resize(at + length, 0);
    read(stream, frame.get_mut(at..)?).await?;
    Some(frame)
}

/// Reads until the buffer is full. None when the connection ends before.
async fn read(stream: &TcpStream, mut buffer: &mut [u8]) -> Option<()> {
    while !buffer.is_empty() {
        stream.readable().await.ok()?;
        match stream.try_read(buffer) {
            Ok(0) => return None,
            Ok(count) => buffer = buffer.get_mut(count..)?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    Some(())
}

/// Writes all of it. None when the connection ends before.
async fn write(stream: &TcpStream, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        stream.writable().await.ok()?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..)?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    Some(())
}

/// What a request is answered with, which may be nothing; none when the connection is to end.
async fn answer(request: Request, bound: &mut Option<String>, line: &Line) -> Option<Vec<u8>> {
    let Request { id, operation, unknown_control } = request;
    let Some(tag) = operation.reply_tag() else {
        // Nothing that could be abandoned is under way: each request is answered before the next one is read.
        return if operation == Operation::Unbind { None } else { Some(Vec::new()) };
    };
    let outcome = if unknown_control {
        Outcome::of(code::UNAVAILABLE_CRITICAL_EXTENSION, "no controls are known here")
    } else {
        let binds = matches!(operation, Operation::Bind { .. });
        let (outcome, user) = line.directory(operation, bound.clone()).await?;
        if binds {
            *bound = user;
        }
        outcome
    };
    let mut answer = Vec::new();
    for entry in outcome.entries {
        answer.extend(Reply::entry(id, entry).encode());
    }
    answer.extend(Reply::result(id, tag, outcome.code, &outcome.message).encode());
    Some(answer)
}

#[cfg(test)]
mod tests;
