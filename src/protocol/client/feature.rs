//! What a client can receive.

use crate::protocol::hub::identity::Identity;
use crate::protocol::hub::topic;
use crate::protocol::io::Io;
use crate::protocol::mqtt::SubscriptionId;

/// What a client can receive; each has one topic filter, subscribed to on first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Cloud-to-device messages, or a module's input messages.
    Messages,
    /// Direct methods.
    Methods,
    /// Patches of the desired properties.
    DesiredProperties,
    /// Responses to twin requests; the client itself subscribes.
    TwinResponses,
}

impl Feature {
    pub(super) const ALL: [Self; 4] =
        [Self::Messages, Self::Methods, Self::DesiredProperties, Self::TwinResponses];

    /// The name of its subscription, which is its place in [`Feature::ALL`].
    pub(super) fn id(self) -> SubscriptionId {
        self as SubscriptionId
    }

    /// The topic filter for it.
    pub(super) fn filter(self, identity: &Identity) -> String {
        match self {
            Self::Messages => topic::messages_filter(identity),
            Self::Methods => topic::methods_filter(),
            Self::DesiredProperties => topic::desired_patches_filter(),
            Self::TwinResponses => topic::twin_responses_filter(),
        }
    }
}

impl Io {
    /// Sets whether a feature is wanted.
    pub(super) fn want(&mut self, feature: Feature, wanted: bool) {
        self.session.subscriptions.want(feature.id(), wanted);
    }

    pub(super) fn is_wanted(&self, feature: Feature) -> bool {
        self.session.subscriptions.is_wanted(feature.id())
    }

    /// Whether its filter was granted on the current connection.
    pub(super) fn is_subscribed(&self, feature: Feature) -> bool {
        self.session.subscriptions.is_granted(feature.id())
    }
}
