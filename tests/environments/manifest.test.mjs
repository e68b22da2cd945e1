/** What publint and Are The Types Wrong say of the tarball. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';

import { openThrowAwayProjects } from './throw-away.mjs';

const projects = await openThrowAwayProjects();
after(() => projects.close());
const tarball = await readFile(projects.tarball);

test('publint has nothing to say', async () => {
  const { buffer, byteOffset, byteLength } = tarball;
  const data = buffer.slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ pack: { tarball: data } });
  assert.deepEqual(messages, []);
});

test('Are The Types Wrong has nothing to say but that it is ESM alone', async () => {
  const { problems } = await checkPackage(createPackageFromTarballData(tarball));
  // Every Node.js that is supported takes ESM by `require()`: the table of environments shows it.
  assert.deepEqual(
    problems.filter(({ kind }) => kind !== 'CJSResolvesToESM'),
    [],
  );
});
