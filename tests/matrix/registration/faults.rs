//! What can go wrong with a registration, or at the hub that it leads to, and at which step.

/// A step of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Token,
    Socket,
    Connect,
    Subscribe,
    Register,
    Poll,
    Close,
    HubSocket,
    HubConnect,
    HubSend,
}

impl Step {
    /// The steps of a registration alone come first.
    pub const ALL: [Self; 10] = [
        Self::Token,
        Self::Socket,
        Self::Connect,
        Self::Subscribe,
        Self::Register,
        Self::Poll,
        Self::Close,
        Self::HubSocket,
        Self::HubConnect,
        Self::HubSend,
    ];
    pub const REGISTRATION: &[Self] = Self::ALL.split_at(7).0;

    /// What can go wrong here.
    pub fn faults(self) -> Vec<Fault> {
        use Fault::*;
        /// With any packet that gets a response.
        const ANSWERED: [Fault; 9] =
            [Withheld, Late, CloseBefore, CloseAfter, Twice, Malformed, Truncated, Text, Silence];
        let more: &[Fault] = match self {
            Self::Token => return vec![NoToken],
            Self::Socket | Self::HubSocket => return vec![SocketRefused, SocketStuck],
            Self::Close => return vec![CloseStuck, CloseAfter],
            Self::Connect | Self::HubConnect => &[Unavailable, LoginRefused],
            Self::HubSend => &[],
            Self::Subscribe => &[SubscriptionRefused],
            Self::Register | Self::Poll => {
                &[Busy, Broken, LoginRefused, Unknown, Failed, Disabled, NoHub, NotJson, Mute]
            }
        };
        [&ANSWERED, more].concat()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The socket cannot be opened.
    SocketRefused,
    /// The socket neither opens nor fails.
    SocketStuck,
    /// The user's function fails, or does not settle.
    NoToken,
    /// The packet arrives, but gets no response.
    Withheld,
    /// The response is very late.
    Late,
    /// The connection ends before the packet arrives.
    CloseBefore,
    /// The connection ends after the packet has arrived, before the response.
    CloseAfter,
    /// The response arrives twice.
    Twice,
    /// Malformed data arrives.
    Malformed,
    /// Half of the response arrives, then the connection ends.
    Truncated,
    /// A text frame arrives.
    Text,
    /// From now on nothing arrives on this connection, without a close.
    Silence,
    /// CONNACK 3.
    Unavailable,
    /// CONNACK 5, or status 401.
    LoginRefused,
    SubscriptionRefused,
    /// Status 429.
    Busy,
    /// Status 503.
    Broken,
    /// Status 404.
    Unknown,
    Failed,
    Disabled,
    /// A hub with an invalid name.
    NoHub,
    NotJson,
    /// The registration never ends.
    Mute,
    /// The socket stays in its closing handshake.
    CloseStuck,
}

const FAULTS: usize = Fault::CloseStuck as usize + 1;

/// How often each fault occurred at each step.
#[derive(Clone, Debug, Default)]
pub struct Tally([[u64; FAULTS]; Step::ALL.len()]);

impl Tally {
    pub fn count(&mut self, step: Step, fault: Fault) {
        self.0[step as usize][fault as usize] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (count, other) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *count += other;
        }
    }

    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// The faults that never occurred at a step at which they can happen.
    pub fn missing(&self, steps: &[Step]) -> Vec<(Step, Fault)> {
        let at = |&step: &Step| step.faults().into_iter().map(move |fault| (step, fault));
        steps
            .iter()
            .flat_map(at)
            .filter(|&(step, fault)| self.0[step as usize][fault as usize] == 0)
            .collect()
    }
}
