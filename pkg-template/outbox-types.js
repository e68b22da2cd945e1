// The types that the parts of the outbox share.

/**
 * A message for the hub, and when it was stored. `size` counts against `maxBytes`.
 * @typedef {object} StoredMessage
 * @property {number} sequence
 * @property {number} storedAt milliseconds since 1970
 * @property {number} size
 * @property {Uint8Array} body
 * @property {string} systemProperties as `encodeMessage` returns them
 * @property {string} customProperties
 * @property {string} [movedAside] why it is not sent to the hub
 */

/**
 * Stores the messages: see `MessageStore` in `index.d.ts`. The second argument of `remove`, and
 * `owner`, are for a store that several clients share.
 * @typedef {object} MessageStore
 * @property {(context: StoreContext) => Promise<{ count: number, bytes: number, owner?: string }>} open
 * @property {(messages: Omit<StoredMessage, 'sequence'>[]) => Promise<number[]>} append
 * @property {(after: number, count: number) => Promise<StoredMessage[]>} read
 * @property {(messages: { sequence: number, size: number }[], why?: string) => Promise<unknown>} remove
 * @property {() => Promise<unknown>} close
 */

/**
 * Callbacks with which a store reports what other clients do with the same messages.
 * @typedef {object} StoreContext
 * @property {string} resource the device or module at its hub
 * @property {(totals: { count: number, bytes: number }) => void} owned from now on this client
 *   sends
 * @property {(owner: string) => void} ownerChanged
 * @property {(count: number, bytes: number) => void} appended
 * @property {(messages: { sequence: number, size: number }[], why?: string) => void} removed
 * @property {(error: Error, totals: { count: number, bytes: number }) => void} lost the store
 *   starts again, empty
 */

/**
 * What the outbox needs from its client.
 * @typedef {object} Port
 * @property {string} resource
 * @property {number} operationTimeoutMs 0: no limit
 * @property {(message: StoredMessage, pending: object) => number} send
 * @property {(operation: number) => void} withdraw
 * @property {(message: object) => void} check throws if the hub would refuse the message
 * @property {(message: object) => object} decode
 * @property {(dropped: object) => void} dropped
 * @property {(error: Error) => void} report
 * @property {ErrorConstructor} ClientError
 * @property {ErrorConstructor} NoConnectionError
 * @property {ErrorConstructor} OperationCancelled
 */

export {};
