export { startHub } from './server.js';
