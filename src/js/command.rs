//! What the shell asks of the core and tells it, each by a number: a function of its own for each
//! would cost several times as much. `pkg-template/commands.js` has the same numbers, and says what
//! each is given.

use crate::protocol::client::Feature;
use crate::protocol::hub::file_upload::check_answer;
use crate::protocol::{Client, Error, Input, Now};

const CONNECT: u8 = 0;
const DISCONNECT: u8 = 1;
const SHUTDOWN: u8 = 2;
const GET_TWIN: u8 = 3;
const PATCH_REPORTED_PROPERTIES: u8 = 4;
const UPDATE_SAS_TOKEN: u8 = 5;
const SEND_METHOD_RESPONSE: u8 = 6;
const RECEIVE: u8 = 7;
const RECEIVE_NOW: u8 = 8;
const END_RECEIVE: u8 = 9;
const TAKE_MESSAGES: u8 = 10;
const SUBSCRIBE: u8 = 11;
const UNSUBSCRIBE: u8 = 12;
const ACKNOWLEDGE: u8 = 13;
const ABANDON: u8 = 14;
const FAIL_METHOD: u8 = 15;
const FORGET_DELIVERED_PROPERTIES: u8 = 16;
const CAN_ASK_FOR_TOKEN: u8 = 17;
const PROVIDE_TOKEN: u8 = 18;
const TOKEN_UNAVAILABLE: u8 = 19;
const CHECK_HTTP_ANSWER: u8 = 20;
const SOCKET_OPENED: u8 = 21;
const RECEIVED_TEXT: u8 = 22;
/// What is none of the others.
pub const SOCKET_CLOSED: u8 = 23;
const ONLINE: u8 = 24;
const OFFLINE: u8 = 25;
const REPLACED: u8 = 26;
pub const TIMEOUT: u8 = 27;
const CONNECTION_STATE: u8 = 28;
const OPERATION_TIMEOUT_MS: u8 = 29;
const WITHDRAW: u8 = 30;

/// In the order in which the shell numbers them.
const FEATURES: [Feature; 3] = [Feature::Messages, Feature::Methods, Feature::DesiredProperties];

/// Runs a command. Gives the number of the operation that it begins, or what it asks for.
///
/// # Errors
///
/// See the methods of [`Client`].
pub fn run(
    core: &mut Client,
    now: Now,
    command: u8,
    number: u32,
    text: &str,
) -> Result<u32, Error> {
    let feature = || FEATURES[number as usize];
    let begun = match command {
        CONNECT => core.connect(now)?,
        DISCONNECT => core.disconnect(now),
        SHUTDOWN => core.shutdown(now),
        GET_TWIN => core.get_twin(now)?,
        PATCH_REPORTED_PROPERTIES => core.patch_reported_properties(now, text.into())?,
        UPDATE_SAS_TOKEN => core.update_sas_token(now, text)?,
        SEND_METHOD_RESPONSE => {
            // JSON has no such character.
            let (request_id, payload) = text.rsplit_once('\0').unwrap_or_default();
            core.send_method_response(now, request_id, number.cast_signed(), payload.into())?
        }
        RECEIVE => core.begin_receive(now, feature(), true)?,
        RECEIVE_NOW => core.begin_receive(now, feature(), false)?,
        _ => {
            match command {
                END_RECEIVE => core.end_receive(number.into()),
                WITHDRAW => core.withdraw(now, number.into()),
                TAKE_MESSAGES => core.take_messages(number == 1),
                SUBSCRIBE => core.subscribe(now, feature()),
                UNSUBSCRIBE => core.unsubscribe(feature()),
                ACKNOWLEDGE => core.acknowledge(now, number.into()),
                ABANDON => core.abandon(now, number.into()),
                FAIL_METHOD => core.fail_method(text),
                FORGET_DELIVERED_PROPERTIES => core.forget_delivered_properties(),
                CAN_ASK_FOR_TOKEN => core.can_ask_for_token(now, number == 1),
                PROVIDE_TOKEN => core.provide_token(now, text)?,
                TOKEN_UNAVAILABLE => core.token_unavailable(now),
                CHECK_HTTP_ANSWER => {
                    check_answer(u16::try_from(number).unwrap_or(u16::MAX), text)?;
                }
                CONNECTION_STATE => return Ok(core.connection_state() as u32),
                OPERATION_TIMEOUT_MS => return Ok(operation_timeout_ms(core)),
                TIMEOUT => core.handle_timeout(now),
                _ => core.handle_input(now, input(command, text)),
            }
            return Ok(0);
        }
    };
    Ok(begun.into())
}

fn operation_timeout_ms(core: &Client) -> u32 {
    let limit = core.operation_timeout().unwrap_or_default();
    u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)
}

fn input(command: u8, text: &str) -> Input<'_> {
    match command {
        SOCKET_OPENED => Input::SocketOpened,
        RECEIVED_TEXT => Input::ReceivedText,
        ONLINE => Input::Online,
        OFFLINE => Input::Offline,
        REPLACED => Input::Replaced,
        _ => Input::SocketClosed { detail: text },
    }
}
