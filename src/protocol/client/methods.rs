//! Direct methods: each request is answered at most once.

use std::time::Duration;

use super::failures::{self, check_size};
use crate::protocol::error::Error;
use crate::protocol::exchange::OperationId;
use crate::protocol::exchange::{Event, MethodRequest, Reply};
use crate::protocol::hub::topic;
use crate::protocol::io::Io;
use crate::protocol::json;
use crate::protocol::mqtt::{MAX_TOPIC, Resend};
use crate::protocol::publication::Publication;
use crate::protocol::time::{Instant, Now};

/// How many requests may wait for a response, and how many responses for their acknowledgement.
const MAX_OPEN: usize = 1024;

/// The longest time that the hub waits for a response.
///
/// Source: [direct methods](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-direct-methods).
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How long a request's identifier may be: the topic of the response contains it.
const MAX_REQUEST_ID: usize = MAX_TOPIC - 64;

/// The largest payload of a method response, in bytes.
///
/// Source: [IoT Hub quotas](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling).
const MAX_METHOD_PAYLOAD: usize = 131_072;

/// A request that has not been answered.
#[derive(Debug)]
struct OpenRequest {
    /// The id that the user responds with.
    name: String,
    /// The id that the hub uses.
    request_id: String,
    /// When it arrived; `None` if its connection has ended.
    since: Option<Instant>,
}

/// The requests without a response, and the responses that were not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Methods {
    requests: Vec<OpenRequest>,
    /// Responses without their acknowledgement.
    responses: usize,
    connections_ended: u64,
}

impl Methods {
    pub fn called(
        &mut self,
        io: &mut Io,
        now: Now,
        name: String,
        request_id: &str,
        payload: &[u8],
    ) {
        // If the hub does not acknowledge responses, stop sending them.
        if self.responses >= MAX_OPEN {
            return;
        }
        if request_id.len() > MAX_REQUEST_ID {
            return io.background(Error::client(
                "a method was called with a request identifier too long for an answer; it was ignored",
            ));
        }
        let payload = if payload.is_empty() { Ok("null".into()) } else { json::text(payload) };
        match payload {
            Ok(payload) => match self.open(now.monotonic, request_id) {
                Some(request_id) => {
                    io.emit(Event::MethodCalled(MethodRequest { request_id, name, payload }));
                }
                None => self.publish(io, request_id, 503, "null".into(), None),
            },
            Err(error) => {
                self.publish(io, request_id, 400, "null".into(), None);
                io.background(
                    Error::client("a method was called with a payload that is not JSON; it was answered with 400")
                        .caused_by(error),
                );
            }
        }
    }

    pub fn respond(
        &mut self,
        io: &mut Io,
        name: &str,
        status: i32,
        payload: String,
    ) -> Result<OperationId, Error> {
        check_size("the method response", payload.len(), MAX_METHOD_PAYLOAD)?;
        let request_id = self.close(name)?;
        let operation = io.begin();
        self.publish(io, &request_id, status, payload, Some(operation));
        Ok(operation)
    }

    /// The handler of a request has failed.
    pub fn fail(&mut self, io: &mut Io, name: &str) {
        if let Ok(request_id) = self.close(name)
            && io.session.is_open()
        {
            self.publish(io, &request_id, 500, "null".into(), None);
        }
    }

    /// A response was acknowledged, or will not be sent. Returns whether it settled a call.
    pub fn response_ended(
        &mut self,
        io: &mut Io,
        operation: Option<OperationId>,
        result: Result<Reply, Error>,
    ) -> bool {
        self.responses -= 1;
        if let Some(operation) = operation {
            io.settle(operation, result);
        }
        operation.is_some()
    }

    /// Whether the hub is waiting for a response.
    pub fn any_awaited(&self) -> bool {
        self.requests.iter().any(|open| open.since.is_some())
    }

    pub fn connection_ended(&mut self) {
        self.connections_ended += 1;
        for open in &mut self.requests {
            open.since = None;
        }
    }

    /// Returns the name to respond with, or `None` if there is no room for one more. On each
    /// connection, the hub counts again from the start. After the first connection, the name
    /// therefore includes the connection, so that a late response never reaches a later request.
    fn open(&mut self, now: Instant, request_id: &str) -> Option<String> {
        if self.requests.len() == MAX_OPEN {
            // Some handlers never respond; the oldest request makes room if the hub has given it
            // up.
            if let Some(OpenRequest { since: Some(since), .. }) = self.requests.first()
                && now - *since < LONGEST_WAIT
            {
                return None;
            }
            self.requests.remove(0);
        }
        let name = match self.connections_ended {
            0 => request_id.to_owned(),
            ended => format!("{request_id}.{ended}"),
        };
        let request_id = request_id.to_owned();
        self.requests.push(OpenRequest { name: name.clone(), request_id, since: Some(now) });
        Some(name)
    }

    /// Removes a request, to respond to it. Returns the hub's id.
    fn close(&mut self, name: &str) -> Result<String, Error> {
        let index = self.requests.iter().position(|open| open.name == name);
        match index.map(|index| self.requests.remove(index)) {
            None => Err(Error::client(
                "this method request was answered already, or was never sent to this client",
            )),
            Some(OpenRequest { since: None, .. }) => Err(failures::dropped(
                "and with it the method request: the hub no longer waits for its response",
            )),
            Some(OpenRequest { request_id, .. }) => Ok(request_id),
        }
    }

    fn publish(
        &mut self,
        io: &mut Io,
        request_id: &str,
        status: i32,
        payload: String,
        operation: Option<OperationId>,
    ) {
        self.responses += 1;
        let topic = topic::method_response(status, request_id);
        let tag = Publication::MethodResponse(operation);
        io.session.publish(topic, payload.into(), Resend::Never, tag);
    }
}
