/** A route through points, for devices that move. */

/** Metres, on a sphere. */
const EARTH_RADIUS = 6_371_000;
const DECIMALS = 6;

/**
 * Reads the points of a route.
 * @param {string[]} texts each `LATITUDE,LONGITUDE`
 * @returns {{length: number, at: (metres: number) => {latitude: number, longitude: number}}}
 *   returns the position after a distance; at each end, the route turns back
 */
export function readRoute(texts) {
  const points = texts.map(readPoint);
  if (points.length < 2) throw new Error('a route needs two or more points');
  const legs = points.slice(1).map((to, index) => legOf(points[index], to));
  const length = legs.reduce((sum, leg) => sum + leg.length, 0);
  if (length === 0) throw new Error('its points are all the same');
  return {
    length,
    at(metres) {
      const around = metres % (2 * length);
      let left = around > length ? 2 * length - around : around;
      const leg = legs.find((one) => {
        if (left <= one.length) return true;
        left -= one.length;
        return false;
      });
      // The last sum of lengths may be slightly less than the total.
      return leg ? pointOn(leg, left / leg.length) : rounded(points.at(-1));
    },
  };
}

function readPoint(text) {
  const [latitude, longitude, ...more] = text.split(',').map(Number);
  if (more.length === 0 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) {
    return { latitude, longitude };
  }
  throw new Error(`"${text}" is not a point, such as 47.37,8.54`);
}

/** On a plane, which is accurate enough for legs of a few kilometres. */
function legOf(from, to) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const north = radians(to.latitude - from.latitude);
  const middle = radians((from.latitude + to.latitude) / 2);
  const east = radians(to.longitude - from.longitude) * Math.cos(middle);
  return { from, to, length: EARTH_RADIUS * Math.hypot(north, east) };
}

/** A leg without length has only one point. */
function pointOn({ from, to, length }, part) {
  const between = (name) => from[name] + (to[name] - from[name]) * (length === 0 ? 0 : part);
  return rounded({ latitude: between('latitude'), longitude: between('longitude') });
}

const rounded = ({ latitude, longitude }) => ({
  latitude: Number(latitude.toFixed(DECIMALS)),
  longitude: Number(longitude.toFixed(DECIMALS)),
});
