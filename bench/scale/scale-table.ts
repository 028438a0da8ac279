import type { ChangeFigures, ScaleFigures, StormFigures } from './measure-scale.ts';

/** What happened, how long it took, and what it cost: a row for each. */
export function formatScale(figures: ScaleFigures): string {
  const { size, oneNode, ztunnel, storm, warmStorm, oneChange, manyChanges } = figures;
  const endpoints = size.services * size.endpointsPerService;
  const rows = [
    [
      'the controller starts, until it serves',
      milliseconds(figures.controllerStartMs),
      `${figures.controllerMebibytes} MiB resident`,
    ],
    [
      'one node gets everything',
      milliseconds(oneNode.syncMs),
      `${oneNode.mebibytesSent.toFixed(1)} MiB sent`,
    ],
    [
      'a real ztunnel starts, until it is ready',
      milliseconds(ztunnel.readyMs),
      `${ztunnel.mebibytes} MiB resident, ${ztunnel.emptyMebibytes} of them before the first answer`,
    ],
    stormRow(`${size.nodes} nodes start at once, with nothing`, storm),
    stormRow(`${size.nodes} nodes come back at once, and name what they hold`, warmStorm),
    changeRow('one pod is replaced, all nodes are told', oneChange),
    [
      ...changeRow('100 pods are replaced each second, in tens', manyChanges).slice(0, 2),
      `${manyChanges.controllerCores.toFixed(2)} cores of the controller; ${manyChanges.applyMs.toFixed(1)} ms of them to work out each ten`,
    ],
  ];
  const head = [
    `${size.services.toLocaleString('en')} services, ${endpoints.toLocaleString('en')} endpoints`,
    'took',
    'cost',
  ];
  return `${[head, ['---', '---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function stormRow(what: string, storm: StormFigures): readonly string[] {
  return [
    what,
    `first ${milliseconds(storm.firstMs)}, last ${milliseconds(storm.lastMs)}`,
    `${storm.controllerCpu.toFixed(1)} s of CPU, at most ${storm.controllerMebibytes} MiB resident, ${storm.mebibytesPerNode.toFixed(1)} MiB sent to each, ${storm.reopened} streams opened again`,
  ];
}

function changeRow(what: string, change: ChangeFigures): readonly string[] {
  return [
    what,
    `first node ${milliseconds(change.firstNodeMs)}, median ${milliseconds(change.medianNodeMs)}, last ${milliseconds(change.lastNodeMs)}`,
    `${change.applyMs.toFixed(1)} ms to work it out, ${Math.round(change.bytesPerNode)} bytes to each node`,
  ];
}

function milliseconds(value: number): string {
  return value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}
