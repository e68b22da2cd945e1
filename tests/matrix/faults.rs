//! What can go wrong, at which step, and how often it did.

use std::fmt;

use crate::packets::Sent;
use Fault::*;

/// An enum that knows its variants.
macro_rules! listed {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$what])* $variant,)* }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

listed! {
    /// Something that goes wrong.
    pub enum Fault {
        /// The connection closes before the packet arrives.
        CloseBefore,
        /// The packet takes effect, then the connection closes: no answer comes.
        CloseAfter,
        /// From this packet on nothing arrives any more, and nothing says so.
        SilenceBefore,
        /// The packet takes effect; then nothing arrives any more.
        SilenceAfter,
        /// The packet takes effect and is never answered.
        Withheld,
        /// The answer comes late, after others.
        Late,
        /// The hub says no: CONNACK, SUBACK or the status of a twin answer.
        Refused,
        /// The packet comes twice; a publish with DUP.
        Twice,
        /// Bytes that are not MQTT come.
        Malformed,
        /// A text frame comes.
        Text,
        /// A half of the packet comes, then the connection closes.
        Truncated,
        /// A packet that nobody asked for comes first.
        Stray,
        /// The body is not JSON.
        NotJson,
        /// The hub closes on this message, each time that it comes.
        Poison,
        /// The hub has forgotten the session.
        SessionLost,
        /// The socket cannot be opened.
        SocketRefused,
        /// The socket neither opens nor fails.
        SocketStuck,
        /// The closing handshake of the socket never ends.
        CloseStuck,
        /// An event of an old socket comes when it is no longer of interest.
        StaleEvent,
        /// The hub closes, since the token has expired there.
        TokenExpired,
        /// The hub closes, since it has heard nothing for 1.5 times the keep-alive interval.
        KeepAliveLapsed,
        /// The wall clock of the device is set.
        ClockSet,
        /// The device sleeps, on both clocks or on the wall clock alone.
        Sleep,
        /// Timers fire late for a while.
        Throttled,
        /// The token function or handler provides no token, a wrong one, or a late one.
        NoToken,
        /// The platform says that it has no network, and perhaps never that it has one again.
        Offline,
        /// The platform says that it has a network again, or that it has slept.
        Online,
        /// Another client of this identity is to have the connection.
        Replaced,
        /// The socket takes no publishes for a while.
        NoRoom,
    }
}

listed! {
    /// What is being done when it goes wrong.
    pub enum Step {
        Connect,
        Subscribe,
        Unsubscribe,
        Telemetry,
        TwinGet,
        Reported,
        MethodResponse,
        Puback,
        Pingreq,
        Disconnect,
        Connack,
        Suback,
        Unsuback,
        HubPuback,
        TwinAnswer,
        DesiredPatch,
        CloudToDevice,
        MethodCall,
        Pingresp,
        Socket,
        Idle,
    }
}

/// What can happen around the client, whatever it does.
pub const AROUND: [Fault; 4] = [Offline, Online, Replaced, NoRoom];
/// What can happen to any packet of the client, besides.
const TO_HUB: [Fault; 4] = [CloseBefore, CloseAfter, SilenceBefore, SilenceAfter];
/// What can happen to an answer, besides.
const ANSWERED: [Fault; 4] = [Withheld, Late, Twice, Text];
/// What can happen to any packet of the hub.
const TO_CLIENT: [Fault; 7] =
    [CloseBefore, CloseAfter, SilenceBefore, SilenceAfter, Malformed, Truncated, Stray];

impl Step {
    pub fn of(sent: &Sent) -> Self {
        match sent {
            Sent::Connect { .. } => Self::Connect,
            Sent::Subscribe { .. } => Self::Subscribe,
            Sent::Unsubscribe { .. } => Self::Unsubscribe,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/GET/") => Self::TwinGet,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/") => Self::Reported,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/methods/") => {
                Self::MethodResponse
            }
            Sent::Publish { .. } => Self::Telemetry,
            Sent::Puback(_) => Self::Puback,
            Sent::Pingreq => Self::Pingreq,
            Sent::Disconnect => Self::Disconnect,
        }
    }

    /// What can go wrong here.
    pub fn faults(self) -> Vec<Fault> {
        let (base, more): (&[Fault], &[Fault]) = match self {
            Self::Connect => (&TO_HUB, &[Withheld, Late, Text, Refused, SessionLost]),
            Self::Subscribe | Self::TwinGet | Self::Reported => (&TO_HUB, &[Refused]),
            Self::Telemetry => (&TO_HUB, &[Poison]),
            Self::Unsubscribe | Self::MethodResponse | Self::Pingreq | Self::Puback => {
                (&TO_HUB, &[])
            }
            Self::Disconnect => (&[CloseBefore, SilenceBefore], &[CloseStuck]),
            Self::Connack => (&TO_CLIENT, &[Twice]),
            Self::Suback | Self::Unsuback | Self::HubPuback | Self::Pingresp => (&TO_CLIENT, &[]),
            Self::CloudToDevice | Self::DesiredPatch => (&TO_CLIENT, &[Twice]),
            Self::TwinAnswer | Self::MethodCall => (&TO_CLIENT, &[Twice, NotJson]),
            Self::Socket => (&[SocketRefused, SocketStuck, StaleEvent], &[]),
            Self::Idle => {
                let faults = &[CloseAfter, TokenExpired, KeepAliveLapsed, ClockSet, Sleep];
                (faults, &[Throttled, NoToken])
            }
        };
        let answered: &[Fault] = match self {
            Self::Subscribe | Self::Unsubscribe | Self::Telemetry | Self::TwinGet => &ANSWERED,
            Self::Reported | Self::MethodResponse | Self::Pingreq => &ANSWERED,
            _ => &[],
        };
        // The packets of the hub follow at once on those of the client.
        let around: &[Fault] = if base == TO_CLIENT { &[] } else { &AROUND };
        [base, more, answered, around].concat()
    }
}

/// How often each fault was met at each step.
#[derive(Clone, Debug, Default)]
pub struct Tally([[u64; Fault::ALL.len()]; Step::ALL.len()]);

impl Tally {
    pub fn count(&mut self, step: Step, fault: Fault) {
        self.0[step as usize][fault as usize] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (row, others) in self.0.iter_mut().zip(&other.0) {
            for (count, other) in row.iter_mut().zip(others) {
                *count += other;
            }
        }
    }

    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// The faults that were never met at a step at which they can happen.
    pub fn missing(&self) -> Vec<(Step, Fault)> {
        let all =
            Step::ALL.iter().flat_map(|&step| step.faults().into_iter().map(move |f| (step, f)));
        all.filter(|&(step, fault)| self.0[step as usize][fault as usize] == 0).collect()
    }

    pub fn combinations() -> usize {
        Step::ALL.iter().map(|step| step.faults().len()).sum()
    }
}

/// The number of each fault, over all steps.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in Fault::ALL.iter().enumerate() {
            let count: u64 = self.0.iter().map(|row| row[index]).sum();
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{fault:?} {count}")?;
        }
        Ok(())
    }
}
