/** From degrees to the picture. */
import { roundScale, roundStep } from '../scale.js';

/** Room around the devices, in pixels. */
const MARGIN = 36;

/** The smallest area that a map shows, in degrees: about a kilometre. */
const LEAST = 0.01;

const KILOMETRES_OF_DEGREE = 111.2;

/** The minimum distance of two grid lines, and the minimum length of the bar, in pixels. */
const GRID_PIXELS = 90;
const BAR_PIXELS = 50;

/**
 * A projection in which a kilometre is as long in both directions. It stays the same until a point
 * is outside the round numbers around all of them.
 * @param {Array<{latitude: number, longitude: number}>} points
 */
export function projectionOf(points, width, height) {
  const latitudes = around(points.map(({ latitude }) => latitude));
  const longitudes = around(points.map(({ longitude }) => longitude));
  const narrowing = Math.max(Math.cos((latitudes.middle * Math.PI) / 180), 0.01);
  const scale = Math.min(
    (width - 2 * MARGIN) / (longitudes.length * narrowing),
    (height - 2 * MARGIN) / latitudes.length,
  );
  const x = (longitude) => width / 2 + (longitude - longitudes.middle) * narrowing * scale;
  const y = (latitude) => height / 2 - (latitude - latitudes.middle) * scale;
  return {
    point: ({ latitude, longitude }) => [x(longitude), y(latitude)],
    meridians: linesOf(longitudes.middle, width, scale * narrowing, x, 180),
    parallels: linesOf(latitudes.middle, height, scale, y, 90),
    pixelsPerKilometre: scale / KILOMETRES_OF_DEGREE,
  };
}

/** A round length for the bar of the scale: in words, and in pixels. */
export function barOf({ pixelsPerKilometre }) {
  const kilometres = roundStep(BAR_PIXELS / pixelsPerKilometre);
  const text = kilometres < 1 ? `${Math.round(kilometres * 1000)} m` : `${kilometres} km`;
  return { text, length: kilometres * pixelsPerKilometre };
}

function around(degrees) {
  const [least, most] = [Math.min(...degrees), Math.max(...degrees)];
  const room = Math.max(LEAST - (most - least), 0) / 2;
  const { from, to } = roundScale(least - room, most + room, { isFromZero: false, steps: 8 });
  return { middle: (from + to) / 2, length: to - from };
}

/** The lines of the grid that are in the picture, and on Earth. */
function linesOf(middle, pixels, pixelsPerDegree, place, most) {
  const step = roundStep(GRID_PIXELS / pixelsPerDegree);
  const half = pixels / 2 / pixelsPerDegree;
  const first = Math.ceil(Math.max(middle - half, -most) / step);
  const last = Math.floor(Math.min(middle + half, most) / step);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const degrees = Number(((first + index) * step).toPrecision(10));
    return { degrees, at: place(degrees) };
  });
}
