//! Passes incoming bytes to the session, and the session's events to the parts that they concern.

use super::failures;
use super::feature::Feature;
use super::link::{AfterClose, Link};
use super::machine::Client;
use super::timers::Timer;
use super::waiting::Receive;
use crate::protocol::error::Error;
use crate::protocol::exchange::Reply;
use crate::protocol::hub::message::Message;
use crate::protocol::hub::properties;
use crate::protocol::hub::topic::{self, Route};
use crate::protocol::json;
use crate::protocol::mqtt::{self, Delivery, ProtocolViolation};
use crate::protocol::time::Now;

impl Client {
    pub(super) fn received(&mut self, now: Now, bytes: &[u8]) {
        let listening = match self.link {
            Link::Handshaking(_) | Link::Up { .. } | Link::Draining { .. } => true,
            // Acknowledgements may still arrive; what they acknowledge need not be resent.
            Link::Closing(after) => after != AfterClose::Stay,
            Link::Down
            | Link::Registering(_)
            | Link::AwaitingToken(_)
            | Link::Opening(_)
            | Link::Waiting(_) => false,
        };
        if listening {
            self.io.session.receive(bytes);
            if let Err(violation) = self.drain_session(now) {
                self.violated(now, failures::protocol_violation(&violation.to_string()));
            }
        }
    }

    pub(super) fn delivered(&mut self, now: Now, delivery: Delivery) {
        match topic::route(&self.config.identity, &delivery.topic) {
            Some(Route::Message { input_name, bag }) => {
                let mut properties = properties::decode(bag);
                properties.input_name = input_name.map(|name| name.to_owned().into());
                let message = Message { body: delivery.payload, properties };
                return self.inbox.arrived(&mut self.io, delivery.id, message);
            }
            Some(Route::MethodRequest { name, request_id }) => {
                self.methods.called(&mut self.io, now, name, request_id, &delivery.payload);
            }
            Some(Route::TwinResponse { status, request_id }) => {
                self.twin.answered(&mut self.io, request_id, status, &delivery.payload);
            }
            Some(Route::DesiredPatch { version }) => match json::text(&delivery.payload) {
                Ok(patch) => self.twin.patched(&mut self.io, patch, version),
                Err(error) => self.io.background(error),
            },
            None => self.io.background(Error::client(
                "the hub sent a message on a topic that is not this client's; it was ignored",
            )),
        }
        if let Some(id) = delivery.id {
            self.io.session.acknowledge(now.monotonic, id);
        }
    }

    /// The events of the session, as long as there are any.
    fn drain_session(&mut self, now: Now) -> Result<(), ProtocolViolation> {
        while let Some(event) = self.io.session.poll_event(now.monotonic)? {
            match event {
                mqtt::Event::Accepted => self.accepted(now),
                mqtt::Event::Refused(code) => self.refused(now, code),
                mqtt::Event::Acknowledged(publication) => {
                    self.settle_publication(publication, Ok(Reply::Done));
                }
                mqtt::Event::Subscribed { id, granted } => {
                    self.subscribed(Feature::ALL[id], granted);
                }
                mqtt::Event::Delivered(delivery) => self.delivered(now, delivery),
            }
        }
        Ok(())
    }

    fn subscribed(&mut self, feature: Feature, granted: bool) {
        if granted {
            self.repeats.succeeded(feature);
            self.waiting.fulfil_receives(&mut self.io, feature);
            match feature {
                Feature::TwinResponses => self.twin.publish_waiting(&mut self.io),
                Feature::DesiredProperties if self.io.is_wanted(feature) => {
                    self.twin.subscribed(&mut self.io);
                }
                _ => {}
            }
        } else {
            let what = match feature {
                Feature::Messages => "messages",
                Feature::Methods => "direct methods",
                Feature::DesiredProperties => "desired properties",
                Feature::TwinResponses => "twin responses",
            };
            self.subscription_failed(feature, failures::subscription_refused(what));
        }
        self.settle_connects_if_ready();
    }

    pub(super) fn subscription_failed(&mut self, feature: Feature, error: Error) {
        let told = match feature {
            Feature::TwinResponses => self.twin.fail_all(&mut self.io, &error),
            _ => {
                let of_feature = |call: &Receive| call.feature == feature;
                let told = self.waiting.fail_receives(&mut self.io, &error, of_feature);
                self.waiting.fail_connects(&mut self.io, &error) || told
            }
        };
        let is_news = self.repeats.failed(feature);
        if !told && is_news {
            self.io.background(error);
        }
    }

    /// Starts the timer that repeats failed requests, after a wait that grows as long as any fails.
    pub(super) fn watch_failures(&mut self, now: Now) {
        let subscriptions = &self.io.session.subscriptions;
        if subscriptions.any_failed() || self.lacks_desired_properties() {
            if self.timers.at(Timer::Repeat).is_none() {
                self.repeats.backoff.failed();
                let pause = self.repeats.backoff.pause(&self.config);
                self.timers.set(Timer::Repeat, Some(now.monotonic + pause));
            }
        } else if subscriptions.are_settled() && !self.twin.desired.awaits_twin() {
            self.repeats.backoff.reset();
            self.timers.set(Timer::Repeat, None);
        }
    }

    /// [`Timer::Repeat`] has fired.
    pub(super) fn repeat(&mut self) {
        // Before a renewal nothing new is sent, and after it everything is requested anyway.
        let Link::Up { .. } = self.link else { return };
        self.io.session.subscriptions.ask_again();
        if self.lacks_desired_properties() {
            self.twin.synchronize(&mut self.io);
        }
    }

    /// A twin fetched before the subscription was granted may be out of date afterwards.
    fn lacks_desired_properties(&self) -> bool {
        self.twin.desired.needs_twin() && self.io.is_subscribed(Feature::DesiredProperties)
    }
}
