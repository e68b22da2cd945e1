import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { TestHub } from './support/hub.js';

const hub = new TestHub();

const document = async () => (await fetch(`${hub.url}/openapi.json`)).json();

const operationsOf = ({ paths }) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('GET /openapi.json', () => {
  test('is a valid document of OpenAPI 3.1, and needs no token', async () => {
    const spec = await document();
    assert.equal(spec.openapi, '3.1.0');
    const { valid, errors } = await new Validator().validate(spec);
    assert.ok(valid, JSON.stringify(errors, null, 2));
  });

  test('describes what every call does and returns, including errors', async () => {
    for (const { path, method, operation } of operationsOf(await document())) {
      const name = `${method} ${path}`;
      assert.match(operation.summary ?? '', /^[A-Z].{8,}/, name);
      assert.equal(operation.tags?.length, 1, name);
      const statuses = Object.keys(operation.responses);
      assert.ok(
        statuses.some((status) => status.startsWith('2')),
        name,
      );
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (!status.startsWith('2')) assert.ok(content, `${name} ${status}`);
      }
      if (['/openapi.json', '/health'].includes(path)) continue;
      assert.ok(
        statuses.some((status) => status.startsWith('4')),
        name,
      );
    }
  });

  test('names the token of every call that is refused without one', async () => {
    for (const { path, method, operation } of operationsOf(await document())) {
      if (path.startsWith('/uploads/')) continue;
      const url = path.replaceAll(/\{(\w+)\}/g, 'x');
      const isRead = method === 'get';
      const headers = { authorization: '' };
      const answer = await hub.call(method.toUpperCase(), url, isRead ? undefined : {}, headers);
      const isRefused = operation.security?.some(({ sas }) => sas) ?? false;
      assert.equal(answer.status, isRefused ? 401 : 200, `${method} ${path}`);
    }
  });

  test('has every call in the README', async () => {
    const { paths } = await document();
    const shapes = Object.keys(paths).map((path) => path.replaceAll(/\{[^}]+\}/g, '{}'));
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const calls = /`[A-Z, `]*(\/(?:devices|twins|local|messages|statistics)[^`? ]*)/g;
    const told = [...readme.matchAll(calls)];
    assert.ok(told.length > 15);
    for (const [, path] of told) {
      assert.ok(shapes.includes(path.replaceAll(/\{[^}]+\}/g, '{}')), path);
    }
  });
});
