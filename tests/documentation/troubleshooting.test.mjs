/** docs/guide/troubleshooting.md has every message of the client, and no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as iothub from '../../pkg/index.node.js';
import { readText } from '../../scripts/lib/project.mjs';
import { messages } from './messages.mjs';

const page = readText('docs/guide/troubleshooting.md');
const rows = page.split('\n').filter((line) => /^\| (?!message|---)/.test(line));
const cells = rows.map((line) => line.split(' | '));
const families = cells.flatMap(([first]) =>
  [...first.matchAll(/`([^`]+)`/g)].map(([, text]) => text),
);
const patterns = families.map((family) => ({
  family,
  pattern: new RegExp(`^${family.split('…').map(escape).join('.*')}$`, 's'),
}));

function escape(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Internal messages: users see another error instead, which names the option, or none. */
const internal = ['options are read into a struct', 'not a list'];

test('every message of the client is in troubleshooting', () => {
  assert.ok(messages.length > 100);
  const isThere = (message) => patterns.some(({ pattern }) => pattern.test(message));
  const missing = messages.filter((message) => !isThere(message));
  assert.deepEqual([...new Set(missing)], internal);
});

test('troubleshooting has no message that the client does not have', () => {
  const isSaid = ({ pattern }) => messages.some((message) => pattern.test(message));
  const unknown = patterns.filter((pattern) => !isSaid(pattern));
  assert.deepEqual(
    unknown.map(({ family }) => family),
    [],
  );
});

test('troubleshooting has every class of error', () => {
  const classes = Object.keys(iothub).filter((name) => iothub[name].prototype instanceof Error);
  assert.ok(classes.length > 7);
  const column = cells.map(([, error]) => error).join();
  assert.deepEqual(
    classes.filter((name) => !column.includes(`\`${name}\``)),
    [],
  );
});
