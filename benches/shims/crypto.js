/** What Microsoft's client takes from `node:crypto` and the shims have not. */
export const randomUUID = () => globalThis.crypto.randomUUID();
