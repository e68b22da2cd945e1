//! Twin requests, each of which is resent on new connections until its response arrives.

use super::desired::DesiredProperties;
use super::failures::check_size;
use super::feature::Feature;
use crate::protocol::error::Error;
use crate::protocol::exchange::OperationId;
use crate::protocol::exchange::Reply;
use crate::protocol::hub::message::MAX_MESSAGE_SIZE;
use crate::protocol::hub::{topic, twin};
use crate::protocol::io::Io;
use crate::protocol::json;
use crate::protocol::mqtt::Resend;
use crate::protocol::publication::{Publication, TwinRequestId};

#[derive(Debug)]
enum Purpose {
    Get(OperationId),
    Report {
        operation: OperationId,
        patch: String,
    },
    /// The client itself fetches the twin, for the desired properties.
    Synchronize,
}

#[derive(Debug)]
struct TwinRequest {
    id: TwinRequestId,
    purpose: Purpose,
    /// False until the subscription to responses is granted.
    is_published: bool,
}

/// The unanswered twin requests, and the desired properties.
#[derive(Debug)]
pub(super) struct Twin {
    /// Distinguishes late responses to an earlier client of the same device.
    prefix: String,
    last: u64,
    /// Sorted by id.
    requests: Vec<TwinRequest>,
    pub desired: DesiredProperties,
}

impl Twin {
    pub fn new(seed: u64, ensure_desired_properties: bool) -> Self {
        Self {
            prefix: format!("{seed}-"),
            last: 0,
            requests: Vec::new(),
            desired: DesiredProperties::new(ensure_desired_properties),
        }
    }

    /// How many requests are unanswered.
    pub fn waiting(&self) -> usize {
        self.requests.len()
    }

    pub fn get(&mut self, io: &mut Io) -> OperationId {
        let operation = io.begin();
        self.request(io, Purpose::Get(operation));
        operation
    }

    pub fn report(&mut self, io: &mut Io, patch: String) -> Result<OperationId, Error> {
        if !patch.starts_with('{') {
            return Err(Error::invalid_argument("the reported properties must be a JSON object"));
        }
        check_size("the patch of reported properties", patch.len(), MAX_MESSAGE_SIZE)?;
        let operation = io.begin();
        self.request(io, Purpose::Report { operation, patch });
        Ok(operation)
    }

    /// The subscription to responses was granted.
    pub fn publish_waiting(&mut self, io: &mut Io) {
        for request in self.requests.iter_mut().filter(|request| !request.is_published) {
            request.publish(&self.prefix, io);
        }
    }

    pub fn answered(&mut self, io: &mut Io, request_id: &str, status: u32, body: &[u8]) {
        // A response without a request came too late, or twice.
        let Some(request) = self.take_answered(request_id) else {
            return;
        };
        io.session.withdraw(Publication::Twin(request.id));
        let answer = if status < 300 { Ok(body) } else { Err(twin::service_error(status, body)) };
        match request.purpose {
            Purpose::Get(operation) => {
                let twin = answer.and_then(json::text).map(Reply::Twin);
                io.settle(operation, twin);
            }
            Purpose::Report { operation, .. } => io.settle(operation, answer.map(|_| Reply::Done)),
            Purpose::Synchronize => self.desired.fetched(io, answer.and_then(json::text)),
        }
    }

    /// Withdraws the request of a call, if there is one.
    pub fn withdraw(&mut self, io: &mut Io, call: OperationId, error: &Error) {
        let of_call = |request: &&TwinRequest| match request.purpose {
            Purpose::Get(operation) | Purpose::Report { operation, .. } => operation == call,
            Purpose::Synchronize => false,
        };
        if let Some(&TwinRequest { id, .. }) = self.requests.iter().find(of_call) {
            io.session.withdraw(Publication::Twin(id));
            self.fail(io, id, error.clone());
        }
    }

    /// A request will not be sent or resent. Returns whether it settled a call.
    pub fn fail(&mut self, io: &mut Io, id: TwinRequestId, error: Error) -> bool {
        let Some(request) = self.take(id) else {
            return false;
        };
        self.fail_request(io, request.purpose, error);
        true
    }

