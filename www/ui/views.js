/** Loaded with the first device: the views, and the chart library. */
export { DeviceView } from './device-view.jsx';
export { FleetView } from './fleet-view.jsx';
