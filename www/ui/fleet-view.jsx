import { BackButton } from './back-button.jsx';
import { FleetOverview } from './fleet-overview.jsx';
import { fleetTab } from './navigation.js';
import { SceneView } from './scene-view.jsx';
import { Tabs } from './tabs.jsx';
import { WireLog } from './wire-log.jsx';

const TABS = [
  ['overview', 'Overview'],
  ['scene', 'Scene'],
  ['wire', 'Wire log'],
];

const PANELS = {
  overview: () => <FleetOverview />,
  scene: () => <SceneView />,
  wire: () => <WireLog />,
};

/** All devices together. */
export function FleetView() {
  return (
    <article class="view">
      <BackButton />
      <div class="view-head">
        <h2>All devices</h2>
      </div>
      <Tabs label="All devices" tabs={TABS} chosen={fleetTab}>
        {PANELS[fleetTab.value]()}
      </Tabs>
    </article>
  );
}
