/** Checks the tarball with publint and Are The Types Wrong. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';

import { openThrowAwayProjects } from './throw-away.mjs';

const projects = await openThrowAwayProjects();
after(() => projects.close());
const tarball = await readFile(projects.tarball);

test('publint reports nothing', async () => {
  const { buffer, byteOffset, byteLength } = tarball;
  const data = buffer.slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ pack: { tarball: data } });
  assert.deepEqual(messages, []);
});

test('Are The Types Wrong reports nothing', async () => {
  const { problems } = await checkPackage(createPackageFromTarballData(tarball));
  assert.deepEqual(problems, []);
});
