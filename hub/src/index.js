export { caFileOf } from './certificates.js';
export { readConfig } from './config.js';
export { isLoopback } from './http.js';
export { startHub } from './server.js';
