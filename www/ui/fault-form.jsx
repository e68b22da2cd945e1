import { useSignal } from '@preact/signals';

import { ActionForm } from './action.jsx';
import { DEVICE_FAULTS, HUB_FAULTS } from './fault-kinds.js';
import { changeHubFaults, turnOn } from './faults-on.js';
import { counted } from './format.js';
import { localIds } from './local-hub.js';
import { NumberField } from './number-field.jsx';

/** Any fault of the local hub, with its values and its time. */
export function FaultForm({ ids }) {
  const faults = ids === 'all' ? [...DEVICE_FAULTS, ...HUB_FAULTS] : DEVICE_FAULTS;
  const chosen = useSignal(0);
  const typed = useSignal({});
  const seconds = useSignal('');
  const fault = faults[chosen.value] ?? faults[0];
  const values = Object.fromEntries(
    fault.fields.map(({ name, value }) => [name, typed.value[name] ?? value]),
  );
  const choose = (index) => {
    chosen.value = index;
    typed.value = {};
  };
  const act = async () => {
    const forSeconds = seconds.value === '' || fault.isOnce ? undefined : Number(seconds.value);
    const request = { ...fault.toRequest(values), ...(forSeconds && { forSeconds }) };
    if (fault.isOfHub) await changeHubFaults(request);
    else await turnOn(ids, request, fault);
    const whom = fault.isOfHub
      ? 'every device'
      : counted(ids === 'all' ? localIds.value.size : ids.length, 'device');
    if (fault.isOnce) return `Done for ${whom}.`;
    return `On for ${whom}${forSeconds ? `, for ${forSeconds} s` : ''}.`;
  };
  return (
    <ActionForm work={act} button={fault.isOnce ? 'Trigger' : 'Turn on'}>
      <div class="fields">
        <label class="wide">
          Fault
          <select
            value={chosen.value}
            onChange={(event) => choose(Number(event.currentTarget.value))}
          >
            {faults.map(({ label }, index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {fault.fields.map((field) => (
          <FaultField
            key={`${fault.label} ${field.name}`}
            field={field}
            value={values[field.name]}
            change={(value) => (typed.value = { ...typed.value, [field.name]: value })}
          />
        ))}
        {!fault.isOnce && (
          <label>
            Ends after, in seconds
            <input
              type="number"
              min="1"
              max="86400"
              placeholder="never"
              value={seconds}
              onInput={(event) => (seconds.value = event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      <p class="hint">{fault.about}</p>
    </ActionForm>
  );
}

function FaultField({ field, value, change }) {
  const { label, choices, min, max, isOptional } = field;
  if (min !== undefined) return <NumberField {...{ label, min, max, value, change }} />;
  if (!choices) {
    return (
      <label>
        {label}
        <input
          required={!isOptional}
          spellcheck={false}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      </label>
    );
  }
  return (
    <label>
      {label}
      <select
        value={choices.findIndex(([one]) => one === value)}
        onChange={(event) => change(choices[Number(event.currentTarget.value)][0])}
      >
        {choices.map(([one, words], index) => (
          <option key={one} value={index}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
