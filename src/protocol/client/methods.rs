//! Direct methods: each request is answered at most once.

use std::collections::VecDeque;
use std::time::Duration;

use super::receiving::json_text;
use super::{Client, Event, MethodRequest, failures};
use crate::protocol::mqtt::MAX_TOPIC;
use crate::protocol::{Error, Instant, Now};

/// How many requests may wait for an answer, and how many answers for their acknowledgement.
const MAX_OPEN: usize = 1024;

/// How long the hub waits for an answer at most.
///
/// Source: [direct methods](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-direct-methods).
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How long a request's identifier may be: the topic of the answer holds it, with some more.
const MAX_REQUEST_ID: usize = MAX_TOPIC - 64;

/// The requests that have not been answered, and since when; `None` if the connection that brought
/// them has ended.
#[derive(Debug, Default)]
pub(super) struct OpenRequests(VecDeque<(String, Option<Instant>)>);

impl OpenRequests {
    /// Gives false if there is no place for one more.
    fn open(&mut self, now: Instant, request_id: &str) -> bool {
        // The hub counts anew on each connection: an equal one is another.
        self.0.retain(|(open, _)| open != request_id);
        if self.0.len() == MAX_OPEN {
            // Some handlers never answer; the oldest makes room if the hub has given it up.
            if let Some((_, Some(since))) = self.0.front()
                && now - *since < LONGEST_WAIT
            {
                return false;
            }
            self.0.pop_front();
        }
        self.0.push_back((request_id.into(), Some(now)));
        true
    }

    /// Takes a request out, to answer it.
    pub fn close(&mut self, request_id: &str) -> Result<(), Error> {
        let index = self.0.iter().position(|(open, _)| open == request_id).ok_or_else(|| {
            Error::client("this method request was answered already, or never made to this client")
        })?;
        match self.0.remove(index) {
            Some((_, None)) => Err(failures::dropped(
                "and with it the method request: the hub does not wait for its answer any more",
            )),
            _ => Ok(()),
        }
    }

    /// Whether the hub waits for an answer.
    pub fn any_awaited(&self) -> bool {
        self.0.iter().any(|(_, since)| since.is_some())
    }

    pub fn connection_ended(&mut self) {
        for (_, since) in &mut self.0 {
            *since = None;
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

    pub(super) fn method_called(
        &mut self,
        now: Now,
        name: String,
        request_id: &str,
        payload: &[u8],
    ) {
        // A hub that takes no answers gets no more of them.
        if self.calls.pending_responses >= MAX_OPEN {
            return;
        }
        if request_id.len() > MAX_REQUEST_ID {
            return self.background(Error::client(
                "a method was called with a request identifier too long for an answer; it was ignored",
            ));
        }
        let request_id = request_id.to_owned();
        let payload = if payload.is_empty() { Ok("null".into()) } else { json_text(payload) };
        match payload {
            Ok(_) if !self.methods.open(now.monotonic, &request_id) => {
                self.publish_method_response(&request_id, 503, "null".into(), None);
            }
            Ok(payload) => {
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
