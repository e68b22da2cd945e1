//! The user's calls: each settles once, in a way that the events allow.

use iothub_device_client::protocol::hub::message::Message;
use iothub_device_client::protocol::{
    Client, ConnectionState, Error, ErrorKind, Now, OperationId, Reply,
};

use super::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Connect,
    Disconnect,
    Shutdown,
    Send(u64),
}

impl World {
    pub fn call(&mut self, call: Call) {
        self.begin(call, |client, now| match call {
            Call::Connect => client.connect(now),
            Call::Disconnect => Ok(client.disconnect(now)),
            _ => Ok(client.shutdown(now)),
        });
        if call != Call::Connect {
            self.is_left = true;
            self.registrations.ended();
        }
        // Perhaps another call follows in the same turn.
        if self.line.rng.bool() {
            self.turn();
        }
    }

    pub fn send(&mut self) {
        let number = self.calls;
        let message = Message { body: number.to_string().into(), ..Message::default() };
        self.begin(Call::Send(number), |client, now| client.send_message(now, message));
        self.turn();
    }

    fn begin(
        &mut self,
        call: Call,
        command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) {
        self.calls += 1;
        self.registrations.nudged();
        let now = self.now();
        let operation = command(&mut self.client, now).expect("nothing is wrong with the call");
        self.line.trace(|| format!("{call:?}: {operation:?}"));
        self.pending.insert(operation, (call, self.line.time));
    }

    /// The user does not want to wait for one of the calls.
    pub fn withdraw_one(&mut self) {
        self.turn();
        let mut waiting = self.pending.iter().filter(|(_, (call, _))| *call != Call::Disconnect);
        let Some((&operation, _)) = waiting.next_back() else { return };
        self.line.trace(|| format!("withdraw {operation:?}"));
        let now = self.now();
        self.is_left = true;
        self.client.withdraw(now, operation);
        self.turn();
        assert!(!self.pending.contains_key(&operation), "a call that is withdrawn ends at once");
    }

    pub fn assert_all_settled(&self) {
        assert!(self.pending.is_empty(), "{:?} do not settle", self.pending);
    }

    pub fn assert_over(&mut self) {
        self.assert_all_settled();
        assert!(!self.line.has_socket(), "a socket is left");
        assert_eq!(self.client.next_timeout(), None, "a timer is left");
    }

    pub fn settled(&mut self, operation: OperationId, result: &Result<Reply, Error>) {
        let (call, _) = self.pending.remove(&operation).expect("each call settles once");
        match (call, result) {
            (Call::Send(number), Ok(_)) => {
                let body = number.to_string().into_bytes();
                assert!(self.messages.contains(&body), "{number} is at no hub");
            }
            (_, Err(error)) => assert!(
                match error.kind() {
                    ErrorKind::Credential => {
                        // One of several attempts; the client continues.
                        let is_retry =
                            self.client.connection_state() == ConnectionState::Reconnecting;
                        self.registrations.is_refused || self.is_unwelcome || is_retry
                    }
                    ErrorKind::Service => self.is_unwelcome,
                    _ => true,
                },
                "{error}, though nothing was refused for good"
            ),
            _ => {}
        }
    }
}
