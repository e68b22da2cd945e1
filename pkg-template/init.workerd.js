// In Cloudflare Workers, too, there is nothing to wait for.
export async function init() {}
export * from './index.workerd.js';
