/** The parts of `node:crypto` that Microsoft's client uses and the shims lack. */
export const randomUUID = () => globalThis.crypto.randomUUID();
