export { caFileOf } from './certificates.js';
export { readConfig } from './config.js';
export { isLoopback, startHub } from './server.js';
