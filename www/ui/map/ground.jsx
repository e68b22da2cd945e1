import { LAND } from './land.js';
import { barOf } from './projection.js';
import { LAKES, RIVERS } from './waters.js';

/** Outlines of the land are too coarse for a map of a town. */
const LEAST_KILOMETRES_OF_LAND = 500;

/** The background of the map. It needs no map server, which would learn where the devices are. */
export function Ground({ project, width, height }) {
  const isWide = width / project.pixelsPerKilometre > LEAST_KILOMETRES_OF_LAND;
  return (
    <g class="ground">
      {isWide && <rect class="water" width={width} height={height} />}
      {isWide && <path class="land" d={pathOf(LAND, project, 'Z')} />}
      {!isWide && <path class="water" d={pathOf(LAKES, project, 'Z')} />}
      {!isWide && <path class="river" d={pathOf(RIVERS, project, '')} />}
      <Grid project={project} width={width} height={height} />
      <Scale project={project} height={height} />
      <path class="north" d={`M${width - 20} 34v-22l-5 9m5 -9l5 9`} />
      <text x={width - 20} y="48" text-anchor="middle">
        N
      </text>
    </g>
  );
}

/** Outlines as the path of an SVG. */
function pathOf(outlines, project, end) {
  return outlines
    .map((outline) => {
      const points = outline.split(' ').map((text) => {
        const [longitude, latitude] = text.split(',').map(Number);
        const [x, y] = project.point({ latitude, longitude });
        return `${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      return `M${points.join('L')}${end}`;
    })
    .join('');
}

/** The room for the arrow, a line of text at the top, and the scale. */
const NORTH_PIXELS = 90;
const LINE_PIXELS = 28;
const SCALE_PIXELS = 40;

function Grid({ project, width, height }) {
  return (
    <>
      {project.meridians.map(({ degrees, at }) => (
        <g key={`m${degrees}`}>
          <line x1={at} x2={at} y1="0" y2={height} />
          {at < width - NORTH_PIXELS && (
            <text x={at + 3} y="12">
              {inWords(degrees, 'E', 'W')}
            </text>
          )}
        </g>
      ))}
      {project.parallels.map(({ degrees, at }) => (
        <g key={`p${degrees}`}>
          <line x1="0" x2={width} y1={at} y2={at} />
          {at > LINE_PIXELS && at < height - SCALE_PIXELS && (
            <text x="4" y={at - 3}>
              {inWords(degrees, 'N', 'S')}
            </text>
          )}
        </g>
      ))}
    </>
  );
}

const inWords = (degrees, positive, negative) =>
  `${Math.abs(degrees)}°${degrees === 0 ? '' : ` ${degrees > 0 ? positive : negative}`}`;

function Scale({ project, height }) {
  const { text, length } = barOf(project);
  return (
    <>
      <path class="bar" d={`M12 ${height - 18}v6h${length}v-6`} />
      <text x={12 + length / 2} y={height - 20} text-anchor="middle">
        {text}
      </text>
    </>
  );
}
