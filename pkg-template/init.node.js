// In Node.js there is nothing to wait for; this is for code that runs in service workers too.
export async function init() {}
export * from './index.node.js';
