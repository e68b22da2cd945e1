/** Checks GitHub workflows with the parser and the schema of GitHub's own tools. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { build } from 'esbuild';
import { parse } from 'yaml';

import { readJson, root } from '../../scripts/lib/project.mjs';
import { suites } from '../../scripts/lib/suites.mjs';
import { blocks } from './blocks.mjs';

const { NoOperationTraceWriter, parseWorkflow } = await importBundled('@actions/workflow-parser');

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map((name) => ({
  name,
  content: readFileSync(join(folder, name), 'utf8'),
}));
const recipes = blocks
  .filter(({ language, code }) => language === 'yaml' && /^jobs:/m.test(code))
  .map(({ document, code }) => ({ name: document, content: `on: push\n${code}` }));

for (const file of [...workflows, ...recipes]) {
  test(`${file.name} is a workflow`, () => {
    const { context } = parseWorkflow(file, new NoOperationTraceWriter());
    assert.deepEqual(
      context.errors.getErrors().map(({ message }) => message),
      [],
    );
  });
}

test('workflows run existing scripts and suites', () => {
  const { scripts } = readJson('package.json');
  const names = suites({}).map(({ name }) => name);
  const commands = workflows.flatMap(({ content }) =>
    Object.values(parse(content).jobs).flatMap(commandsOf),
  );
  const ran = commands.flatMap((command) => [...command.matchAll(/npm (?:run )?([\w:]+)/g)]);
  assert.ok(ran.length > 10);
  assert.deepEqual(
    ran.map(([, name]) => name).filter((name) => name !== 'publish' && !(name in scripts)),
    [],
  );
  for (const [, list] of commands.join('\n').matchAll(/npm test -- (.*)/g)) {
    for (const [, quoted, bare] of list.matchAll(/'(.*?)'|(\S+)/g)) {
      const wanted = quoted ?? bare;
      assert.ok(
        names.some((name) => name.includes(wanted)),
        wanted,
      );
    }
  }
});

const commandsOf = ({ steps }) => steps.map(({ run }) => run ?? '');

/** The package imports JSON in a way that bundlers support and Node.js does not. */
async function importBundled(name) {
  const stdin = { contents: `export * from '${name}'`, resolveDir: root };
  const require = `createRequire(${JSON.stringify(import.meta.url)})`;
  const js = `import { createRequire } from 'node:module'; const require = ${require};`;
  const options = { bundle: true, format: 'esm', platform: 'node', write: false, banner: { js } };
  const { outputFiles } = await build({ stdin, ...options });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}
