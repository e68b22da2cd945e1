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
        /// The packet takes effect, then the connection closes: there is no response.
        CloseAfter,
        /// From this packet on nothing arrives any more, without a close.
        SilenceBefore,
        /// The packet takes effect; then nothing arrives any more.
        SilenceAfter,
        /// The packet takes effect and gets no response.
        Withheld,
        /// The response arrives late, after others.
        Late,
        /// The hub refuses: CONNACK, SUBACK or the status of a twin response.
        Refused,
        /// The packet arrives twice; a publish with DUP.
        Twice,
        /// Bytes that are not MQTT arrive.
        Malformed,
        /// A text frame arrives.
        Text,
        /// Half of the packet arrives, then the connection closes.
        Truncated,
        /// An unexpected packet arrives first.
        Stray,
        /// The body is not JSON.
        NotJson,
        /// The hub closes the connection each time this message arrives.
        Poison,
        /// The hub has forgotten the session.
        SessionLost,
        /// The socket cannot be opened.
        SocketRefused,
        /// The socket neither opens nor fails.
        SocketStuck,
        /// The closing handshake of the socket never ends.
        CloseStuck,
        /// A late event of an old socket arrives.
        StaleEvent,
        /// The hub closes, because the token has expired by its clock.
        TokenExpired,
        /// The hub closes, because it has received nothing for 1.5 times the keep-alive interval.
        KeepAliveLapsed,
        /// The wall clock of the device is set.
        ClockSet,
        /// The device sleeps, on both clocks or on the wall clock alone.
        Sleep,
        /// Timers fire late for a while.
        Throttled,
        /// The token function or handler provides no token, a wrong one, or a late one.
        NoToken,
        /// The platform reports that it is offline, and may never report that it is online again.
        Offline,
        /// The platform reports that it is online again, or that it has slept.
        Online,
        /// Another client of this identity takes over the connection.
        Replaced,
        /// The socket accepts no publishes for a while.
        NoRoom,
    }
}

listed! {
    /// The step at which it goes wrong.
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

/// Faults that can happen around the client at any time.
pub const AROUND: [Fault; 4] = [Offline, Online, Replaced, NoRoom];
/// Faults that can also happen to any packet of the client.
const TO_HUB: [Fault; 4] = [CloseBefore, CloseAfter, SilenceBefore, SilenceAfter];
/// Faults that can also happen to a response.
const ANSWERED: [Fault; 4] = [Withheld, Late, Twice, Text];
/// Faults that can happen to any packet of the hub.
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
        // The packets of the hub immediately follow those of the client.
        let around: &[Fault] = if base == TO_CLIENT { &[] } else { &AROUND };
        [base, more, answered, around].concat()
    }
}

/// How often each fault occurred at each step.
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

    /// The faults that never occurred at a step at which they can happen.
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
