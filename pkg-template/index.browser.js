// Pages and module workers: the module is ready when its import is.
import { init } from './init.browser.js';

await init();

export { version } from './init.browser.js';
export * from './exports.js';
