//! Twin requests, and desired properties without gap or repetition.

use std::collections::VecDeque;

use super::failures::check_size;
use super::publication::{Publication, TwinRequestId};
use super::{Client, Event, Feature, OperationId, Reply};
use crate::protocol::hub::message::MAX_MESSAGE_SIZE;
use crate::protocol::hub::{topic, twin};
use crate::protocol::mqtt::Resend;
use crate::protocol::{Error, Now, json};

#[derive(Debug)]
enum Purpose {
    Get(OperationId),
    Report {
        operation: OperationId,
        patch: String,
    },
    /// The client itself asks, to know the desired properties.
    Synchronize,
}

#[derive(Debug)]
struct TwinRequest {
    id: TwinRequestId,
    purpose: Purpose,
    /// False until the subscription to the answers stands.
    is_published: bool,
}

/// How many patches may wait for the twin.
const MAX_WAITING: usize = 1024;

/// The twin requests without an answer.
#[derive(Debug)]
pub(super) struct TwinRequests {
    /// Keeps late answers to an earlier client of the same device apart.
    prefix: String,
    last: u64,
    /// Sorted by id.
    requests: VecDeque<TwinRequest>,
}

impl TwinRequests {
    pub fn new(seed: u64) -> Self {
        Self { prefix: format!("{seed}-"), last: 0, requests: VecDeque::new() }
    }

    fn request_id(&self, id: TwinRequestId) -> String {
        format!("{}{}", self.prefix, id.0)
    }

    fn take_answered(&mut self, request_id: &str) -> Option<TwinRequest> {
        let id = TwinRequestId(request_id.strip_prefix(&self.prefix)?.parse().ok()?);
        // "+1" and "01" are numbers too, but not what was sent.
        if self.request_id(id) == request_id { self.take(id) } else { None }
    }

    fn take(&mut self, id: TwinRequestId) -> Option<TwinRequest> {
        let index = self.requests.iter().position(|request| request.id == id)?;
        self.requests.remove(index)
    }
}

/// What of the desired properties was delivered.
#[derive(Debug)]
pub(super) struct DesiredProperties {
    ensure: bool,
    delivered: Option<u64>,
    /// Whether a patch was delivered though those before it were missed, as the twin could not be
    /// fetched.
    has_gap: bool,
    /// Patches that wait for the twin, while it is being fetched.
    waiting: Option<Vec<(String, Option<u64>)>>,
}

impl DesiredProperties {
    pub fn new(ensure: bool) -> Self {
        Self { ensure, delivered: None, has_gap: false, waiting: None }
    }

    /// Whether there was something between the last delivery and a patch: the hub counts by one.
    fn leaves_gap(&self, version: Option<u64>) -> bool {
        let next = self.delivered.map(|delivered| delivered.saturating_add(1));
        self.ensure && version.is_some() && version > next
    }

    /// Whether a patch is news; notes its version.
    fn is_news(&mut self, version: Option<u64>) -> bool {
        let (Some(version), Some(delivered)) = (version, self.delivered) else {
            self.delivered = version.or(self.delivered);
            return true;
        };
        // Without the fetch after each connection a lower version can only mean a new twin.
        let old = version == delivered || (self.ensure && version < delivered);
        if !old {
            self.delivered = Some(version);
        }
        !old
    }
}

impl Client {
    /// Asks for the twin. Settles with [`Reply::Twin`].
    ///
    /// # Errors
    ///
    /// No connection that could be opened, or after [`Client::shutdown`].
    pub fn get_twin(&mut self, now: Now) -> Result<OperationId, Error> {
        self.check_can_send()?;
        self.check_pending(self.twin_requests.requests.len())?;
        let operation = self.io.begin();
        self.request_twin(Purpose::Get(operation));
        self.need_connection(now);
        Ok(operation)
    }

    /// Patches the reported properties; `patch` is JSON text. Settles with the hub's answer.
    ///
    /// # Errors
    ///
    /// No connection that could be opened, or after [`Client::shutdown`].
    pub fn patch_reported_properties(
        &mut self,
        now: Now,
        patch: String,
    ) -> Result<OperationId, Error> {
        self.check_can_send()?;
        self.check_pending(self.twin_requests.requests.len())?;
        if !patch.starts_with('{') {
            return Err(Error::invalid_argument("the reported properties must be a JSON object"));
        }
        check_size("the patch of reported properties", patch.len(), MAX_MESSAGE_SIZE)?;
        let operation = self.io.begin();
        self.request_twin(Purpose::Report { operation, patch });
        self.need_connection(now);
        Ok(operation)
    }

    fn request_twin(&mut self, purpose: Purpose) {
        self.io.want(Feature::TwinResponses, true);
        self.twin_requests.last += 1;
        let id = TwinRequestId(self.twin_requests.last);
        self.twin_requests.requests.push_back(TwinRequest { id, purpose, is_published: false });
        if self.io.is_subscribed(Feature::TwinResponses) {
            self.publish_twin_request(self.twin_requests.requests.len() - 1);
        }
    }

    fn publish_twin_request(&mut self, index: usize) {
        let id = self.twin_requests.requests[index].id;
        let request_id = self.twin_requests.request_id(id);
        let request = &mut self.twin_requests.requests[index];
        let (topic, payload) = match &mut request.purpose {
            Purpose::Report { patch, .. } => {
                (topic::reported_patch(&request_id), std::mem::take(patch))
            }
            Purpose::Get(_) | Purpose::Synchronize => (topic::twin_get(&request_id), String::new()),
        };
        request.is_published = true;
        let tag = Publication::Twin(id);
        self.io.session.publish(topic, payload.into(), Resend::UntilRemoved, tag);
    }

