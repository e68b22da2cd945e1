/** What is loaded when there is a device to look at: the views, and the library for charts. */
export { DeviceView } from './device-view.jsx';
export { FleetView } from './fleet-view.jsx';
