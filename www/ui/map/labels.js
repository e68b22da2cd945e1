/** Names on the map, which must not cover each other. */

const LETTER = 7;
const HALF_LINE = 6;
const DOT = 7;

/**
 * On which side of its dot a name has room, by id; the first come first. Those without room are
 * missing.
 * @param {Array<{id: string, place: [number, number]}>} devices
 * @returns {Map<string, 'left' | 'right'>}
 */
export function sidesOf(devices, width) {
  const taken = devices.map(({ place }) => boxOf(place, -DOT, DOT));
  const sides = new Map();
  for (const [index, { id, place }] of devices.entries()) {
    const length = id.length * LETTER;
    const boxes = {
      right: boxOf(place, DOT, DOT + length),
      left: boxOf(place, -DOT - length, -DOT),
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
