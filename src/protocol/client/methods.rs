//! Direct methods: each request is answered at most once.

use std::collections::VecDeque;

use super::receiving::json_text;
use super::{Client, Event, MethodRequest, failures};
use crate::protocol::Error;
use crate::protocol::mqtt::MAX_TOPIC;

/// How many requests may wait for an answer. The hub gives up on each after at most five minutes.
const MAX_OPEN: usize = 1024;

/// How long a request's identifier may be: the topic of the answer holds it, with some more.
const MAX_REQUEST_ID: usize = MAX_TOPIC - 64;

/// The requests that have not been answered, and whether the connection that brought them stands.
#[derive(Debug, Default)]
pub(super) struct OpenRequests(VecDeque<(String, bool)>);

impl OpenRequests {
    fn open(&mut self, request_id: &str) {
        // The hub counts anew on each connection: an equal one is another.
        self.0.retain(|(open, _)| open != request_id);
        if self.0.len() == MAX_OPEN {
            self.0.pop_front();
        }
        self.0.push_back((request_id.into(), true));
    }

    /// Takes a request out, to answer it.
    pub fn close(&mut self, request_id: &str) -> Result<(), Error> {
        let index = self.0.iter().position(|(open, _)| open == request_id).ok_or_else(|| {
            Error::client("this method request was answered already, or never made to this client")
        })?;
        match self.0.remove(index) {
            Some((_, false)) => Err(failures::dropped(
                "and with it the method request: the hub does not wait for its answer any more",
            )),
            _ => Ok(()),
        }
    }

    /// Whether the hub waits for an answer.
    pub fn any_awaited(&self) -> bool {
        self.0.iter().any(|(_, stands)| *stands)
    }

    pub fn connection_ended(&mut self) {
        for (_, stands) in &mut self.0 {
            *stands = false;
        }
    }
}

impl Client {
    /// Answers a request with status 500, unless it was answered: its handler has failed.
    pub fn fail_method(&mut self, request_id: &str) {
        if self.methods.close(request_id).is_ok() && self.link.is_up() {
            self.publish_method_response(request_id, 500, "null".into(), None);
        }
    }

    pub(super) fn method_called(&mut self, name: String, request_id: &str, payload: &[u8]) {
        if request_id.len() > MAX_REQUEST_ID {
            return self.background(Error::client(
                "a method was called with a request identifier too long for an answer; it was ignored",
            ));
        }
        let request_id = request_id.to_owned();
        let payload = if payload.is_empty() { Ok("null".into()) } else { json_text(payload) };
        match payload {
            Ok(payload) => {
                self.methods.open(&request_id);
                self.emit(Event::MethodCalled(MethodRequest { request_id, name, payload }));
            }
            Err(error) => {
                self.publish_method_response(&request_id, 400, "null".into(), None);
                self.background(
                    Error::client("a method was called with a payload that is not JSON; it was answered with 400")
                        .caused_by(error),
                );
            }
        }
    }
}
