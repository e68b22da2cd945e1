//! What can go wrong, at which step, and how often it did.

use std::fmt;

use crate::packets::Sent;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Whoever gives tokens gives none, or a wrong one, or takes long.
    NoToken,
}

/// What is being done when it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

use Fault::{
    ClockSet, CloseAfter, CloseBefore, CloseStuck, KeepAliveLapsed, Late, Malformed, NoToken,
    NotJson, Poison, Refused, SessionLost, SilenceAfter, SilenceBefore, Sleep, SocketRefused,
    SocketStuck, StaleEvent, Stray, Text, Throttled, TokenExpired, Truncated, Twice, Withheld,
};

const FAULTS: [Fault; 25] = [
    CloseBefore,
    CloseAfter,
    SilenceBefore,
    SilenceAfter,
    Withheld,
    Late,
    Refused,
    Twice,
    Malformed,
    Text,
    Truncated,
    Stray,
    NotJson,
    Poison,
    SessionLost,
    SocketRefused,
    SocketStuck,
    CloseStuck,
    StaleEvent,
    TokenExpired,
    KeepAliveLapsed,
    ClockSet,
    Sleep,
    Throttled,
    NoToken,
];

const STEPS: [Step; 21] = [
    Step::Connect,
    Step::Subscribe,
    Step::Unsubscribe,
    Step::Telemetry,
    Step::TwinGet,
    Step::Reported,
    Step::MethodResponse,
    Step::Puback,
    Step::Pingreq,
    Step::Disconnect,
    Step::Connack,
    Step::Suback,
    Step::Unsuback,
    Step::HubPuback,
    Step::TwinAnswer,
    Step::DesiredPatch,
    Step::CloudToDevice,
    Step::MethodCall,
    Step::Pingresp,
    Step::Socket,
    Step::Idle,
];

/// What can happen to any packet of the client.
const TO_HUB: [Fault; 4] = [CloseBefore, CloseAfter, SilenceBefore, SilenceAfter];
/// What can happen to an answer, besides.
const ANSWERED: [Fault; 4] = [Withheld, Late, Twice, Text];
/// What can happen to any packet of the hub.
const TO_CLIENT: [Fault; 7] =
    [CloseBefore, CloseAfter, SilenceBefore, SilenceAfter, Malformed, Truncated, Stray];

impl Step {
    pub fn of(sent: &Sent) -> Self {
        match sent {
            Sent::Connect { .. } => Step::Connect,
            Sent::Subscribe { .. } => Step::Subscribe,
            Sent::Unsubscribe { .. } => Step::Unsubscribe,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/GET/") => Step::TwinGet,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/") => Step::Reported,
            Sent::Publish { topic, .. } if topic.starts_with("$iothub/methods/") => {
                Step::MethodResponse
            }
            Sent::Publish { .. } => Step::Telemetry,
            Sent::Puback(_) => Step::Puback,
            Sent::Pingreq => Step::Pingreq,
            Sent::Disconnect => Step::Disconnect,
        }
    }

    /// What can go wrong here.
    pub fn faults(self) -> Vec<Fault> {
        let (base, more): (&[Fault], &[Fault]) = match self {
            Step::Connect => (&TO_HUB, &[Withheld, Late, Text, Refused, SessionLost]),
            Step::Subscribe | Step::TwinGet | Step::Reported => (&TO_HUB, &[Refused]),
            Step::Telemetry => (&TO_HUB, &[Poison]),
            Step::Unsubscribe | Step::MethodResponse | Step::Pingreq | Step::Puback => {
                (&TO_HUB, &[])
            }
            Step::Disconnect => (&[CloseBefore, SilenceBefore], &[CloseStuck]),
            Step::Connack => (&TO_CLIENT, &[Twice]),
            Step::Suback | Step::Unsuback | Step::HubPuback | Step::Pingresp => (&TO_CLIENT, &[]),
            Step::CloudToDevice | Step::DesiredPatch => (&TO_CLIENT, &[Twice]),
            Step::TwinAnswer | Step::MethodCall => (&TO_CLIENT, &[Twice, NotJson]),
            Step::Socket => (&[SocketRefused, SocketStuck, StaleEvent], &[]),
            Step::Idle => {
                let faults = &[CloseAfter, TokenExpired, KeepAliveLapsed, ClockSet, Sleep];
                (faults, &[Throttled, NoToken])
            }
        };
        let answered: &[Fault] = match self {
            Step::Subscribe | Step::Unsubscribe | Step::Telemetry | Step::TwinGet => &ANSWERED,
            Step::Reported | Step::MethodResponse | Step::Pingreq => &ANSWERED,
            _ => &[],
        };
        [base, more, answered].concat()
    }
}

/// How often each fault was met at each step.
#[derive(Clone, Debug, Default)]
pub struct Tally([[u64; FAULTS.len()]; STEPS.len()]);

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
        let all = STEPS.iter().flat_map(|&step| step.faults().into_iter().map(move |f| (step, f)));
        all.filter(|&(step, fault)| self.0[step as usize][fault as usize] == 0).collect()
    }

    pub fn combinations() -> usize {
        STEPS.iter().map(|step| step.faults().len()).sum()
    }
}

/// The number of each fault, over all steps.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in FAULTS.iter().enumerate() {
            let count: u64 = self.0.iter().map(|row| row[index]).sum();
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{fault:?} {count}")?;
        }
        Ok(())
    }
}
