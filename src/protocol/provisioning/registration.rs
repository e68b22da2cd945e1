//! One call of register: its requests, and when it ends.

use bytes::Bytes;
use std::time::Duration;

use super::answer::{self, Progress};
use super::failures;
use super::machine::{Registrar, State};
use crate::protocol::error::Error;
use crate::protocol::exchange::{OperationId, Reply};
use crate::protocol::json;
use crate::protocol::mqtt::{Delivery, Resend};
use crate::protocol::publication::Publication;
use crate::protocol::time::{Instant, Now};

/// How long the response to a request may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait between two requests if the service does not say: it accepts five in ten
/// seconds from a device.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// The longest wait before a retry, unless the service requests a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A call, until it has settled.
#[derive(Debug)]
pub(super) struct Registration {
    pub operation: OperationId,
    body: String,
    /// The deadline of the call.
    pub deadline: Option<Instant>,
    /// Whether the service was reached. If it was, a failed connection is retried.
    pub reached: bool,
    /// The id that the service has given it. A registration costs money, a request for its state
    /// does not: so the next connection continues with this id.
    operation_id: Option<String>,
    /// The earliest time that the service accepts another request, on any connection.
    not_before: Instant,
    /// The last problem, which becomes the `cause` of a timeout.
    pub problem: Option<Error>,
    /// The result to settle with when the socket has closed.
    pub result: Option<Result<String, Error>>,
}

impl Registrar {
    /// Registers the device. `payload` is a JSON object for the service's allocation function.
    /// Settles with [`Reply::Registration`] when its connection is closed.
    ///
    /// # Errors Another registration is running.
    pub fn register(
        &mut self,
        now: Now,
        payload: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<OperationId, Error> {
        if self.registration.is_some() {
            return Err(failures::runs_already());
        }
        let mut body = format!(
            "{{\"registrationId\":{}",
            json::quote(&self.config.registrant.registration_id)
        );
        if let Some(payload) = payload {
            body.push_str(",\"payload\":");
            body.push_str(payload);
        }
        if let Some(csr) = &self.config.registrant.csr {
            body.push_str(",\"csr\":");
            body.push_str(&json::quote(csr));
        }
        body.push('}');
        let operation = self.io.begin();
        self.registration = Some(Registration {
            operation,
            body,
            deadline: timeout.map(|timeout| now.monotonic + timeout),
            reached: false,
            operation_id: None,
            not_before: now.monotonic,
            problem: None,
            result: None,
        });
        self.backoff.reset();
        self.dial(now);
        Ok(operation)
    }

    /// Ends the running call immediately. Returns the result if the service has sent it already.
    pub fn withdraw(&mut self) -> Option<String> {
        let result = self.registration.as_mut().and_then(|it| it.result.take());
        self.end(Err(failures::cancelled("abort")));
        result?.ok()
    }

    /// The call has reached its deadline.
    pub(super) fn timed_out(&mut self) {
        let problem = self.registration.as_mut().and_then(|it| it.problem.take());
        self.end(Err(match problem {
            Some(problem) => failures::timed_out().caused_by(problem),
            None => failures::timed_out(),
        }));
    }

    /// Requests the registration or, once the service knows it, its state: immediately, or when the
    /// service accepts the next request.
    pub(super) fn ask(&mut self, now: Now) {
        let Some(registration) = &self.registration else { return };
        if now.monotonic < registration.not_before {
            return self.enter(State::Pausing, Some(registration.not_before));
        }
        self.last_request = self.last_request.wrapping_add(1);
        let rid = self.last_request;
        let (topic, body) = match &registration.operation_id {
            None => {
                let topic = format!("$dps/registrations/PUT/iotdps-register/?$rid={rid}");
                (topic, registration.body.clone().into())
            }
            Some(id) => {
                let topic = format!(
                    "$dps/registrations/GET/iotdps-get-operationstatus/?$rid={rid}&operationId={id}"
                );
                (topic, Bytes::new())
            }
        };
        self.io.session.publish(topic, body, Resend::Never, Publication::Registration);
        self.enter_for(now, State::Asking, ANSWER_TIMEOUT);
    }

    pub(super) fn delivered(&mut self, now: Now, delivery: &Delivery) {
        if let Some(id) = delivery.id {
            self.io.session.acknowledge(now.monotonic, id);
        }
        let Some(answer) = answer::route(&delivery.topic) else { return };
        let is_awaited = answer.request_id == self.last_request.to_string();
        if self.state != State::Asking || !is_awaited {
            return;
        }
        let wants_certificate = self.config.registrant.csr.is_some();
        let retry_after = answer.retry_after.map(Duration::from_secs);
        match answer.status {
            ..300 => match answer::progress(answer.status, &delivery.payload, wants_certificate) {
                Ok(Progress::Ended(result)) => self.finish(now, result),
                Ok(Progress::Assigning(id)) => self.goes_on(now, id, retry_after),
                Err(_) => self.finish(now, Err(failures::not_understood("is not JSON"))),
            },
            429 | 500.. => {
                let pause = self.pause_after_failure().max(retry_after.unwrap_or_default());
                self.note(failures::answered(answer.status, &delivery.payload));
                self.ask_after(now, pause);
            }
            status => self.finish(now, Err(failures::answered(status, &delivery.payload))),
        }
    }

    fn goes_on(&mut self, now: Now, id: Option<String>, retry_after: Option<Duration>) {
        let Some(registration) = &mut self.registration else { return };
        registration.operation_id = id.or(registration.operation_id.take());
        if registration.operation_id.is_none() {
            return self.finish(now, Err(failures::not_understood("has no operationId")));
        }
        registration.problem = None;
        self.backoff.reset();
        self.ask_after(now, retry_after.filter(|pause| !pause.is_zero()).unwrap_or(PAUSE));
    }

    fn ask_after(&mut self, now: Now, pause: Duration) {
        if let Some(registration) = &mut self.registration {
            registration.not_before = now.monotonic + pause;
        }
        self.ask(now);
    }

    /// Stores the last problem.
    pub(super) fn note(&mut self, problem: Error) {
        if let Some(registration) = &mut self.registration {
            registration.problem = Some(problem);
        }
    }

    /// How long to wait before a retry.
    pub(super) fn pause_after_failure(&mut self) -> Duration {
        self.backoff.failed();
        self.backoff.wait(PAUSE, LONGEST_PAUSE)
    }

    /// Settles the call: there is no socket any more.
    pub(super) fn settle(&mut self, result: Result<String, Error>) {
        if let Some(Registration { operation, .. }) = self.registration.take() {
            self.io.settle(operation, result.map(Reply::Registration));
        }
    }
}
