/** The table as Markdown, and its place in the README. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from '../../scripts/lib/project.mjs';

const readme = join(root, 'README.md');
const place = /(<!-- everywhere -->\n)[^]*(<!-- \/everywhere -->)/;

export function renderTable(results) {
  const rows = results.map(({ project, version, rows }) => {
    const passed = rows.filter(({ outcome }) => outcome === 'passed');
    const cells = rows.map(({ name, outcome }) =>
      outcome === 'passed' ? name : `**${name}: ${outcome}**`,
    );
    const notes = [project.note, project.byHand && 'project written by hand'].filter(Boolean);
    void passed;
    return [project.tool, version, cells.join('; '), notes.join('; ')];
  });
  const table = [['tool', 'version', 'passed', 'note'], ['-', '-', '-', '-'], ...rows];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export async function writeIntoReadme(table) {
  const text = await readFile(readme, 'utf8');
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(readme, text.replace(place, `$1\nLast run: ${date}.\n\n${table}\n\n$2`));
}
