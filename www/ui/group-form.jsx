import { useSignal } from '@preact/signals';

import { ActionForm } from './action.jsx';
import { startAdded } from './adding.js';
import { fleet } from './fleet.js';
import { idsByPattern } from './identity.js';
import { KindSelect, useKind } from './kind-select.jsx';
import { MAX_AT_ONCE } from './local-hub.js';
import { NumberField } from './number-field.jsx';

/** Adds devices of an enrollment group, each of which registers before it connects. */
export function GroupForm() {
  const number = useSignal(1);
  const first = useSignal(1);
  const kind = useKind();
  const add = async ({ pattern, groupKey, idScope, provisioningHost, endpoint }, form) => {
    const ids = idsByPattern(pattern.trim(), first.value, number.value);
    const group = {
      provisioningHost: provisioningHost.trim() || undefined,
      idScope: idScope.trim(),
      groupKey: groupKey.trim(),
      endpoint: endpoint.trim() || undefined,
    };
    await startAdded(await fleet.addMembers(group, ids, kind.kindName));
    form.reset();
  };
  const isWrong = [number, first].some(({ value }) => typeof value === 'string');
  return (
    <details class="way folded">
      <summary>Add devices of an enrollment group</summary>
      <p>
        Each device registers with the Device Provisioning Service, which assigns it to a hub. The
        wire log shows how.
      </p>
      <ActionForm work={add} button="Register" isWrong={isWrong}>
        <div class="fields">
          <label>
            ID scope <input name="idScope" required spellcheck={false} placeholder="0ne00AABBCC" />
          </label>
          <label>
            Key of the group
            <input type="password" name="groupKey" autoComplete="off" spellcheck={false} required />
          </label>
          <label>
            Registration ids
            <input name="pattern" required spellcheck={false} defaultValue="device-{n}" />
          </label>
          <NumberField
            label="How many"
            min={1}
            max={MAX_AT_ONCE}
            value={number.value}
            change={(next) => (number.value = next)}
          />
          <NumberField
            label="First {n}"
            min={0}
            max={1_000_000}
            value={first.value}
            change={(next) => (first.value = next)}
          />
          <KindSelect kind={kind} />
        </div>
        <p class="hint">
          In the Azure portal, your Device Provisioning Service has the ID scope under{' '}
          <b>Overview</b>, and the group’s primary key under <b>Manage enrollments</b>. Each
          registration is billed.
        </p>
        <details>
          <summary>Another service or endpoint</summary>
          <label>
            Host name of the service
            <input
              name="provisioningHost"
              spellcheck={false}
              placeholder="global.azure-devices-provisioning.net"
            />
          </label>
          <label>
            WebSocket endpoint of a local hub
            <input
              name="endpoint"
              spellcheck={false}
              placeholder="ws://127.0.0.1:8080/$iothub/websocket"
            />
          </label>
        </details>
      </ActionForm>
      <p class="quiet small">
        The page derives the keys of the devices, then discards the group’s key. Closing or
        reloading the page discards them, too. Enter a group’s key only in your own page.
      </p>
    </details>
  );
}
