//! The user's calls: which must wait, and how each settles, exactly once.

use super::failures;
use super::feature::Feature;
use super::inbox::Outcome;
use super::link::{AfterClose, Link, Permit};
use super::machine::Client;
use super::waiting::{Connect, Receive};
use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::exchange::OperationId;
use crate::protocol::exchange::{ConnectionState, Reply};
use crate::protocol::hub::message::Message;
use crate::protocol::hub::topic;
use crate::protocol::mqtt::{DeliveryId, Resend};
use crate::protocol::publication::Publication;
use crate::protocol::time::Now;

impl Client {
    /// Connects. Settles when CONNACK and the SUBACKs of all wanted features have arrived; while
    /// reconnecting, retries immediately and settles with that attempt.
    ///
    /// # Errors
    ///
    /// After [`Client::shutdown`].
    pub fn connect(&mut self, now: Now) -> Result<OperationId, Error> {
        self.check_open()?;
        self.permit = Permit::Granted;
        let operation = self.io.begin();
        self.waiting.connect(Connect { operation, asks: true });
        self.io.session.subscriptions.ask_again();
        self.need_connection(now);
        self.retry(now);
        self.settle_connects_if_ready();
        Ok(operation)
    }

    /// Disconnects: writes what was queued, sends DISCONNECT and closes the socket. Cancels calls
    /// without a response.
    pub fn disconnect(&mut self, now: Now) -> OperationId {
        self.leave(now, "disconnect")
    }

    /// Disconnects for good.
    pub fn shutdown(&mut self, now: Now) -> OperationId {
        self.permit = Permit::ShutDown;
        self.leave(now, "shutdown")
    }

    /// Sends telemetry. Settles with its PUBACK.
    ///
    /// # Errors
    ///
    /// The message exceeds the hub's limits, too many are waiting, no connection could be opened,
    /// or the client was shut down.
    pub fn send_message(&mut self, now: Now, message: Message<'_>) -> Result<OperationId, Error> {
        #[cfg(feature = "forced-panic")]
        super::forced_panic::panic_if_asked(&message.body);
        self.send(now, message, Resend::UntilAcknowledged)
    }

    /// Sends telemetry that the caller stores until it is acknowledged: it outlives
    /// `operation_timeout`.
    ///
    /// # Errors Like [`Client::send_message`].
    pub fn send_stored(&mut self, now: Now, message: Message<'_>) -> Result<OperationId, Error> {
        self.send(now, message, Resend::UntilAcknowledgedAtLast)
    }

    /// Checks what [`Client::send_message`] would send.
    ///
    /// # Errors The message exceeds the hub's limits.
    pub fn check_message(&self, message: &Message<'_>) -> Result<(), Error> {
        topic::telemetry(&self.config.identity, message).map(|_| ())
    }

    fn send(
        &mut self,
        now: Now,
        message: Message<'_>,
        resend: Resend,
    ) -> Result<OperationId, Error> {
        self.check_can_send()?;
        let topic = topic::telemetry(&self.config.identity, &message)?;
        self.check_pending(self.pending_messages)?;
        self.pending_messages += 1;
        let operation = self.io.begin();
        let tag = Publication::Telemetry(operation);
        self.io.session.publish(topic, message.body, resend, tag);
        self.need_connection(now);
        Ok(operation)
    }

    /// Responds to a method request; `payload` is JSON text. Settles with its PUBACK.
    ///
    /// # Errors The request is not open, no connection could be opened, or the client was shut
    /// down.
    pub fn send_method_response(
        &mut self,
        now: Now,
        request_id: &str,
        status: i32,
        payload: String,
    ) -> Result<OperationId, Error> {
        self.check_can_send()?;
        let operation = self.methods.respond(&mut self.io, request_id, status, payload)?;
        self.need_connection(now);
        Ok(operation)
    }

    /// Responds with status 500 to a request whose handler has failed, unless it was answered
    /// already.
    pub fn fail_method(&mut self, request_id: &str) {
        self.methods.fail(&mut self.io, request_id);
    }

    /// Fetches the twin. Settles with [`Reply::Twin`].
    ///
    /// # Errors
    ///
    /// Too many twin requests are waiting, no connection could be opened, or the client was shut
    /// down.
    pub fn get_twin(&mut self, now: Now) -> Result<OperationId, Error> {
        self.check_can_send()?;
        self.check_pending(self.twin.waiting())?;
        let operation = self.twin.get(&mut self.io);
        self.need_connection(now);
        Ok(operation)
    }

