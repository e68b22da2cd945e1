import { useEffect, useRef } from 'preact/hooks';

import { AddDevices } from './add-devices.jsx';
import { Announcer } from './announcer.jsx';
import { Question } from './ask.jsx';
import { DeviceList } from './device-list.jsx';
import { lazy } from './lazy.jsx';
import { LostDevices } from './lost-devices.jsx';
import { place, selectedId } from './navigation.js';
import { Removed } from './removing.jsx';
import { Shortcuts } from './shortcuts.jsx';
import { TopBar } from './top-bar.jsx';

const DeviceView = lazy(async () => (await import('./views.js')).DeviceView);
const FleetView = lazy(async () => (await import('./views.js')).FleetView);

const PLACES = {
  add: () => <AddDevices />,
  list: () => <FleetView />,
  fleet: () => <FleetView />,
  device: () => <DeviceView key={selectedId.value} id={selectedId.value} />,
};

/** The whole page. */
export function App() {
  const main = useRef();
  // When a focused button disappears, the focus must not be lost for keyboard and screen reader.
  useEffect(() => {
    if (document.activeElement === document.body) main.current.focus({ preventScroll: true });
    scrollTo(0, 0);
    main.current.scrollTo(0, 0);
  }, [place.value, selectedId.value]);
  return (
    <div class={`app ${place.value === 'list' ? 'list-in-front' : ''}`}>
      <TopBar />
      <DeviceList />
      <main tabIndex={-1} ref={main}>
        <LostDevices />
        {PLACES[place.value]()}
      </main>
      <Removed />
      <Question />
      <Shortcuts />
      <Announcer />
    </div>
  );
}
