/** `npm run schema`: makes `scene.schema.json` of the schema by which scenes are checked. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';

import { Scene } from '../src/scene-schema.js';

export const schemaFile = new URL('../scene.schema.json', import.meta.url);

/** What only code can check, such as secrets and names that are there twice, is left out. */
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(schemaFile, `${JSON.stringify(makeSchema(), null, 2)}\n`);
}
