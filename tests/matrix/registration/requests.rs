//! The requests of a registration, as an observer of the connection sees them.

use super::faults::Step;

/// What the device has requested, and what it has read.
#[derive(Debug, Default)]
pub struct Requests {
    /// The id of the request that is waiting for its response on this connection.
    asked: Option<String>,
    /// The service has sent the id of the registration.
    is_known: bool,
    /// The service accepts no request before this time.
    not_before: u64,
}

impl Requests {
    /// The device makes no request while another one waits, before the service accepts it, or for a
    /// registration that the service knows.
    pub fn ask(&mut self, time: u64, topic: &str) -> Step {
        assert!(self.asked.is_none(), "two requests at once");
        assert!(time >= self.not_before, "it asks before the service wants it");
        self.asked = Some(id_of(topic).expect("an id"));
        if topic.starts_with("$dps/registrations/GET/") {
            return Step::Poll;
        }
        assert!(!self.is_known, "it registers again what the service knows");
        Step::Register
    }

    /// Returns the response if the device was waiting for it.
    pub fn read(&mut self, time: u64, bytes: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(bytes);
        let (_, answer) = text.split_once("$dps/registrations/res/")?;
        // It may be a duplicate of the response to an earlier request.
        self.asked.take_if(|asked| id_of(answer).as_ref() == Some(asked))?;
        if let Some((_, rest)) = answer.split_once("retry-after=") {
            let seconds: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let seconds: u64 = seconds.parse().expect("seconds");
            self.not_before = time + seconds * 1000;
        }
        self.is_known |= answer.starts_with("202");
        Some(answer.to_owned())
    }

    pub fn connection_ended(&mut self) {
        self.asked = None;
    }
}

fn id_of(topic: &str) -> Option<String> {
    let (_, id) = topic.split_once("$rid=")?;
    Some(id.chars().take_while(char::is_ascii_digit).collect())
}
