/** Tables of the results in Markdown, readable in a terminal, too. */
import { cpus } from 'node:os';
import { readJson } from '../scripts/lib/project.mjs';
import { BARS, CONTENDERS, METRICS, PEERS, ROWS, RUNTIMES } from './rows.js';

/**
 * Results that were measured elsewhere, for further tables.
 * @typedef {object} FurtherTable
 * @property {string} title
 * @property {string[]} columns
 * @property {(string | number)[][]} rows
 */

/**
 * @param {import('./results.js').Results} results
 * @param {import('./measuring.js').Conditions} conditions
 * @param {FurtherTable[]} further
 */
export function report(results, conditions, further) {
  const sections = [underWhich(conditions)];
  const bars = BARS.flatMap((bar) => barLines(results, bar));
  if (bars.length > 0) {
    const head = ['row', 'this client', 'against', 'ratio', 'bar', 'reached'];
    sections.push(heading('Against the bars'), table([head, ...bars]));
  }
  for (const [runtime, name] of Object.entries(RUNTIMES)) {
    const ratios = ratioLines(results, runtime);
    if (ratios.length > 0) {
      const head = ['', 'this/before', 'this/floor', 'before/floor', 'every round'];
      sections.push(heading(`Against before, in ${name}`), table([head, ...ratios]));
    }
  }
  for (const [runtime, name] of Object.entries(RUNTIMES)) {
    const measured = measurements(results, runtime, conditions.contenders);
    if (measured.length > 0) sections.push(heading(`In ${name}`), table(measured));
  }
  for (const { title, columns, rows } of further) {
    sections.push(heading(title), table([columns, ...rows]));
  }
  if (conditions.failures.length > 0) {
    const lines = conditions.failures.map((line) => `- ${line}`);
    sections.push(heading('What failed'), lines.join('\n'));
  }
  return sections.join('\n\n');
}

const heading = (text) => `### ${text}`;

function underWhich({ rounds, servers, chromium }) {
  const contenders = PEERS.map((name) => {
    const { label, package: folder } = CONTENDERS[name];
    return `${label} ${readJson(`${folder}/package.json`).version}`;
  });
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0].model}`;
  const browser = chromium ? `, Chromium ${chromium}` : '';
  return (
    `${day}, ${machine}, Node.js ${process.versions.node}${browser}; ` +
    `server: ${servers.join(' and ')}; ${contenders.join(', ')}. ` +
    `Median of ${rounds} rounds, with the lowest and the highest.`
  );
}

function barLines(results, { runtime, row, metric, limits = {}, atMost }) {
  const summaryOf = (contender) => results.summary(runtime, row, contender, metric);
  const ours = summaryOf('ours');
  if (!ours) return [];
  const { moreIsBetter, unit } = METRICS[metric];
  const title = `${RUNTIMES[runtime]}: ${describe(row, metric)}`;
  const own = `${number(ours.median, metric)} ${unit}`;
  if (atMost) {
    const reached = ours.median <= atMost ? 'yes' : '**no**';
    return [[title, own, '', '', `≤ ${number(atMost, metric)} ${unit}`, reached]];
  }
  return Object.entries(limits).flatMap(([name, limit]) => {
    const contender = name === 'best' ? bestPeer(summaryOf, moreIsBetter) : name;
    const theirs = contender && summaryOf(contender);
    if (!theirs) return [];
    const ratio = ours.median / theirs.median;
    const reached = moreIsBetter ? ratio >= limit : ratio <= limit;
    const label = `${CONTENDERS[contender].label}${name === 'best' ? ', the best peer' : ''}`;
    const against = `${number(theirs.median, metric)} (${label})`;
    const wanted = `${moreIsBetter ? '≥' : '≤'} ${limit}`;
    return [[title, own, against, ratio.toFixed(2), wanted, reached ? 'yes' : '**no**']];
  });
}

function bestPeer(summaryOf, moreIsBetter) {
  const sign = moreIsBetter ? 1 : -1;
  const measured = PEERS.filter(summaryOf);
  return measured.sort((a, b) => sign * (summaryOf(b).median - summaryOf(a).median))[0];
}

/** Each row's ratio of this client to the earlier package, and of both to the floor. */
function ratioLines(results, runtime) {
  return ROWS.flatMap(({ name, metrics }) =>
    metrics.flatMap((metric) => {
      const ratio = (...contenders) => results.ratio(runtime, name, contenders, metric);
      const change = ratio('ours', 'before');
      if (!change) return [];
      const ratios = [change, ratio('ours', 'raw'), ratio('before', 'raw')];
      const title = `${describe(name, metric)}, ${METRICS[metric].unit}`;
      return [[title, ...ratios.map(ratioCell), verdict(change, metric)]];
    }),
  );
}

/** Empty if the rounds disagree: such a difference may be noise. */
function verdict({ min, max }, metric) {
  if (min <= 1 && max >= 1) return '';
  return max < 1 === Boolean(METRICS[metric].moreIsBetter) ? '**worse**' : 'better';
}

function ratioCell(ratio) {
  if (!ratio) return '';
  const [median, min, max] = [ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(2));
  return `${median} (${min}–${max})`;
}

function measurements(results, runtime, contenders) {
  const lines = ROWS.flatMap(({ name, metrics }) =>
    metrics.map((metric) => {
      const cells = contenders.map((contender) =>
        cell(results.summary(runtime, name, contender, metric), metric),
      );
      return [`${describe(name, metric)}, ${METRICS[metric].unit}`, ...cells];
    }),
  );
  const measured = lines.filter(([, ...cells]) => cells.some(Boolean));
  const head = ['', ...contenders.map((name) => CONTENDERS[name].label)];
  return measured.length > 0 ? [head, ...measured] : [];
}

/** A row's title, with the metric's name if a row has several metrics with the same unit. */
function describe(row, metric) {
  const { title } = ROWS.find(({ name }) => name === row);
  const part = { import: ': the import', connect: ': the connection, after the import' }[metric];
  return title + (part ?? '');
}

/** A summary for people, in the unit of the metric; empty if there is none. */
export function cell(summary, metric) {
  if (!summary) return '';
  const [median, min, max] = [summary.median, summary.min, summary.max].map((value) =>
    number(value, metric),
  );
  return min === max ? median : `${median} (${min}–${max})`;
}

function number(value, metric) {
  const { digits, factor = 1 } = METRICS[metric];
  return (value / factor).toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** @param {(string | number)[][]} rows the first is the head */
export function table([head, ...rows]) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
