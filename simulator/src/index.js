export { Fleet } from './fleet.js';
export { sceneOfModels } from './model-scene.js';
export { devicePlan, planDevices, rateOf } from './plan.js';
export { checkBehaviour, checkScene, parseScene, sceneToText } from './scene.js';
