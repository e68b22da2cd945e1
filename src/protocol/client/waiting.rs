//! Calls that wait for something other than the response to a publish.

use super::feature::Feature;
use crate::protocol::error::Error;
use crate::protocol::exchange::OperationId;
use crate::protocol::exchange::Reply;
use crate::protocol::io::{Io, Queued};

/// The calls that wait for the connection, or to receive.
#[derive(Debug, Default)]
pub(super) struct WaitingCalls {
    /// The calls that settle with the connection.
    connects: Vec<Connect>,
    disconnects: Vec<OperationId>,
    receives: Vec<Receive>,
}

/// A call that waits for the connection itself.
#[derive(Debug)]
pub(super) struct Connect {
    pub operation: OperationId,
    /// The connection is being made for this call.
    pub asks: bool,
}

#[derive(Debug)]
pub(super) struct Receive {
    pub operation: OperationId,
    pub feature: Feature,
    pub block: bool,
}

impl WaitingCalls {
    /// Whether any of them needs the connection.
    pub fn need_connection(&self) -> bool {
        !self.connects.is_empty() || !self.receives.is_empty()
    }

    /// Lets a call settle with the connection.
    pub fn connect(&mut self, call: Connect) {
        self.connects.push(call);
    }

    /// Removes a call that waits for the connection.
    pub fn take_connect(&mut self, operation: OperationId) -> Option<Connect> {
        let index = self.connects.iter().position(|connect| connect.operation == operation)?;
        Some(self.connects.remove(index))
    }

    pub fn settle_connects(&mut self, io: &mut Io) {
        for connect in self.connects.drain(..) {
            io.settle(connect.operation, Ok(Reply::Done));
        }
    }

    /// Returns whether any call settled.
    pub fn fail_connects(&mut self, io: &mut Io, error: &Error) -> bool {
        let told = !self.connects.is_empty();
        for connect in self.connects.drain(..) {
            io.settle(connect.operation, Err(error.clone()));
        }
        told
    }

    /// Makes a call settle when there is no connection any more.
    pub fn disconnect(&mut self, operation: OperationId) {
        self.disconnects.push(operation);
    }

    pub fn settle_disconnects(&mut self, io: &mut Io) {
        for operation in self.disconnects.drain(..) {
            io.settle(operation, Ok(Reply::Done));
        }
    }

    /// Begins a receive call. Returns whether it waits.
    pub fn receive(&mut self, io: &mut Io, call: Receive) -> bool {
        if !call.block && io.is_subscribed(call.feature) {
            call.fulfil(io);
            return false;
        }
        io.want(call.feature, true);
        self.receives.push(call);
        true
    }

    /// Whether a receive call takes the next message.
    pub fn takes_messages(&self) -> bool {
        self.receives.iter().any(|call| call.block && call.feature == Feature::Messages)
    }

    /// A receive call is over; its caller already knows.
    pub fn end_receive(&mut self, operation: OperationId) {
        self.receives.retain(|call| call.operation != operation);
    }

    /// A subscription was granted: non-blocking calls wait for nothing else.
    pub fn fulfil_receives(&mut self, io: &mut Io, feature: Feature) {
        let fulfilled = |call: &mut Receive| call.feature == feature && !call.block;
        for call in self.receives.extract_if(.., fulfilled) {
            call.fulfil(io);
        }
    }

    /// Fails some of the receive calls. Returns whether there were any.
    pub fn fail_receives(
        &mut self,
        io: &mut Io,
        error: &Error,
        which: impl Fn(&Receive) -> bool,
    ) -> bool {
        let mut told = false;
        for call in self.receives.extract_if(.., |call| which(call)) {
            io.settle(call.operation, Err(error.clone()));
            told = true;
        }
        told
    }
}

impl Receive {
    /// Settles a non-blocking call. A message is taken only when this result is reported, so that
    /// calls that are already waiting get earlier messages.
    fn fulfil(&self, io: &mut Io) {
        match self.feature {
            Feature::Messages => io.queue(Queued::Receive(self.operation)),
            _ => io.settle(self.operation, Ok(Reply::Done)),
        }
    }
}
