import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { measure, timeOfDay } from './format.js';
import { theme } from './theme.js';

const colour = (name) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** How the first line and the second are drawn: not by colour alone. */
const STYLES = [
  { stroke: colour('--accent'), width: 1.75 },
  { stroke: colour('--quiet'), width: 1.25, dash: [5, 4] },
];

const clock = (_, times) => times.map((time) => timeOfDay(time * 1000));

/**
 * Lines over time, with a title that tells the latest values, and a sentence for those who do not
 * see it.
 * @param {{title: string, lines: Array<{label: string, values: (number | null)[]}>,
 *          time: number[], text?: (value: number) => string, height?: number,
 *          isFromZero?: boolean}} props
 */
export function Chart({ title, lines, time, text = measure, height = 150, isFromZero = false }) {
  const place = useRef();
  const plot = useRef();
  const data = [time, ...lines.map(({ values }) => values)];

  useEffect(() => {
    const element = place.current;
    plot.current = new uPlot(optionsOf(element, lines, height, isFromZero), data, element);
    const observer = new ResizeObserver(() =>
      plot.current.setSize({ width: element.clientWidth, height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData(data), [time]);
  useEffect(() => plot.current.redraw(), [theme.value]);

  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {lines.map(({ label, values }, index) => (
          <span key={label} class={`key key-${index}`}>
            {label} <b>{text(latest(values))}</b>
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={sentence(title, lines, text)} />
    </figure>
  );
}

function optionsOf(place, lines, height, isFromZero) {
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: place.clientWidth,
    height,
    padding: [8, 26, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: isFromZero ? fromZero : around } },
    axes: [
      { ...axis, values: clock, space: 90, size: 24 },
      { ...axis, size: 46, space: 28 },
    ],
    series: [{}, ...lines.map((_, index) => ({ ...STYLES[index], points: { show: false } }))],
  };
}

const fromZero = (_, least, most) => [0, (most || 1) * 1.1];

/** A line that does not move lies in the middle, not on an edge. */
function around(_, least, most) {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.1 || Math.abs(most) * 0.1 || 1;
  return [least - room, most + room];
}

const known = (values) => values.filter((value) => value !== null && value !== undefined);
const latest = (values) => known(values).at(-1);

function sentence(title, lines, text) {
  const told = lines.map(({ label, values }) => {
    const numbers = known(values);
    if (numbers.length === 0) return `${label}: nothing yet`;
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map(text);
    return `${label}: now ${text(numbers.at(-1))}, between ${least} and ${most}`;
  });
  return `Chart: ${title}. ${told.join('. ')}.`;
}
