import { useRef } from 'preact/hooks';

import { everySecond } from './fleet.js';
import { counted } from './format.js';
import { Notice } from './notice.jsx';

const WIDTH = 800;
const HEIGHT = 420;
const MARGIN = 36;
const TRAIL = 40;

/** Where the devices are that send a position, and the ways that they came. */
export function FleetMap() {
  const trails = useRef(new Map());
  const here = everySecond.value.filter(({ last }) => isPosition(last?.position));
  if (here.length === 0) {
    return (
      <Notice
        text="No device sends a position."
        hint="The map shows telemetry with position.latitude and position.longitude."
      />
    );
  }
  for (const { id, last } of here) follow(trails.current, id, last.position);
  const project = projection([...trails.current.values()].flat());
  return (
    <svg
      class="map"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Map of ${counted(here.length, 'device')}; the table has the same numbers.`}
    >
      <Grid project={project} />
      {here.map(({ id, state }) => (
        <Vehicle
          key={id}
          id={id}
          state={state}
          points={trails.current.get(id).map(project.point)}
        />
      ))}
    </svg>
  );
}

const isPosition = (position) =>
  Number.isFinite(position?.latitude) && Number.isFinite(position?.longitude);

function follow(trails, id, { latitude, longitude }) {
  const trail = trails.get(id) ?? [];
  const end = trail.at(-1);
  if (end?.latitude !== latitude || end?.longitude !== longitude) {
    trails.set(id, [...trail, { latitude, longitude }].slice(-TRAIL));
  }
}

/** Degrees to the picture, so that a kilometre is as long in both directions. */
function projection(points) {
  const latitudes = points.map(({ latitude }) => latitude);
  const longitudes = points.map(({ longitude }) => longitude);
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  const narrowing = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max((east - west) * narrowing, 1e-4),
    (HEIGHT - 2 * MARGIN) / Math.max(north - south, 1e-4),
  );
  const x = (longitude) => WIDTH / 2 + (longitude - (west + east) / 2) * narrowing * scale;
  const y = (latitude) => HEIGHT / 2 - (latitude - (south + north) / 2) * scale;
  const point = ({ latitude, longitude }) => [x(longitude), y(latitude)];
  return { point, scale };
}

const KILOMETRES_OF_DEGREE = 111.2;

/** A grid without tiles: no other server is told where the devices are. */
function Grid({ project }) {
  const kilometre = project.scale / KILOMETRES_OF_DEGREE;
  const bar = 10 ** Math.floor(Math.log10(200 / kilometre));
  const step = bar * kilometre;
  const places = (length) => Array.from({ length: Math.ceil(length / step) }, (_, n) => n * step);
  return (
    <g class="grid">
      {places(WIDTH).map((x) => (
        <line key={`x${x}`} x1={x} x2={x} y1="0" y2={HEIGHT} />
      ))}
      {places(HEIGHT).map((y) => (
        <line key={`y${y}`} x1="0" x2={WIDTH} y1={y} y2={y} />
      ))}
      <path d={`M12 ${HEIGHT - 18}v6h${step}v-6`} />
      <text x={12 + step / 2} y={HEIGHT - 20}>
        {bar >= 1 ? `${bar} km` : `${Math.round(bar * 1000)} m`}
      </text>
    </g>
  );
}

function Vehicle({ id, state, points }) {
  const [x, y] = points.at(-1);
  return (
    <g class={`vehicle ${state}`}>
      <polyline points={points.map((point) => point.join()).join(' ')} />
      {state === 'connected' ? (
        <circle cx={x} cy={y} r="6" />
      ) : (
        <path d={`M${x - 6} ${y - 6}l12 12m0 -12l-12 12`} />
      )}
      <text x={x + 9} y={y + 4}>
        {id}
      </text>
    </g>
  );
}
