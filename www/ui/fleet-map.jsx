import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { everySecond, ids } from './fleet.js';
import { counted } from './format.js';
import { Ground } from './map/ground.jsx';
import { sidesOf } from './map/labels.js';
import { projectionOf } from './map/projection.js';
import { addressOfDevice } from './navigation.js';
import { Notice } from './notice.jsx';

const MOST_HEIGHT = 440;
const LEAST_HEIGHT = 300;
const TRAIL = 40;

/**
 * With more devices, the keyboard would have to step through all of them; the table has them, too.
 */
const MOST_TAB_STOPS = 50;

/** Where devices have been; kept while another tab is shown. */
const trails = new Map();

/** The devices that send a position, and their trails. */
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

/** As wide as its container, so that text has its normal size on a phone, too. */
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
  const height = Math.min(Math.max(width * 0.75, LEAST_HEIGHT), MOST_HEIGHT);
  const points = here.flatMap(({ id }) => trails.get(id));
  const project = projectionOf(points, width, height);
  const vehicles = here.map(({ id, state }) => {
    const trail = trails.get(id).map(project.point);
    return { id, state, trail, place: trail.at(-1) };
  });
  const sides = sidesOf(vehicles, width);
  return (
    <svg
      class="map"
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label={`Map of ${counted(here.length, 'device')}; the table has the same numbers.`}
    >
      <Ground project={project} width={width} height={height} />
      {vehicles.map((vehicle) => (
        <Vehicle
          key={vehicle.id}
          {...vehicle}
          side={sides.get(vehicle.id)}
          isRightFree={vehicle.place[0] < width / 2}
          isTabStop={vehicles.length <= MOST_TAB_STOPS}
        />
      ))}
    </svg>
  );
}

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

/** A device, which a click opens. A name without room is shown under the pointer. */
function Vehicle({ id, state, trail, place: [x, y], side, isRightFree, isTabStop }) {
  const isRight = side ? side === 'right' : isRightFree;
  return (
    <a
      class={`vehicle ${state} ${side ? '' : 'crowded'}`}
      href={addressOfDevice(id)}
      aria-label={`${id}, ${state}`}
      tabIndex={isTabStop ? 0 : -1}
    >
      <polyline points={trail.map((point) => point.join()).join(' ')} />
      <circle class="touch" cx={x} cy={y} r="12" />
      {state === 'connected' ? (
        <circle cx={x} cy={y} r="6" />
      ) : (
        <path d={`M${x - 6} ${y - 6}l12 12m0 -12l-12 12`} />
      )}
      <text x={isRight ? x + 9 : x - 9} y={y + 4} text-anchor={isRight ? 'start' : 'end'}>
        {id}
      </text>
    </a>
  );
}
