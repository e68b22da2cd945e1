import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sidesOf } from '../../www/ui/map/labels.js';
import { barOf, projectionOf } from '../../www/ui/map/projection.js';

const WIDTH = 360;
const HEIGHT = 300;

const at = (latitude, longitude) => ({ latitude, longitude });
const ZURICH = [at(47.32, 8.44), at(47.43, 8.63)];

test('a map has north at the top, contains its devices, and has the same scale in both directions', () => {
  const project = projectionOf(ZURICH, WIDTH, HEIGHT);
  for (const point of ZURICH) {
    const [x, y] = project.point(point);
    assert.ok(x > 0 && x < WIDTH && y > 0 && y < HEIGHT, `${x} ${y}`);
  }
  const [[west, south], [east, north]] = ZURICH.map(project.point);
  assert.ok(east > west && north < south);
  const kilometres = { northward: 0.11 * 111.2, eastward: 0.19 * 111.2 * Math.cos(0.8268) };
  const pixels = { northward: south - north, eastward: east - west };
  for (const way of ['northward', 'eastward']) {
    const ratio = pixels[way] / kilometres[way] / project.pixelsPerKilometre;
    assert.ok(Math.abs(ratio - 1) < 0.01, `${way}: ${ratio}`);
  }
});

test('a map stays as it is while its devices move within it', () => {
  const before = projectionOf(ZURICH, WIDTH, HEIGHT).point(ZURICH[0]);
  const moved = projectionOf([at(47.3205, 8.4403), at(47.429, 8.628)], WIDTH, HEIGHT);
  assert.deepEqual(moved.point(ZURICH[0]), before);
});

test('the grid and the bar are round, from a single device to the whole Earth', () => {
  const maps = {
    'a device': [[at(47, 8)], '500 m'],
    'a town': [ZURICH, '5 km'],
    'the Earth': [[at(-80, -180), at(80, 180)], '10000 km'],
    'a pole': [[at(90, 180)], '500 m'],
  };
  for (const [name, [points, bar]] of Object.entries(maps)) {
    const project = projectionOf(points, WIDTH, HEIGHT);
    assert.equal(barOf(project).text, bar, name);
    assert.ok(
      project.meridians.every(({ degrees }) => Math.abs(degrees) <= 180),
      name,
    );
    assert.ok(
      project.parallels.every(({ degrees }) => Math.abs(degrees) <= 90),
      name,
    );
    for (const line of [...project.meridians, ...project.parallels]) {
      assert.ok(String(line.degrees).length <= 7, `${name}: ${line.degrees}`);
      assert.ok(line.at >= 0 && line.at <= WIDTH, `${name}: ${line.at}`);
    }
    // The next line after the first would not be on Earth.
    const least = name === 'the Earth' ? 1 : 2;
    assert.ok(project.meridians.length >= least && project.parallels.length >= least, name);
  }
});

test('names on the map cover neither each other nor a dot, and stay within it', () => {
  const devices = [
    { id: 'van-1', place: [100, 100] },
    { id: 'van-2', place: [115, 104] },
    { id: 'van-3', place: [350, 100] },
    { id: 'van-4', place: [107, 100] },
  ];
  const sides = sidesOf(devices, WIDTH);
  assert.deepEqual(Object.fromEntries(sides), {
    'van-1': 'left',
    'van-2': 'right',
    'van-3': 'left',
  });
});
