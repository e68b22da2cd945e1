import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { everySecond, ids } from './fleet.js';
import { counted } from './format.js';
import { Notice } from './notice.jsx';

const HEIGHT = 420;
const MARGIN = 36;
const TRAIL = 40;

/** The ways of all devices, which another tab does not end. */
const trails = new Map();

/** Where the devices are that send a position, and the ways that they came. */
export function FleetMap() {
  const place = useRef();
  const width = useSignal(0);
  useEffect(() => {
    const element = place.current;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return <div ref={place}>{width.value > 0 && <Picture width={width.value} />}</div>;
}

/** As wide as its place, so that its text has the size of text on a phone too. */
function Picture({ width }) {
  const here = everySecond.value.filter(({ last }) => isPosition(last?.position));
  for (const id of trails.keys()) if (!ids.value.includes(id)) trails.delete(id);
  if (here.length === 0) {
    return (
      <Notice
        text="No device sends a position."
        hint="The map shows telemetry with position.latitude and position.longitude."
      />
    );
  }
  for (const { id, last } of here) follow(id, last.position);
  const project = projection(
    here.flatMap(({ id }) => trails.get(id)),
    width,
  );
  const vehicles = here.map(({ id, state }) => {
    const points = trails.get(id).map(project.point);
    return { id, state, points };
  });
  const sides = labelled(vehicles, width);
  return (
    <svg
      class="map"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={`Map of ${counted(here.length, 'device')}; the table has the same numbers.`}
    >
      <Grid project={project} width={width} />
      {vehicles.map((vehicle) => (
        <Vehicle key={vehicle.id} {...vehicle} side={sides.get(vehicle.id)} />
      ))}
    </svg>
  );
}

const LETTER = 7;
const HALF_LINE = 6;
const DOT = 7;

/** On which side of its dot a name has room, by id; the first come first. */
function labelled(vehicles, width) {
  const taken = vehicles.map(({ points }) => boxOf(points.at(-1), -DOT, DOT));
  const sides = new Map();
  for (const [index, { id, points }] of vehicles.entries()) {
    const length = id.length * LETTER;
    const boxes = {
      right: boxOf(points.at(-1), DOT, DOT + length),
      left: boxOf(points.at(-1), -DOT - length, -DOT),
    };
    const isFree = (box) =>
      box.left > 0 &&
      box.right < width &&
      taken.every((other, at) => at === index || isApart(box, other));
    const side = Object.keys(boxes).find((name) => isFree(boxes[name]));
    if (!side) continue;
    sides.set(id, side);
    taken.push(boxes[side]);
  }
  return sides;
}

const boxOf = ([x, y], left, right) => ({ left: x + left, right: x + right, y });
const isApart = (one, other) =>
  one.right < other.left || other.right < one.left || Math.abs(one.y - other.y) > 2 * HALF_LINE;

const isWithin = (degrees, most) => Number.isFinite(degrees) && Math.abs(degrees) <= most;
const isPosition = (position) =>
  isWithin(position?.latitude, 90) && isWithin(position?.longitude, 180);

function follow(id, { latitude, longitude }) {
  const trail = trails.get(id) ?? [];
  const end = trail.at(-1);
  if (end?.latitude !== latitude || end?.longitude !== longitude) {
    trails.set(id, [...trail, { latitude, longitude }].slice(-TRAIL));
  }
}

/** Degrees to the picture, so that a kilometre is as long in both directions. */
function projection(points, width) {
  const latitudes = points.map(({ latitude }) => latitude);
  const longitudes = points.map(({ longitude }) => longitude);
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  const narrowing = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max((east - west) * narrowing, 1e-4),
    (HEIGHT - 2 * MARGIN) / Math.max(north - south, 1e-4),
  );
  const x = (longitude) => width / 2 + (longitude - (west + east) / 2) * narrowing * scale;
  const y = (latitude) => HEIGHT / 2 - (latitude - (south + north) / 2) * scale;
  const point = ({ latitude, longitude }) => [x(longitude), y(latitude)];
  return { point, scale };
}

const KILOMETRES_OF_DEGREE = 111.2;

/** A grid without tiles: no other server is told where the devices are. */
function Grid({ project, width }) {
  const kilometre = project.scale / KILOMETRES_OF_DEGREE;
  const bar = 10 ** Math.floor(Math.log10(200 / kilometre));
  const step = bar * kilometre;
  const places = (length) => Array.from({ length: Math.ceil(length / step) }, (_, n) => n * step);
  return (
    <g class="grid">
      {places(width).map((x) => (
        <line key={`x${x}`} x1={x} x2={x} y1="0" y2={HEIGHT} />
      ))}
      {places(HEIGHT).map((y) => (
        <line key={`y${y}`} x1="0" x2={width} y1={y} y2={y} />
      ))}
      <path d={`M12 ${HEIGHT - 18}v6h${step}v-6`} />
      <text x={12 + step / 2} y={HEIGHT - 20}>
        {bar >= 1 ? `${bar} km` : `${Math.round(bar * 1000)} m`}
      </text>
    </g>
  );
}

function Vehicle({ id, state, points, side }) {
  const [x, y] = points.at(-1);
  return (
    <g class={`vehicle ${state}`}>
      <polyline points={points.map((point) => point.join()).join(' ')} />
      {state === 'connected' ? (
        <circle cx={x} cy={y} r="6" />
      ) : (
        <path d={`M${x - 6} ${y - 6}l12 12m0 -12l-12 12`} />
      )}
      <title>{id}</title>
      {side && (
        <text
          x={side === 'right' ? x + 9 : x - 9}
          y={y + 4}
          text-anchor={side === 'right' ? 'start' : 'end'}
        >
          {id}
        </text>
      )}
    </g>
  );
}
