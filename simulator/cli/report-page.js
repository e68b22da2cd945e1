/** A report as a page: one file without scripts, which can be mailed. */

const WIDTH = 720;
const HEIGHT = 160;
const COLOURS = ['#0f766e', '#b45309', '#7c3aed'];

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { max-width: 760px; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem 1rem .2rem 0; text-align: left; }
  svg { width: 100%; height: auto; } .axis { stroke: #8888; } text { fill: #888; font-size: 12px; }
  .bad { color: #dc2626; font-weight: 600; }`;

/** @param {ReturnType<import('./report.js').makeReport>} report */
export function page(report) {
  const { title, startedAt, durationMs, devices, seed, points } = report;
  const seconds = (durationMs / 1000).toFixed(1);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}: report</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
<p>${devices} devices for ${seconds} s from ${escaped(startedAt)}, seed ${seed}.</p>
${table(figures(report))}
${report.limits.length > 0 ? `<h2>Limits</h2>${table(report.limits.map(limitRow))}` : ''}
${Object.keys(report.errors).length > 0 ? `<h2>Errors</h2>${table(Object.entries(report.errors))}` : ''}
${chart('Devices connected', points, { connected: (point) => point.connected })}
${chart('Messages per second', points, {
  sent: (point) => point.sentPerSecond,
  acknowledged: (point) => point.acknowledgedPerSecond,
})}
${chart('Acknowledgement latency, in milliseconds', points, {
  p50: (point) => point.latencyMs.p50,
  p95: (point) => point.latencyMs.p95,
  p99: (point) => point.latencyMs.p99,
})}
</html>
`;
}

function figures({ totals, latencyMs, durationMs, wantedPerSecond }) {
  const reached = (totals.acknowledged / durationMs) * 1000;
  return [
    ['connected at the end', totals.connected],
    ['sent', totals.sent],
    ['acknowledged', totals.acknowledged],
    ['lost', totals.lost],
    ...uploads(totals),
    ['messages per second, planned', wantedPerSecond.toFixed(1)],
    ['messages per second, average', reached.toFixed(1)],
    ...Object.entries(latencyMs).map(([name, value]) => [`latency ${name}, ms`, value ?? '–']),
  ];
}

/** Left out for fleets that upload nothing. */
const uploads = ({ uploaded, failedUploads }) =>
  uploaded + failedUploads === 0
    ? []
    : [
        ['files uploaded', uploaded],
        ['failed uploads', failedUploads],
      ];

const limitRow = ({ name, limit, value, isKept }) => [
  `${name}, at most ${limit}`,
  isKept ? value : `${value} (exceeded)`,
];

const table = (rows) =>
  `<table>${rows.map(([name, value]) => `<tr><th scope="row">${escaped(name)}<td>${escaped(value)}`).join('')}</table>`;

function chart(title, points, lines) {
  const values = (read) => points.map(read).filter((value) => value !== null);
  const most = Math.max(...Object.values(lines).flatMap(values), 0) || 1;
  const last = points.at(-1)?.second ?? 1;
  const at = (point, value) =>
    `${((point.second / last) * WIDTH).toFixed(1)},${(HEIGHT - (value / most) * HEIGHT).toFixed(1)}`;
  const drawn = Object.entries(lines).map(([name, read], index) => {
    const known = points.filter((point) => read(point) !== null);
    const colour = COLOURS[index];
    return {
      line: `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${known.map((point) => at(point, read(point))).join(' ')}"/>`,
      legend: `<tspan fill="${colour}">${escaped(name)}  </tspan>`,
    };
  });
  return `<h2>${escaped(title)}</h2>
<svg viewBox="0 -20 ${WIDTH} ${HEIGHT + 40}" role="img" aria-label="${escaped(title)}">
<path class="axis" fill="none" d="M0 0V${HEIGHT}H${WIDTH}"/>
${drawn.map(({ line }) => line).join('\n')}
<text x="4" y="-6">${Number(most.toPrecision(4))}</text>
<text x="${WIDTH / 2}" y="-6">${drawn.map(({ legend }) => legend).join('')}</text>
<text x="${WIDTH}" y="${HEIGHT + 16}" text-anchor="end">${Math.round(last)} s</text>
</svg>`;
}

const escaped = (value) =>
  String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
