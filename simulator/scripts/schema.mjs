/**
 * `npm run schema`: creates `scene.schema.json` from the schema that checks scenes, and from that
 * the page of the documentation.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';

import { Scene } from '../src/scene-schema.js';
import { sectionsOf } from '../src/schema-docs.js';

export const schemaFile = new URL('../scene.schema.json', import.meta.url);
export const pageFile = new URL('../../docs/simulator/scene-file.md', import.meta.url);

/** Rules that only code can check, such as secrets and repeated names, are left out. */
export function makeSchema() {
  const schema = toJsonSchema(Scene, {
    target: 'draft-2020-12',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) =>
      valibotSchema.type === 'custom' ? { type: 'object' } : undefined,
  });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'A scene of iothub-simulator', ...rest };
}

const HEAD = `# The scene file

A scene says what simulated devices do. The [simulator's page](README.md) edits it, and [iothub-simulator](../../simulator/README.md#scenes) runs it. A scene is a JSON file of at most 256 KB. It contains no devices, keys or tokens: both refuse a scene that contains anything that looks like a key.

This page is generated from [scene.schema.json](../../simulator/scene.schema.json) by \`npm run schema\`. If your editor supports JSON Schema, it completes and checks a file whose member \`$schema\` refers to this schema. The names of a scene's kinds must differ, and so must those of a kind's messages, methods and events. A member whose name ends in \`Ms\` is a number of milliseconds.
`;

/** The documentation of the file, as a page. */
export const makePage = (schema) => [HEAD, ...sectionsOf(schema).map(sectionText)].join('\n');

function sectionText({ path, type, description, members }) {
  const place = path === '' ? 'The scene' : `\`${path}\``;
  const title = type === undefined ? place : `${place}: ${type}`;
  const rows = members.map(
    ({ name, type, isRequired, description = '' }) =>
      `| \`${name}\` | ${cell(type)} | ${isRequired ? 'yes' : ''} | ${cell(description)} |`,
  );
  return `## ${title}

${description ? `${description}\n\n` : ''}| member | value | required | |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('*', '\\*');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const schema = makeSchema();
  writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`);
  writeFileSync(pageFile, makePage(schema));
}
