import { BackButton } from './back-button.jsx';
import { FleetOverview } from './fleet-overview.jsx';
import { GroupView } from './group-view.jsx';
import { FLEET_TABS, fleetTab, openFleetTab } from './navigation.js';
import { SceneView } from './scene-view.jsx';
import { SentLog } from './sent-log.jsx';
import { Tabs } from './tabs.jsx';
import { WireLog } from './wire-log.jsx';

const PANELS = {
  overview: () => <FleetOverview />,
  scene: () => <SceneView />,
  sent: () => <SentLog />,
  actions: () => <GroupView />,
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
      <Tabs label="All devices" tabs={FLEET_TABS} chosen={fleetTab.value} choose={openFleetTab}>
        {PANELS[fleetTab.value]()}
      </Tabs>
    </article>
  );
}
