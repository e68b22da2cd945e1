//! One call of register: what is asked, and when it ends.

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

/// How long the answer to a request may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait between two requests, where the service does not say: it takes five in ten
/// seconds of a device.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// How long it waits at most before what has failed is tried again, where the service says nothing
/// longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A call, until it has settled.
#[derive(Debug)]
pub(super) struct Registration {
    pub operation: OperationId,
    body: String,
    /// When it has to have ended.
    pub deadline: Option<Instant>,
    /// Whether the service was reached. If it was, a failed connection is retried.
    pub reached: bool,
    /// By what the service knows it. A registration costs money, to ask for its state does not: so
    /// it goes on with that on another connection, too.
    operation_id: Option<String>,
    /// The service wants no request before, on whatever connection.
    not_before: Instant,
    /// Why it has not ended yet.
    pub problem: Option<Error>,
    /// How it ends when the socket has closed.
    pub result: Option<Result<String, Error>>,
}

impl Registrar {
    /// Registers the device. `payload` is a JSON object for the service's allocation function.
    /// Settles with [`Reply::Registration`] when the connection that was made for it is closed.
    ///
    /// # Errors
    ///
    /// While another one runs.
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

    /// Ends the call that runs, at once. Returns the result if the service has sent it already.
    pub fn withdraw(&mut self) -> Option<String> {
        let result = self.registration.as_mut().and_then(|it| it.result.take());
        self.end(Err(failures::cancelled("abort")));
        result?.ok()
    }

    /// The call has taken as long as it may.
    pub(super) fn timed_out(&mut self) {
        let problem = self.registration.as_mut().and_then(|it| it.problem.take());
        self.end(Err(match problem {
            Some(problem) => failures::timed_out().caused_by(problem),
            None => failures::timed_out(),
        }));
    }

    /// Asks for the registration or, once the service knows it, for what has become of it: at once,
    /// or when it may.
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

    /// Remembers why it goes on for longer.
    pub(super) fn note(&mut self, problem: Error) {
        if let Some(registration) = &mut self.registration {
            registration.problem = Some(problem);
        }
    }

    /// How long to wait before what has failed is tried again.
    pub(super) fn pause_after_failure(&mut self) -> Duration {
        self.backoff.failed();
        self.backoff.wait(PAUSE, LONGEST_PAUSE)
    }

    /// Tells how the call has ended: there is no socket any more.
    pub(super) fn settle(&mut self, result: Result<String, Error>) {
        if let Some(Registration { operation, .. }) = self.registration.take() {
            self.io.settle(operation, result.map(Reply::Registration));
        }
    }
}
