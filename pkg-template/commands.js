// What the shell asks of the core and tells it, as `core.command(command, number, text)`. The core
// has the same numbers in `src/js/command.rs`.

/** Begins an operation, as the next eight do: gives its number. */
export const CONNECT = 0;
export const DISCONNECT = 1;
export const SHUTDOWN = 2;
export const GET_TWIN = 3;
/** The patch as JSON text. */
export const PATCH_REPORTED_PROPERTIES = 4;
/** The token. */
export const UPDATE_SAS_TOKEN = 5;
/** The status; the id of the request, a NUL, and the payload as JSON text. */
export const SEND_METHOD_RESPONSE = 6;
/** Waits for something to receive; the number of a feature. */
export const RECEIVE = 7;
/** Waits for no more than the subscription; the number of a feature. */
export const RECEIVE_NOW = 8;
/** The number of the operation. */
export const END_RECEIVE = 9;
/** 1 where there is a handler for messages that can be called already. */
export const TAKE_MESSAGES = 10;
/** The number of a feature. */
export const SUBSCRIBE = 11;
/** The number of a feature. */
export const UNSUBSCRIBE = 12;
/** The number of a delivery. */
export const ACKNOWLEDGE = 13;
/** The number of a delivery. */
export const ABANDON = 14;
/** The id of the request. */
export const FAIL_METHOD = 15;
export const FORGET_DELIVERED_PROPERTIES = 16;
/** 1 where there is a handler that gives tokens. */
export const CAN_ASK_FOR_TOKEN = 17;
/** The token that the function of the user gave. */
export const PROVIDE_TOKEN = 18;
/** The function gave none. */
export const TOKEN_UNAVAILABLE = 19;
/** The status and the body. */
export const CHECK_HTTP_ANSWER = 20;
export const SOCKET_OPENED = 21;
/** A text frame came. */
export const RECEIVED_TEXT = 22;
/** What the platform says about it. */
export const SOCKET_CLOSED = 23;
export const ONLINE = 24;
export const OFFLINE = 25;
/** Another client takes over. */
export const REPLACED = 26;
/** The timer has fired, and what had arrived is read. */
export const TIMEOUT = 27;
/** Gives its number. */
export const CONNECTION_STATE = 28;
/** Gives milliseconds; 0 is for ever. */
export const OPERATION_TIMEOUT_MS = 29;
/** The number of the operation. */
export const WITHDRAW = 30;

/** What may be received, as the core numbers it. */
export const MESSAGES = 0;
export const METHODS = 1;
export const DESIRED_PROPERTIES = 2;
