export { Fleet } from './fleet.js';
export { checkBehaviour, checkScene, parseScene } from './scene.js';
