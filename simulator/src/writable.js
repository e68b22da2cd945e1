/**
 * Writable properties, acknowledged as in IoT Plug and Play: a desired value is reported with its
 * version and the outcome, learn.microsoft.com/azure/iot/concepts-convention.
 */
import { misfit } from './json-schema.js';
import { isEqual, own } from './twin.js';

const ACCEPTED = 200;
const BY_THE_DEVICE = 203;
const REFUSED = 400;

/**
 * What to report about desired properties, as a patch; `undefined` if there is nothing to report.
 * @param {object} desired the whole of them or a patch, with `$version`
 * @param {{name: string, component?: string, schema?: object}[]} writable
 * @param {{reported: object, desired: object}} copy what the hub has
 */
export function acknowledgements(desired, writable, copy) {
  const patch = {};
  for (const property of writable) {
    const value = valueIn(desired, property);
    const before = valueIn(copy.reported, property);
    if (value === undefined || value === null) continue;
    const refused = misfit(value, property.schema);
    const answer = refused
      ? { value: before?.value, ac: REFUSED, av: desired.$version, ad: refused }
      : { value, ac: ACCEPTED, av: desired.$version, ad: 'accepted' };
    if (!isKnown(before, answer)) put(patch, property, answer);
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/**
 * What a device reports when it starts: a writable property is marked as set by the device, unless
 * the hub has a value for it.
 */
export function initialValues(reported, writable, copy) {
  const result = structuredClone(reported);
  for (const property of writable) {
    const value = valueIn(result, property);
    if (value === undefined) continue;
    const isSet = valueIn(copy.desired, property) !== undefined;
    const known = valueIn(copy.reported, property);
    const initial = { value, ac: BY_THE_DEVICE, av: 0, ad: 'set by the device' };
    put(result, property, isSet || known?.ac !== undefined ? known : initial);
  }
  return result;
}

/** Whether the hub has this acknowledgement. The version increases with other properties, too. */
function isKnown(before, answer) {
  if (before?.ac !== answer.ac || !isEqual(before.value, answer.value)) return false;
  return answer.ac === ACCEPTED || before.av === answer.av;
}

function valueIn(half, { component, name }) {
  const place = component === undefined ? half : own(half, component);
  return typeof place === 'object' && place !== null ? own(place, name) : undefined;
}

function put(half, { component, name }, value) {
  if (component === undefined) half[name] = value;
  else half[component] = { ...own(half, component), __t: 'c', [name]: value };
}
