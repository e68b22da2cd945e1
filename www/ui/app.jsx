import { AddDevices } from './add-devices.jsx';
import { Announcer } from './announcer.jsx';
import { DeviceList } from './device-list.jsx';
import { DeviceView } from './device-view.jsx';
import { FleetView } from './fleet-view.jsx';
import { isListInFront, place, selectedId } from './navigation.js';
import { TopBar } from './top-bar.jsx';

const PLACES = {
  add: () => <AddDevices />,
  fleet: () => <FleetView />,
  device: () => <DeviceView key={selectedId.value} id={selectedId.value} />,
};

/** The whole page. */
export function App() {
  return (
    <div class={`app ${isListInFront.value ? 'list-in-front' : ''}`}>
      <TopBar />
      <DeviceList />
      <main id="main" tabIndex={-1}>{PLACES[place.value]()}</main>
      <Announcer />
    </div>
  );
}