    pub(super) fn publish_waiting_twin_requests(&mut self) {
        for index in 0..self.twin_requests.requests.len() {
            if !self.twin_requests.requests[index].is_published {
                self.publish_twin_request(index);
            }
        }
    }

    pub(super) fn twin_response(&mut self, request_id: &str, status: u16, body: &[u8]) {
        // An answer to nobody is one that came too late, or twice.
        let Some(request) = self.twin_requests.take_answered(request_id) else {
            return;
        };
        self.io.session.withdraw(Publication::Twin(request.id));
        let answer = if status < 300 { Ok(body) } else { Err(twin::service_error(status, body)) };
        match request.purpose {
            Purpose::Get(operation) => {
                let twin = answer.and_then(json::text).map(Reply::Twin);
                self.io.settle(operation, twin);
            }
            Purpose::Report { operation, .. } => {
                self.io.settle(operation, answer.map(|_| Reply::Done))
            }
            Purpose::Synchronize => self.synchronized(answer.and_then(json::text)),
        }
    }

    /// Whether any call waits for its answer.
    pub(super) fn any_twin_request(&self) -> bool {
        !self.twin_requests.requests.is_empty()
    }

    /// Gives the request of a call up, if there is one.
    pub(super) fn withdraw_twin_request(&mut self, call: OperationId, error: &Error) {
        let of_call = |request: &&TwinRequest| match request.purpose {
            Purpose::Get(operation) | Purpose::Report { operation, .. } => operation == call,
            Purpose::Synchronize => false,
        };
        if let Some(&TwinRequest { id, .. }) = self.twin_requests.requests.iter().find(of_call) {
            self.io.session.withdraw(Publication::Twin(id));
            self.fail_twin_publication(id, error.clone());
        }
    }

    /// Gives whether anybody was told.
    pub(super) fn fail_twin_publication(&mut self, id: TwinRequestId, error: Error) -> bool {
        let request = self.twin_requests.take(id);
        let is_there = request.is_some();
        if let Some(request) = request {
            self.fail_twin_request(request.purpose, error);
        }
        is_there
    }

    fn fail_twin_request(&mut self, purpose: Purpose, error: Error) {
        match purpose {
            Purpose::Get(operation) | Purpose::Report { operation, .. } => {
                self.io.settle(operation, Err(error));
            }
            Purpose::Synchronize => self.synchronized(Err(error)),
        }
    }

    pub(super) fn fail_twin_requests(&mut self, error: &Error) -> bool {
        let mut told = false;
        for request in std::mem::take(&mut self.twin_requests.requests) {
            self.fail_twin_request(request.purpose, error.clone());
            told = true;
        }
        told
    }

    /// Fetches what was missed: the subscription to desired properties stands, or a patch shows it.
    pub(super) fn synchronize_desired_properties(&mut self) {
        if self.desired.ensure && self.desired.waiting.is_none() {
            self.desired.waiting = Some(Vec::new());
            self.request_twin(Purpose::Synchronize);
        }
    }

    fn synchronized(&mut self, twin: Result<String, Error>) {
        let waiting = self.desired.waiting.take().unwrap_or_default();
        match twin.as_deref().map(twin::desired) {
            Ok(Some((desired, version))) => {
                // After a gap the version was told, but not all that it holds.
                if self.desired.delivered != Some(version) || self.desired.has_gap {
                    self.desired.has_gap = false;
                    self.desired.delivered = Some(version);
                    self.io.emit(Event::DesiredPropertiesReceived(desired.into()));
                }
            }
            Ok(None) => {
                self.io.background(Error::client("the hub sent a twin without desired properties"))
            }
            Err(error) => {
                let error = error.clone();
                self.io.background(
                    Error::client("the desired properties could not be fetched").caused_by(error),
                );
            }
        }
        for (patch, version) in waiting {
            self.desired.has_gap |= self.desired.leaves_gap(version);
            self.deliver_patch(patch, version);
        }
    }

    /// There will be no answer; the next connection fetches the twin anew, and with it all that
    /// waited.
    pub(super) fn forget_synchronization(&mut self) {
        self.desired.waiting = None;
        let Self { io, twin_requests, .. } = self;
        twin_requests.requests.retain(|request| {
            let own = matches!(request.purpose, Purpose::Synchronize);
            if own {
                io.session.withdraw(Publication::Twin(request.id));
            }
            !own
        });
    }

    /// What was delivered last has reached nobody: the next connection fetches it again.
    pub fn forget_delivered_properties(&mut self) {
        self.desired.delivered = None;
    }

    /// What is about to be dropped was not delivered, whatever its version: the next connection
    /// fetches it again.
    pub(super) fn forget_undelivered_properties(&mut self) {
        if self.io.has_undelivered_properties() {
            self.desired.delivered = None;
        }
    }

    pub(super) fn desired_patch(&mut self, patch: String, version: Option<u64>) {
        // A session of the past may still be subscribed; nobody here has asked for it.
        if !self.io.is_wanted(Feature::DesiredProperties) {
            return;
        }
        // A session of the past may bring patches before the subscription stands, after others
        // that were missed.
        if self.desired.leaves_gap(version) {
            self.synchronize_desired_properties();
        }
        if let Some(waiting) = &mut self.desired.waiting {
            waiting.push((patch, version));
            if waiting.len() > MAX_WAITING {
                // A twin that is fetched from now on holds what all of them say.
                self.forget_synchronization();
                self.synchronize_desired_properties();
            }
        } else {
            self.deliver_patch(patch, version);
        }
    }

    fn deliver_patch(&mut self, patch: String, version: Option<u64>) {
        if self.desired.is_news(version) {
            self.io.emit(Event::DesiredPropertiesReceived(patch));
        }
    }
}
