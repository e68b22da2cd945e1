/**
 * The events of a behaviour: when each happens, and what a device does then.
 *
 * @typedef {NonNullable<import('./scene.js').Behaviour['events']>[number]} Event
 */
import { readExpression } from './expression.js';
import { finderOf, namesOf } from './names.js';
import { readText, readValue } from './template.js';

/**
 * @param {import('./scene.js').Behaviour} behaviour
 * @param {import('./names.js').Known} known
 * @param {(field: string, read: () => T) => T} within adds a field to the place of an error
 * @returns {(randomOf: (part: string) => () => number) => object[]} for each event its trigger and
 *   its actions, whose templates are functions of a context
 * @template T
 */
export function readEvents(behaviour, known, within) {
  const { events = [] } = behaviour;
  const names = {
    message: behaviour.telemetry.map(({ name }) => name),
    method: behaviour.methods.map(({ name }) => name),
    value: known.values,
  };
  const all = events.map(({ name, trigger, actions }, index) => {
    const field = `events.${index}`;
    const knownToActions = { ...known, withRequest: trigger.type === 'method' };
    return {
      name,
      trigger: within(`${field}.trigger`, () => readTrigger(trigger, known, names)),
      actions: actions.map((action, at) =>
        within(`${field}.actions.${at}`, () => readAction(action, knownToActions, names, within)),
      ),
    };
  });
  return (randomOf) =>
    all.map(({ name, trigger, actions }) => {
      const random = randomOf(`event/${name}`);
      return { trigger: trigger(random), actions: actions.map((begin) => begin(random)) };
    });
}

function readTrigger(trigger, known, names) {
  if (trigger.type === 'method') check('method', trigger.method, names);
  if (trigger.type === 'condition') {
    const test = readCondition(trigger.expression, known);
    return (random) => ({ type: 'condition', isTrue: test(random) });
  }
  if (trigger.type === 'desired') {
    return () => ({ type: 'desired', path: trigger.property.split('.') });
  }
  return (random) => ({ ...trigger, random });
}

function readAction(action, known, names, within) {
  if (action.type === 'send') check('message', action.message, names);
  if (action.type === 'report') {
    const properties = within('properties', () => readValue(action.properties, known));
    return (random) => ({ type: 'report', properties: properties(random) });
  }
  if (action.type === 'set') {
    for (const name of Object.keys(action.values)) check('value', name, names);
    const values = within('values', () => readValue(action.values, known));
    return (random) => ({ type: 'set', values: values(random) });
  }
  if (action.type === 'upload') {
    const name = readText(action.name, known);
    return (random) => ({ ...action, name: name(random) });
  }
  return () => action;
}

/** An expression that is only checked for truth. */
export function readCondition(expression, known) {
  const read = readExpression(expression, finderOf(known), namesOf(known));
  return (random) => {
    const next = read(random);
    return (context) => Boolean(next(context));
  };
}

function check(what, name, names) {
  if (names[what].includes(name)) return;
  const known = names[what].join(', ') || 'none';
  throw new Error(`the behaviour has no ${what} "${name}"; it has ${known}`);
}
