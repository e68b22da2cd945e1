//! Writes to the WebSocket that the shell has opened and listens to.

use bytes::BytesMut;
use web_sys::WebSocket;

use crate::protocol::mqtt::WRITE_SIZE;

/// How many bytes may wait in the socket: enough to keep it busy, and few enough that they are sent
/// in time even on a slow network.
const HIGH_WATER: usize = 4 * WRITE_SIZE;

/// An open, opening or closing socket, or none, and the bytes to write to it.
#[derive(Default)]
pub struct Socket {
    pub socket: Option<WebSocket>,
    /// Bytes to send at the end of this turn of the event loop.
    pub outgoing: BytesMut,
}

impl Socket {
    /// How many more bytes may be written to it.
    pub fn room(&self) -> usize {
        let full =
            |socket: &WebSocket| HIGH_WATER.saturating_sub(socket.buffered_amount() as usize);
        self.socket.as_ref().map_or(0, full)
    }

    /// Keeps bytes until [`Socket::flush`], or until they are enough for a frame.
    pub fn write(&mut self, bytes: BytesMut) {
        if self.outgoing.len() + bytes.len() > WRITE_SIZE {
            self.flush();
        }
        if self.outgoing.is_empty() {
            self.outgoing = bytes;
        } else {
            self.outgoing.extend_from_slice(&bytes);
        }
    }

    /// Sends one frame, if there is anything to send.
    pub fn flush(&mut self) {
        let frame = std::mem::take(&mut self.outgoing);
        if let (Some(socket), false) = (&self.socket, frame.is_empty()) {
            // A socket that cannot send is closing; its close event says the rest.
            let _ = socket.send_with_u8_array(&frame);
        }
    }

    /// Closes when all is sent.
    pub fn close(&mut self) {
        self.flush();
        if let Some(socket) = &self.socket {
            // 1000 and no code are all that a browser lets a script say; 1000 is never refused.
            let _ = socket.close_with_code(1000);
        }
    }

    /// The socket has ended, or is dropped.
    pub fn end(&mut self) {
        *self = Self::default();
    }
}
