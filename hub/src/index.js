export { caFileOf } from './certificates.js';
export { startHub } from './server.js';
