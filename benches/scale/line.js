/**
 * The line that best fits the points, by least squares.
 * @param {[number, number][]} points
 * @returns {{slope: number, r2: number}} `r2` is 1 if all points are on the line, 0 if the line
 *   explains nothing
 */
export function fitLine(points) {
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const product = mean(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  const [spreadX, spreadY] = [
    mean(points.map(([x]) => (x - meanX) ** 2)),
    mean(points.map(([, y]) => (y - meanY) ** 2)),
  ];
  return { slope: product / spreadX, r2: product ** 2 / (spreadX * spreadY) };
}
