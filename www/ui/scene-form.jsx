import { signal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { EditField } from './edit-field.jsx';
import { Fold } from './fold.jsx';
import { counted } from './format.js';
import { useKind } from './kind-select.jsx';
import { MethodsEditor } from './methods-view.jsx';
import { ColumnsEditor, EventsEditor, ValuesEditor } from './over-time-view.jsx';
import { withCopiedKind, withKind, withMembers, withNewKind, withoutKind } from './scene-edits.js';
import { behaviourOf, chosenScene, devicesOf, editScene, scene } from './scene.js';
import { TelemetryView } from './telemetry-view.jsx';
import { TwinRule } from './twin-view.jsx';

/** The parts of what a kind does, by their names in a scene: one is edited at a time. */
const PARTS = {
  telemetry: { label: 'Messages', Editor: TelemetryView },
  values: { label: 'Values', Editor: ValuesEditor },
  events: { label: 'Events', Editor: EventsEditor },
  columns: { label: 'Data', Editor: ColumnsEditor },
  twin: { label: 'Twin', Editor: TwinRule },
  methods: { label: 'Methods', Editor: MethodsEditor },
};

/** Kept while other views are shown. */
const chosenPart = signal('telemetry');

/** A scene as fields: its own, those of the chosen kind, and one part of what the kind does. */
export function SceneForm() {
  const kind = useKind();
  const { kindName } = kind;
  const key = `${chosenScene}-${kindName}`;
  const { Editor } = PARTS[chosenPart.value];
  return (
    <>
      <Members key={chosenScene.value} />
      <Kinds kind={kind} />
      <KindMembers key={`${key}-kind`} kind={kind} />
      <section>
        <h3 id="parts">What a “{kindName}” does</h3>
        <Parts kindName={kindName} />
        <Editor key={`${key}-${chosenPart}`} kindName={kindName} />
      </section>
    </>
  );
}

function Parts({ kindName }) {
  const behaviour = behaviourOf(kindName);
  return (
    <div class="buttons kinds parts" role="group" aria-labelledby="parts">
      {Object.entries(PARTS).map(([part, { label }]) => (
        <button
          key={part}
          type="button"
          aria-pressed={part === chosenPart.value}
          onClick={() => (chosenPart.value = part)}
        >
          {label} <span class="quiet">{sizeOf(behaviour[part])}</span>
        </button>
      ))}
    </div>
  );
}

/** The number of items in a part that is a list. */
const sizeOf = (part) => (Array.isArray(part) ? part.length : '');

function Members() {
  const { title, description = '', seed = '', view = 'table' } = scene.value;
  const set = (change, what) => editScene((scene) => withMembers(scene, change), what);
  return (
    <Fold title="Scene">
      <div class="fields">
        <EditField
          label="Title"
          isWide
          value={title}
          edit={(text) => set({ title: text }, 'rename the scene')}
        />
        <EditField
          label="Random seed"
          type="number"
          placeholder="0"
          value={seed}
          edit={(text) => set({ seed: text === '' ? undefined : Number(text) }, 'change the seed')}
        />
        <label>
          Latest values
          <select
            value={view}
            onChange={(event) => set({ view: event.currentTarget.value }, 'choose table or map')}
          >
            <option value="table">In a table</option>
            <option value="map">On a map</option>
          </select>
        </label>
      </div>
      <EditField
        label="Description"
        isLong
        rows="2"
        spellcheck
        value={description}
        edit={(text) => set({ description: text || undefined }, 'describe the scene')}
      />
    </Fold>
  );
}

function Kinds({ kind }) {
  const add = useAction(async () => {
    await editScene(withNewKind, 'add a kind');
    kind.choose(scene.value.kinds.at(-1).name);
  });
  return (
    <section>
      <h3 id="kinds">
        Kinds of devices <span class="quiet wide-only">each has its own behaviour</span>
      </h3>
      <div class="buttons kinds" role="group" aria-labelledby="kinds">
        {scene.value.kinds.map(({ name, count }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === kind.kindName}
            onClick={() => kind.choose(name)}
          >
            {name} <span class="quiet">{count}</span>
          </button>
        ))}
        <button type="button" class="chip" onClick={() => add.run()}>
          Add a kind
        </button>
      </div>
      <Outcome result={add.result} />
    </section>
  );
}

function KindMembers({ kind }) {
  const { kindName, choose } = kind;
  const { name, count, modelId = '' } = scene.value.kinds.find(({ name }) => name === kindName);
  const set = (change, what) => editScene((scene) => withKind(scene, kindName, change), what);
  const rename = async (text) => {
    await set({ name: text }, `rename “${kindName}”`);
    choose(text);
  };
  const { run, result } = useAction((work) => work());
  const copy = async () => {
    const names = new Set(scene.value.kinds.map(({ name }) => name));
    await editScene((scene) => withCopiedKind(scene, kindName), `copy “${kindName}”`);
    choose(scene.value.kinds.find(({ name }) => !names.has(name)).name);
  };
  const remove = () => editScene((scene) => withoutKind(scene, kindName), `remove “${kindName}”`);
  const running = devicesOf(kindName);
  const isOnly = scene.value.kinds.length === 1;
  const title = (
    <>
      Kind “{name}” <span class="quiet">{counted(running, 'device')} in this page</span>
    </>
  );
  return (
    <Fold title={title}>
      <div class="fields">
        <EditField label="Name of the kind" value={name} edit={rename} />
        <EditField
          label="Devices in the scene"
          type="number"
          value={count}
          edit={(text) => set({ count: Number(text) }, `change how many devices “${kindName}” has`)}
        />
        <EditField
          label="Model id"
          isWide
          value={modelId}
          placeholder="dtmi:com:example:Pump;1"
          edit={(text) => set({ modelId: text || undefined }, `change the model of “${kindName}”`)}
        />
      </div>
      <p class="hint">
        These edits apply immediately. Running devices follow a new name; a new number or model is
        for devices that you add later.
        {running > 0 &&
          !isOnly &&
          ' If you remove the kind, its devices become devices of the first kind.'}
      </p>
      <div class="buttons">
        <button type="button" onClick={() => run(copy)}>
          Copy the kind
        </button>
        <button type="button" class="plain" disabled={isOnly} onClick={() => run(remove)}>
          Remove the kind
        </button>
      </div>
      <Outcome result={result} />
    </Fold>
  );
}
