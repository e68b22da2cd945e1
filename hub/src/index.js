export { HubError } from './errors.js';
export { startHub } from './server.js';
