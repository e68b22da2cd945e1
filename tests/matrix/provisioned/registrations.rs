//! When a client may register, and when it must: each registration costs money.

use crate::registration::faults::Step;
use crate::registration::requests::Requests;

/// Registrations that led to no connection are this far apart; the interval doubles each time up to
/// an hour, and varies by a fifth.
const SPACING: u64 = 120_000;
const LONGEST_SPACING: u64 = 3_600_000;
/// For this long after an assignment, a refused login means nothing.
const SETTLING: u64 = 60_000;
/// After this many attempts in a row that reach the hub but get no connection, the device may have
/// another hub.
const MANY_FAILURES: u32 = 10;
/// The first pause after a refused login, and the longest.
const REFUSED_PAUSE: u64 = 1_000;
const LONGEST_REFUSED_PAUSE: u64 = 300_000;

/// What an observer of both connections knows.
#[derive(Debug, Default)]
pub struct Registrations {
    /// How many were requested.
    pub total: u64,
    /// The running one.
    requests: Option<Requests>,
    /// The hub in the response on this connection.
    answer: Option<usize>,
    /// The hub, and when it was assigned.
    pub assigned: Option<(usize, u64)>,
    /// Assignments since the last connection.
    in_vain: u32,
    /// The hub has refused the login, long after it was assigned.
    pub is_refused: bool,
    /// Attempts in a row that reached the hub but got no connection.
    failures: u32,
    refusals: u32,
    /// The earliest next attempt, unless something happens outside.
    not_before: u64,
}

impl Registrations {
    /// The service is dialled.
    pub fn dialled(&mut self, time: u64) {
        if self.requests.is_none() {
            self.requests = Some(Requests::default());
            let (earliest, _) = self.due().expect("nothing is wrong with the hub");
            assert!(time >= earliest, "it is too early to register again");
        }
    }

    /// A hub is dialled.
    pub fn dialled_hub(&mut self, time: u64, hub: usize) {
        assert!(self.requests.is_none(), "it does not wait for its registration");
        assert_eq!(self.assigned.expect("a hub").0, hub, "the hub is another");
        assert!(self.due().is_none_or(|(_, latest)| time <= latest), "it does not register again");
        assert!(time >= self.not_before, "it does not wait after a refused login");
    }

    /// The client requests something from the service.
    pub fn asked(&mut self, time: u64, topic: &str) -> Step {
        let requests = self.requests.as_mut().expect("a registration runs");
        let step = requests.ask(time, topic);
        self.total += u64::from(step == Step::Register);
        step
    }

    /// The client has read what the service has sent.
    pub fn read(&mut self, time: u64, bytes: &[u8], hubs: &[(&str, &str)]) {
        let answer = self.requests.as_mut().and_then(|requests| requests.read(time, bytes));
        if let Some(answer) = answer {
            self.answer = hubs.iter().position(|(hub, _)| answer.contains(hub));
        }
    }

    /// The connection to the service has ended. A registration with a final response has ended,
    /// too.
    pub fn connection_ended(&mut self, time: u64) {
        if let Some(requests) = &mut self.requests {
            requests.connection_ended();
        }
        if let Some(hub) = self.answer.take() {
            self.assigned = Some((hub, time));
            self.in_vain += 1;
            self.forget_failures();
            self.ended();
        }
    }

    /// No registration is running any more.
    pub fn ended(&mut self) {
        self.requests = None;
    }

    /// The hub has accepted the connection.
    pub fn connected(&mut self) {
        self.in_vain = 0;
        self.forget_failures();
    }

    /// The hub has refused the login.
    pub fn refused(&mut self, time: u64) {
        let (_, assigned_at) = self.assigned.expect("a hub");
        self.is_refused |= time - assigned_at >= SETTLING;
        let pause = (REFUSED_PAUSE << self.refusals.min(10)).min(LONGEST_REFUSED_PAUSE);
        self.refusals += 1;
        self.not_before = time + pause / 5 * 4;
    }

    /// An attempt has reached the hub, and has failed.
    pub fn failed(&mut self) {
        self.failures += 1;
    }

    /// Something happens outside after which the client may dial immediately.
    pub fn nudged(&mut self) {
        self.not_before = 0;
    }

    fn forget_failures(&mut self) {
        self.is_refused = false;
        self.failures = 0;
        self.refusals = 0;
        self.not_before = 0;
    }

    /// The earliest and the latest time of the next registration, if one must follow.
    fn due(&self) -> Option<(u64, u64)> {
        let Some((_, assigned_at)) = self.assigned else { return Some((0, 0)) };
        if !self.is_refused && self.failures < MANY_FAILURES {
            return None;
        }
        let spacing = match self.in_vain.checked_sub(1) {
            Some(count) => (SPACING << count.min(10)).min(LONGEST_SPACING),
            None => return Some((0, 0)),
        };
        Some((assigned_at + spacing / 5 * 4, assigned_at + spacing / 5 * 6))
    }
}
