/** The output of a run: a live view, plain lines without a terminal, or JSON. */

/** The interval of plain lines. */
const LINE_MS = 5000;

/**
 * @param {{isJson?: boolean, title: string, wantedPerSecond: number}} options
 * @param {NodeJS.WriteStream} [output]
 */
export function createProgress({ isJson, title, wantedPerSecond }, output = process.stdout) {
  if (isJson) return jsonLines(output);
  const words = (state) => inWords({ ...state, title, wantedPerSecond });
  return output.isTTY ? liveView(words, output) : plainLines(words, output);
}

function jsonLines(output) {
  const print = (event, members) => output.write(`${JSON.stringify({ event, ...members })}\n`);
  return {
    tell: print,
    show: (state) => print('progress', state),
    end: (report) => print('end', withoutCharts(report)),
  };
}

function plainLines(words, output) {
  let last = -Infinity;
  return {
    tell: (_, { devices, hostname }) => output.write(`${devices} devices at ${hostname}\n`),
    show(state) {
      if (state.elapsedMs - last < LINE_MS) return;
      last = state.elapsedMs;
      output.write(`${words(state).slice(1).join(', ')}\n`);
    },
    end: (report) => output.write(summary(report)),
  };
}

function liveView(words, output) {
  let height = 0;
  return {
    tell: (_, { devices, hostname }) => output.write(`${devices} devices at ${hostname}\n`),
    show(state) {
      const lines = words(state);
      const up = height > 0 ? `\x1b[${height}A` : '';
      output.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(''));
      height = lines.length;
    },
    end: (report) => output.write(summary(report)),
  };
}

function inWords({ title, wantedPerSecond, elapsedMs, latencyMs, errors, ...totals }) {
  const { devices, connected, waiting, sent, acknowledged, ratePerSecond } = totals;
  const failures = Object.entries(errors).map(([name, count]) => `${count} ${name}`);
  return [
    `${title}, ${Math.round(elapsedMs / 1000)} s`,
    `connected ${connected} of ${devices + waiting}`,
    `rate ${ratePerSecond.toFixed(1)}/s of ${wantedPerSecond.toFixed(1)}/s`,
    `sent ${sent}, acknowledged ${acknowledged}`,
    `latency ${percentiles(latencyMs)}`,
    `errors ${failures.join(', ') || 'none'}`,
  ];
}

const milliseconds = (value) => (value === null ? '–' : `${value.toFixed(1)} ms`);

const percentiles = ({ p50, p95, p99 }) =>
  `p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}, p99 ${milliseconds(p99)}`;

function summary({ totals, latencyMs, errors, limits, durationMs }) {
  const failures = Object.entries(errors).map(([name, count]) => `  ${name}: ${count}\n`);
  const { uploaded, failedUploads } = totals;
  const uploads = `  files uploaded: ${uploaded}, failed: ${failedUploads}\n`;
  const exceeded = limits
    .filter(({ isKept }) => !isKept)
    .map(({ name, limit, value }) => {
      const [most, found] = [limit, value].map((one) =>
        /^p\d/.test(name) ? milliseconds(one) : one,
      );
      return `  --max-${name} ${most} was exceeded: ${found}\n`;
    });
  return (
    `${(durationMs / 1000).toFixed(1)} s: sent ${totals.sent}, acknowledged ` +
    `${totals.acknowledged}, lost ${totals.lost}; latency ${percentiles(latencyMs)}\n` +
    [...(uploaded + failedUploads > 0 ? [uploads] : []), ...failures, ...exceeded].join('')
  );
}

const withoutCharts = ({ points, histogram, ...report }) => report;
