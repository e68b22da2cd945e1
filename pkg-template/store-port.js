// What the outbox may do with its client. The outbox comes with the store, from a separate entry
// point.
import { ClientError, NoConnectionError, OperationCancelled } from './errors.js';
import { decodeMessage } from './message.js';
import { bytesAtMost } from './pending-bytes.js';

/**
 * @param {import('./shell.js').Shell} shell
 * @param {any} store the option
 * @param {string} resource the device or module whose messages it keeps
 */
export function useStore(shell, store, resource) {
  if (typeof store?.attach !== 'function') {
    throw new TypeError('store must be what indexedDbStore, levelStore or ownStore returns');
  }
  store.attach({
    resource,
    operationTimeoutMs: shell.operationTimeoutMs,
    ClientError,
    NoConnectionError,
    OperationCancelled,
    decode: ({ body, systemProperties, customProperties }) =>
      decodeMessage(body, systemProperties, customProperties),
    check: ({ body, systemProperties, customProperties }) =>
      shell.use((core) => core.checkMessage(body, systemProperties, customProperties)),
    send({ body, systemProperties, customProperties }, pending) {
      const bytes = body.length + bytesAtMost(systemProperties) + bytesAtMost(customProperties);
      let operation;
      const call = (core) =>
        (operation = core.sendStored(body, systemProperties, customProperties));
      shell.begin(call, { ...pending, bytes });
      return operation;
    },
    withdraw: (operation) => shell.tell((core) => core.withdraw(operation)),
    report: (error) => shell.report(error),
    dropped: (dropped) => shell.handlers.push(shell.handlers.messageDropped, dropped),
  });
  shell.outbox = store;
}