    /// Patches the reported properties; `patch` is JSON text. Settles with the hub's response.
    ///
    /// # Errors
    ///
    /// The patch is not an object or too large; otherwise as for [`Client::get_twin`].
    pub fn patch_reported_properties(
        &mut self,
        now: Now,
        patch: String,
    ) -> Result<OperationId, Error> {
        self.check_can_send()?;
        self.check_pending(self.twin.waiting())?;
        let operation = self.twin.report(&mut self.io, patch)?;
        self.need_connection(now);
        Ok(operation)
    }

    /// The last delivery of desired properties reached no handler: the next connection fetches them
    /// again.
    pub fn forget_delivered_properties(&mut self) {
        self.twin.desired.forget_delivered();
    }

    /// Subscribes to a feature; a failure is a
    /// [`BackgroundException`](crate::protocol::Event::BackgroundException).
    pub fn subscribe(&mut self, now: Now, feature: Feature) {
        if self.permit == Permit::ShutDown {
            return;
        }
        self.repeats.succeeded(feature);
        let is_anew = !self.io.is_wanted(feature);
        self.io.want(feature, true);
        // It was unwanted so briefly that the subscription still exists: there will be no SUBACK.
        if is_anew && feature == Feature::DesiredProperties && self.io.is_subscribed(feature) {
            self.twin.subscribed(&mut self.io);
        }
        if self.config.auto_connect && self.permit == Permit::Granted {
            self.need_connection(now);
        }
    }

    /// Begins a receive call. A blocking call waits until the caller has received something for it
    /// and calls [`Client::end_receive`], or fails if that has become impossible. A non-blocking
    /// call settles when the client is subscribed: with [`Reply::Message`] if it is for messages
    /// and one is waiting, otherwise with [`Reply::Done`].
    ///
    /// # Errors No connection could be opened, or the client was shut down.
    pub fn begin_receive(
        &mut self,
        now: Now,
        feature: Feature,
        block: bool,
    ) -> Result<OperationId, Error> {
        self.check_can_send()?;
        let operation = self.io.begin();
        let call = Receive { operation, feature, block };
        if block && feature == Feature::Messages {
            self.inbox.offer(&mut self.io);
        }
        if self.waiting.receive(&mut self.io, call) {
            self.need_connection(now);
        }
        Ok(operation)
    }

    /// Ends a call that [`Client::begin_receive`] began.
    pub fn end_receive(&mut self, operation: OperationId) {
        self.waiting.end_receive(operation);
    }

    /// Sets whether a handler takes messages. Earlier messages are handed out now.
    pub fn take_messages(&mut self, taken: bool) {
        self.inbox.take(&mut self.io, taken);
    }

    /// A message was handled; with [`Acknowledge::AfterHandler`](super::Acknowledge::AfterHandler).
    pub fn acknowledge(&mut self, now: Now, delivery: DeliveryId) {
        self.inbox.conclude(&mut self.io, now, delivery, Outcome::Handled);
    }

    /// A message could not be handled; the hub will deliver it again.
    pub fn abandon(&mut self, now: Now, delivery: DeliveryId) {
        self.inbox.conclude(&mut self.io, now, delivery, Outcome::Abandoned);
    }

    /// Withdraws a call, which fails if it has not settled. It is not sent, or not resent, but if
    /// it was sent already, it may take effect. Ends a first connection that only this
    /// [`Client::connect`] needs.
    pub fn withdraw(&mut self, now: Now, operation: OperationId) {
        let error = failures::cancelled("abort");
        if self.withdraw_registration(now, operation) {
            return;
        }
        let message = Publication::Telemetry(operation);
        let response = Publication::MethodResponse(Some(operation));
        if self.io.session.withdraw(message) {
            self.settle_publication(message, Err(error));
        } else if self.io.session.withdraw(response) {
            self.settle_publication(response, Err(error));
        } else if let Some(Connect { asks, .. }) = self.waiting.take_connect(operation) {
            self.io.settle(operation, Err(error));
            let is_first = self.connection_state() == ConnectionState::Connecting;
            if asks && is_first && !self.is_connection_needed() {
                self.tokens.ask_anew();
                self.close(now, AfterClose::Stay);
            }
        } else {
            self.twin.withdraw(&mut self.io, operation, &error);
            let is_it = |call: &Receive| call.operation == operation;
            self.waiting.fail_receives(&mut self.io, &error, is_it);
        }
    }

    /// Unsubscribes from a feature.
    pub fn unsubscribe(&mut self, feature: Feature) {
        self.io.want(feature, false);
        if feature == Feature::DesiredProperties {
            self.twin.forget_synchronization(&mut self.io);
        }
        self.settle_connects_if_ready();
    }

