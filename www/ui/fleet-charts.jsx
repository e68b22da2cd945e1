import { Chart } from './chart.jsx';
import { series } from './fleet.js';
import { duration } from './format.js';

/** Few messages do not fall on each second alike: three devices would draw the teeth of a saw. */
const RATE_SECONDS = 4;

/** How much was sent and acknowledged per second, and the latency. */
export function FleetCharts() {
  const { time, sent, acknowledged, latencyP50, latencyP99 } = series.value;
  return (
    <div class="charts">
      <Chart
        title="Messages per second"
        time={time}
        isFromZero
        lines={[
          { label: 'acknowledged', values: overTime(acknowledged) },
          { label: 'sent', values: overTime(sent) },
        ]}
      />
      <Chart
        title="Until acknowledged"
        time={time}
        text={duration}
        isFromZero
        lines={[
          { label: 'p50', values: latencyP50 },
          { label: 'p99', values: latencyP99 },
        ]}
      />
    </div>
  );
}

/** The mean of each second and those before it. */
function overTime(counts) {
  return counts.map((_, at) => {
    const last = counts.slice(Math.max(0, at + 1 - RATE_SECONDS), at + 1);
    return last.reduce((sum, count) => sum + count, 0) / last.length;
  });
}