    /// Fails every request. Returns whether any call settled.
    pub fn fail_all(&mut self, io: &mut Io, error: &Error) -> bool {
        let requests = std::mem::take(&mut self.requests);
        let told = !requests.is_empty();
        for request in requests {
            self.fail_request(io, request.purpose, error.clone());
        }
        told
    }

    /// The subscription to desired properties was granted.
    pub fn subscribed(&mut self, io: &mut Io) {
        self.desired.forget_failure();
        self.synchronize(io);
    }

    /// Fetches what was missed.
    pub fn synchronize(&mut self, io: &mut Io) {
        if self.desired.await_twin() {
            self.request(io, Purpose::Synchronize);
        }
    }

    /// The twin's desired properties are no longer needed.
    pub fn forget_synchronization(&mut self, io: &mut Io) {
        self.desired.stop_waiting();
        self.requests.retain(|request| {
            let own = matches!(request.purpose, Purpose::Synchronize);
            if own {
                io.session.withdraw(Publication::Twin(request.id));
            }
            !own
        });
    }

    /// A patch of the desired properties arrived.
    pub fn patched(&mut self, io: &mut Io, patch: String, version: Option<u64>) {
        // An earlier session may still be subscribed, although this client is not.
        if !io.is_wanted(Feature::DesiredProperties) {
            return;
        }
        // An earlier session may deliver patches before the subscription is granted, after others
        // that were missed.
        if self.desired.leaves_gap(version) {
            self.synchronize(io);
        }
        if self.desired.patched(io, patch, version) {
            // A twin fetched from now on contains all of them.
            self.forget_synchronization(io);
            self.synchronize(io);
        }
    }

    /// The properties that will be dropped were not delivered, whatever their version.
    pub fn forget_undelivered(&mut self, io: &Io) {
        if io.has_undelivered_properties() {
            self.desired.forget_delivered();
        }
    }

    fn request(&mut self, io: &mut Io, purpose: Purpose) {
        io.want(Feature::TwinResponses, true);
        self.last += 1;
        let mut request =
            TwinRequest { id: TwinRequestId(self.last), purpose, is_published: false };
        if io.is_subscribed(Feature::TwinResponses) {
            request.publish(&self.prefix, io);
        }
        self.requests.push(request);
    }

    fn fail_request(&mut self, io: &mut Io, purpose: Purpose, error: Error) {
        match purpose {
            Purpose::Get(operation) | Purpose::Report { operation, .. } => {
                io.settle(operation, Err(error));
            }
            Purpose::Synchronize => self.desired.fetched(io, Err(error)),
        }
    }

    fn take_answered(&mut self, request_id: &str) -> Option<TwinRequest> {
        let id = TwinRequestId(request_id.strip_prefix(&self.prefix)?.parse().ok()?);
        // "+1" and "01" are numbers too, but not what was sent.
        if id.text(&self.prefix) == request_id { self.take(id) } else { None }
    }

    fn take(&mut self, id: TwinRequestId) -> Option<TwinRequest> {
        let index = self.requests.iter().position(|request| request.id == id)?;
        Some(self.requests.remove(index))
    }
}

impl TwinRequest {
    fn publish(&mut self, prefix: &str, io: &mut Io) {
        let request_id = self.id.text(prefix);
        let (topic, payload) = match &mut self.purpose {
            Purpose::Report { patch, .. } => {
                (topic::reported_patch(&request_id), std::mem::take(patch))
            }
            Purpose::Get(_) | Purpose::Synchronize => (topic::twin_get(&request_id), String::new()),
        };
        self.is_published = true;
        let tag = Publication::Twin(self.id);
        io.session.publish(topic, payload.into(), Resend::UntilRemoved, tag);
    }
}

impl TwinRequestId {
    /// The id that the hub uses for the request.
    fn text(self, prefix: &str) -> String {
        format!("{prefix}{}", self.0)
    }
}
