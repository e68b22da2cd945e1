/** A bar chart of the most important rows. */
import * as echarts from 'echarts';
import { cell } from './report.js';
import { CONTENDERS, METRICS, RUNTIMES } from './rows.js';

const TELEMETRY = { title: 'Telemetry, 100 in flight', row: 'telemetry-100-110' };
const PANELS = [
  { ...TELEMETRY, runtime: 'node', metric: 'cpu' },
  { ...TELEMETRY, runtime: 'chromium', metric: 'rate' },
  { title: 'Messages received', runtime: 'node', row: 'c2d', metric: 'cpu' },
  { title: '1,000 idle clients: memory', runtime: 'node', row: 'idle-1000', metric: 'memory' },
];
const SIZE = { width: 900, height: 520 };
/** These colours are readable on white and on black. */
const [TEXT, OURS, OTHERS] = ['#7d8590', '#2f81f7', '#8b949e'];

/** @param {import('./results.js').Results} results */
export function plot(results) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  const panels = PANELS.map((panel, index) => drawPanel(results, panel, index));
  const all = (part) => panels.map((panel) => panel[part]);
  chart.setOption({
    animation: false,
    textStyle: { color: TEXT, fontFamily: 'sans-serif' },
    title: all('title'),
    grid: all('grid'),
    xAxis: all('xAxis'),
    yAxis: all('yAxis'),
    series: all('series'),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function drawPanel(results, { title, runtime, row, metric }, index) {
  const { unit, moreIsBetter, factor = 1 } = METRICS[metric];
  const contenders = Object.keys(CONTENDERS).filter((name) =>
    results.summary(runtime, row, name, metric),
  );
  const left = `${index % 2 ? 62 : 12}%`;
  const top = index < 2 ? 60 : 320;
  const data = contenders.map((name) => {
    const summary = results.summary(runtime, row, name, metric);
    return {
      value: summary.median / factor,
      itemStyle: { color: name === 'ours' ? OURS : OTHERS },
      label: { formatter: cell(summary, metric) },
    };
  });
  return {
    title: {
      text: `${title}, ${RUNTIMES[runtime]}`,
      subtext: `${unit}; ${moreIsBetter ? 'longer' : 'shorter'} is better`,
      left,
      top: top - 50,
      itemGap: 4,
      textStyle: { color: TEXT, fontSize: 14 },
      subtextStyle: { color: TEXT },
    },
    grid: { left, top, width: '24%', height: 170 },
    xAxis: { gridIndex: index, type: 'value', show: false },
    yAxis: {
      gridIndex: index,
      type: 'category',
      inverse: true,
      data: contenders.map((name) => CONTENDERS[name].label),
      axisLabel: { color: TEXT },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: {
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      data,
      barWidth: '60%',
      label: { show: true, position: 'right', color: TEXT },
    },
  };
}
