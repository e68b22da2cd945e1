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

/** Of fewer values each has a dot. */
const FEW = 20;

/** What the axis of time shows at least. */
const LEAST_SECONDS = 10;

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
  // The colours alone: the other kind of redraw sets the scale of time too, which is not known yet
  // before the first drawing.
  useEffect(() => plot.current.redraw(false), [theme.value]);

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
    scales: { x: { range: timeRange }, y: { range: isFromZero ? fromZero : around } },
    axes: [
      { ...axis, values: clock, space: 90, size: 24 },
      { ...axis, size: 46, space: 28 },
    ],
    series: [{}, ...lines.map((_, index) => ({ ...STYLES[index], points: dots(index) }))],
  };
}

/** Dots, where a line alone would show too little or nothing. */
const dots = (index) => ({
  show: false,
  size: 5,
  fill: STYLES[index].stroke,
  filter: (plot, number) => dotted(plot.data[number]),
});

/** The places of all values where they are few, or else of those without a neighbour. */
function dotted(values) {
  const isKnown = (value) => value !== null && value !== undefined;
  const places = [...values.keys()].filter((at) => isKnown(values[at]));
  if (places.length < FEW) return places;
  return places.filter((at) => !isKnown(values[at - 1]) && !isKnown(values[at + 1]));
}

/** A single moment lies in the middle of some seconds: of itself uPlot would show a day. */
function timeRange({ data: [time] }, first, last) {
  if (time.length === 0) return [first, last];
  const [from, to] = [time[0], time.at(-1)];
  return to > from ? [from, to] : [from - LEAST_SECONDS / 2, from + LEAST_SECONDS / 2];
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
