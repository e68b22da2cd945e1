//! What every part of a client or of a registration may do: publish, subscribe, and notify the user.

use std::collections::VecDeque;
use std::time::Duration;

use super::error::Error;
use super::exchange::{Event, OperationId, Output, Reply};
use super::mqtt::Session;
use super::publication::Publication;

/// Outputs that wait to be performed.
#[derive(Debug)]
pub(super) enum Queued {
    Output(Output),
    /// A message of the inbox, which is handed out only if a handler or a call still takes messages
    /// then.
    Message,
    /// A receive call that succeeds, with a message of the inbox if there still is one then.
    Receive(OperationId),
}

/// The session and the output queue. Knows nothing about the connection.
#[derive(Debug)]
pub(super) struct Io {
    pub session: Session<Publication>,
    output: VecDeque<Queued>,
    /// The last operation. A number is reused only when no earlier call with it can still be
    /// waiting.
    last: u32,
}

impl Io {
    /// May subscribe to `filters`.
    pub fn new(keep_alive_secs: u16, filters: Vec<String>) -> Self {
        let keep_alive = Duration::from_secs(keep_alive_secs.into());
        Self { session: Session::new(keep_alive, filters), output: VecDeque::new(), last: 0 }
    }

    /// Names a new call.
    pub fn begin(&mut self) -> OperationId {
        self.last = self.last.wrapping_add(1);
        self.last.into()
    }

    /// A call has ended.
    pub fn settle(&mut self, operation: OperationId, result: Result<Reply, Error>) {
        self.emit(Event::Settled { operation, result });
    }

    /// Reports an error that belongs to no call.
    pub fn background(&mut self, error: Error) {
        self.emit(Event::BackgroundException(error));
    }

    pub fn tell_disconnected(&mut self, cause: Option<Error>) {
        self.emit(Event::ConnectionStateChanged { connected: false, cause });
    }

    pub fn emit(&mut self, event: Event) {
        self.ask(Output::Event(event));
    }

    pub fn abort_socket(&mut self) {
        self.ask(Output::AbortSocket);
    }

    pub fn ask(&mut self, output: Output) {
        self.queue(Queued::Output(output));
    }

    pub fn queue(&mut self, queued: Queued) {
        self.output.push_back(queued);
    }

    /// Whether nothing is queued; there may still be bytes to write.
    pub fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// The next thing to do. Writes come last, so that the acknowledgements of many messages go
    /// together.
    pub fn next(&mut self) -> Option<Queued> {
        if matches!(self.output.front(), None | Some(Queued::Output(Output::CloseSocket)))
            && let Some(bytes) = self.session.poll_transmit()
        {
            return Some(Queued::Output(Output::Transmit(bytes)));
        }
        self.output.pop_front()
    }

    /// Takes back a queued request to drop the socket. Returns whether there was one.
    pub fn take_back_abort(&mut self) -> bool {
        let is_abort = |queued: &Queued| matches!(queued, Queued::Output(Output::AbortSocket));
        let abort = self.output.iter().position(is_abort);
        abort.and_then(|index| self.output.remove(index)).is_some()
    }

    /// Drops what would start a handler of something received.
    pub fn drop_received(&mut self) {
        self.output.retain(|queued| !queued.is_received());
    }

    pub fn has_undelivered_properties(&self) -> bool {
        let is_delivery = |queued: &Queued| {
            matches!(queued, Queued::Output(Output::Event(Event::DesiredPropertiesReceived(_))))
        };
        self.output.iter().any(is_delivery)
    }
}

impl Queued {
    fn is_received(&self) -> bool {
        matches!(
            self,
            Self::Message
                | Self::Output(Output::Event(
                    Event::MessageReceived { .. }
                        | Event::MethodCalled(_)
                        | Event::DesiredPropertiesReceived(_)
                ))
        )
    }
}
