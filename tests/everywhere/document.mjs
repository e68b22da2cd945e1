/** Reads docs/ENVIRONMENTS.md: its table, and the settings that some tools need. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from '../../scripts/lib/project.mjs';

const document = join(root, 'docs/ENVIRONMENTS.md');
const place = /(<!-- everywhere -->\n)[^]*(<!-- \/everywhere -->)/;

export function renderTable(results) {
  const rows = results.map(({ project, version = '', rows }) => {
    const ran = rows.map(({ name, outcome }) => {
      return outcome === 'passed' ? name : `**${name}: ${outcome}**`;
    });
    const notes = [project.note, project.byHand && 'made by hand'].filter(Boolean);
    return [project.tool, version, ran.join('<br>'), notes.join('; ')];
  });
  const table = [['tool', 'version', 'what ran', 'note'], Array(4).fill('---'), ...rows];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export async function writeIntoDocument(table) {
  const text = await readFile(document, 'utf8');
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(document, text.replace(place, `$1\nLast run: ${date}.\n\n${table}\n\n$2`));
}

/** The block of code that begins with this text: a setting that a tool needs. */
export function settingOfDocument(beginning) {
  const [, code] = readFileSync(document, 'utf8').split(beginning, 2);
  return beginning + /^[^\n`]*/.exec(code)[0];
}