    /// Whether an operation that needs the connection may begin.
    pub(super) fn check_can_send(&self) -> Result<(), Error> {
        let is_active = self.connection_state() != ConnectionState::Disconnected;
        match self.permit {
            Permit::ShutDown => Err(failures::shut_down()),
            Permit::Replaced => Err(failures::replaced(ErrorKind::NoConnection)),
            Permit::Granted if is_active || self.config.auto_connect => Ok(()),
            Permit::Granted => Err(failures::no_connection()),
        }
    }

    /// Whether one more call may wait while `waiting` calls of its kind do.
    pub(super) fn check_pending(&self, waiting: usize) -> Result<(), Error> {
        if waiting >= self.config.max_pending_messages {
            return Err(Error::client(format!(
                "{waiting} calls are already waiting, as many as maxPendingMessages allows; await some first"
            )));
        }
        Ok(())
    }

    pub(super) fn check_open(&self) -> Result<(), Error> {
        if self.permit == Permit::ShutDown { Err(failures::shut_down()) } else { Ok(()) }
    }

    /// Whether any call waits for the connection, or a subscription opens it automatically.
    fn is_connection_needed(&self) -> bool {
        let received = [Feature::Messages, Feature::Methods, Feature::DesiredProperties];
        self.waiting.need_connection()
            || self.io.session.has_publishes()
            || self.twin.waiting() > 0
            || (self.config.auto_connect && received.into_iter().any(|it| self.io.is_wanted(it)))
    }

    fn leave(&mut self, now: Now, by: &'static str) -> OperationId {
        let operation = self.io.begin();
        self.tokens.ask_anew();
        // Write what was queued before forgetting it.
        if self.link.is_up() {
            self.io.session.write_all(now.monotonic);
        }
        self.fail_all(&failures::cancelled(by));
        self.waiting.disconnect(operation);
        self.twin.forget_undelivered(&self.io);
        self.io.drop_received();
        if self.connection_state() == ConnectionState::Connected {
            self.io.tell_disconnected(None);
        }
        self.close(now, AfterClose::Stay);
        operation
    }

    pub(super) fn settle_connects_if_ready(&mut self) {
        if matches!(self.link, Link::Up { .. }) && self.io.session.subscriptions.are_settled() {
            self.waiting.settle_connects(&mut self.io);
        }
    }

    /// Fails every waiting call. Returns whether there was one.
    pub(super) fn fail_all(&mut self, error: &Error) -> bool {
        self.twin.forget_synchronization(&mut self.io);
        let mut told = self.waiting.fail_connects(&mut self.io, error);
        told |= self.waiting.fail_receives(&mut self.io, error, |_| true);
        for publication in self.io.session.withdraw_all() {
            told |= self.settle_publication(publication, Err(error.clone()));
        }
        self.twin.fail_all(&mut self.io, error) || told
    }

    /// A publish was acknowledged, or will not be sent or resent. Returns whether it settled a
    /// call.
    pub(super) fn settle_publication(
        &mut self,
        publication: Publication,
        result: Result<Reply, Error>,
    ) -> bool {
        match publication {
            Publication::Telemetry(operation) => {
                self.pending_messages -= 1;
                self.io.settle(operation, result);
                true
            }
            Publication::MethodResponse(operation) => {
                self.methods.response_ended(&mut self.io, operation, result)
            }
            Publication::Registration => false,
            // After the acknowledgement, it still needs its response.
            Publication::Twin(request) => {
                result.is_err_and(|error| self.twin.fail(&mut self.io, request, error))
            }
        }
    }

    pub(super) fn expire_requests(&mut self, now: Now) {
        let Some(limit) = self.config.operation_timeout else {
            return;
        };
        for publication in self.io.session.take_expired_publishes(now.monotonic, limit) {
            let what = match publication {
                Publication::Telemetry(_) => "the message",
                Publication::MethodResponse(_) => "the method response",
                Publication::Twin(_) | Publication::Registration => "the twin request",
            };
            self.settle_publication(publication, Err(failures::timed_out(what)));
        }
        let expired = self.io.session.subscriptions.take_expired(now.monotonic, limit);
        // While the connection closes they do not matter: the next one subscribes again.
        let is_up = self.link.is_up();
        for id in expired.into_iter().filter(|_| is_up) {
            self.subscription_failed(Feature::ALL[id], failures::timed_out("a subscription"));
        }
        self.settle_connects_if_ready();
    }
}
