export { Fleet } from './fleet.js';
export { planDevices, rateOf } from './plan.js';
export { checkBehaviour, checkScene, parseScene, sceneToText } from './scene.js';
