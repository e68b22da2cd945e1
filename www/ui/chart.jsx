import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import uPlot from 'uplot';

import { measure, timeOfDay } from './format.js';
import { roundScale, stepsOf, timesOf } from './scale.js';
import { theme } from './theme.js';

const colour = (name) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** How the first line and the second are drawn: not by colour alone. */
const STYLES = [
  { stroke: colour('--accent'), width: 1.75 },
  { stroke: colour('--quiet'), width: 1.25, dash: [5, 4] },
];

/** With fewer values, each has a dot. */
const FEW = 20;

/** The shortest step of the value axis, and the height of the time axis below it, in pixels. */
const STEP_PIXELS = 28;
const TIME_PIXELS = 24;

/** The shortest time that the time axis shows. */
const LEAST_SECONDS = 10;

const clock = (_, times) => timesOf(times);

/**
 * Lines over time, with a title that shows the latest values, or those under the pointer, and a
 * sentence for screen readers.
 * @param {{title: string, lines: Array<{label: string, values: (number | null)[]}>,
 *          time: number[], text?: (value: number, unit?: string) => string, unit?: string,
 *          height?: number, isFromZero?: boolean}} props
 */
export function Chart({
  title,
  lines,
  time,
  text = measure,
  unit,
  height = 150,
  isFromZero = false,
}) {
  const place = useRef();
  const plot = useRef();
  const pointed = useSignal(null);
  const data = [time, ...lines.map(({ values }) => values)];

  useEffect(() => {
    const element = place.current;
    const point = ({ cursor }) => (pointed.value = cursor.idx ?? null);
    const options = optionsOf({ place: element, lines, height, isFromZero, text, point });
    plot.current = new uPlot(options, data, element);
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

  const told = (value) => text(value, unit);
  const isPointed = pointed.value !== null && pointed.value < time.length;
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {isPointed && <time class="moment">{timeOfDay(time[pointed.value] * 1000)}</time>}
        <span class="keys">
          {lines.map(({ label, values }, index) => (
            <span key={label} class={`key key-${index}`}>
              {label} <b>{told(isPointed ? values[pointed.value] : latest(values))}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={sentence(title, lines, told)} />
    </figure>
  );
}

function optionsOf({ place, lines, height, isFromZero, text, point }) {
  const steps = Math.floor((height - TIME_PIXELS) / STEP_PIXELS);
  let scale;
  const range = (_, least, most) => {
    scale = roundScale(least, most, { isFromZero, steps });
    return [scale.from, scale.to];
  };
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
    // The charts of a view show the same moment.
    cursor: { y: false, drag: { x: false }, sync: { key: 'time', scales: ['x', null] } },
    hooks: { setCursor: [point] },
    scales: { x: { range: timeRange }, y: { range } },
    axes: [
      { ...axis, values: clock, space: 90, size: TIME_PIXELS },
      {
        ...axis,
        splits: () => stepsOf(scale),
        values: (_, values) => values.map((value) => (value === 0 ? '0' : text(value))),
        size: (_, texts) => (texts ? widest(texts) : 0),
      },
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

/** The positions of all values if there are few, otherwise of those without a neighbour. */
function dotted(values) {
  const isKnown = (value) => value !== null && value !== undefined;
  const places = [...values.keys()].filter((at) => isKnown(values[at]));
  if (places.length < FEW) return places;
  return places.filter((at) => !isKnown(values[at - 1]) && !isKnown(values[at + 1]));
}

/** A single moment is shown in the middle of some seconds: by default, uPlot would show a day. */
function timeRange({ data: [time] }, first, last) {
  if (time.length === 0) return [first, last];
  const [from, to] = [time[0], time.at(-1)];
  return to > from ? [from, to] : [from - LEAST_SECONDS / 2, from + LEAST_SECONDS / 2];
}

/** The room for the numbers of an axis, in pixels. */
const widest = (texts) => 14 + 6.5 * Math.max(...texts.map(({ length }) => length));

const known = (values) => values.filter((value) => value !== null && value !== undefined);
const latest = (values) => known(values).at(-1);

function sentence(title, lines, text) {
  const sentences = lines.map(({ label, values }) => {
    const numbers = known(values);
    if (numbers.length === 0) return `${label}: nothing yet`;
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map(text);
    return `${label}: now ${text(numbers.at(-1))}, between ${least} and ${most}`;
  });
  return `Chart: ${title}. ${sentences.join('. ')}.`;
}
