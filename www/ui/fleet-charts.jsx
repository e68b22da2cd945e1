import { Chart } from './chart.jsx';
import { series } from './fleet.js';
import { duration } from './format.js';
import { meanOver } from './scale.js';

/** Messages of a few devices are not in every second: without a mean, the line would be a saw. */
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
          { label: 'acknowledged', values: meanOver(RATE_SECONDS, acknowledged) },
          { label: 'sent', values: meanOver(RATE_SECONDS, sent) },
        ]}
      />
      <Chart
        title="Acknowledgement latency"
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
