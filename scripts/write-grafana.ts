// Writes daemonset/grafana from scripts/grafana: `node scripts/write-grafana.ts`. A test fails when the two differ.
import { writeFileSync } from 'node:fs';
import { BOARDS } from './grafana/boards.ts';
import { boardOf } from './grafana/panel.ts';

for (const board of BOARDS)
  writeFileSync(`daemonset/grafana/${board.uid}.json`, `${JSON.stringify(boardOf(board), null, 2)}\n`);
