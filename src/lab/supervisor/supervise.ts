import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../base/index.ts';
import { createLabApi } from './api/index.ts';
import { bringUpLab } from './bring-up/bring-up.ts';
import type { BareLab } from './lab.ts';
import { serveDashboards } from './dashboard-ports.ts';
import { CONFIG_FILE, SOCKET_FILE, type SupervisorConfig } from '../state/index.ts';

/**
 * The supervisor's whole life: builds the lab that the state directory describes, serves its API, and resolves when
 * the lab has been shut down, through the API or by `signal`. Must run in namespaces of its own.
 */
export async function supervise(stateDirectory: string, log: Logger, signal: AbortSignal): Promise<void> {
  // Written by launchLab of this very version.
  const config = JSON.parse(readFileSync(join(stateDirectory, CONFIG_FILE), 'utf8')) as SupervisorConfig;
  // Proxies are told where their dashboards are before there are any.
  let running: BareLab | undefined;
  const dashboards = await serveDashboards(config, (node) => running?.ztunnel(node), log);
  const lab = await bringUpLab(config, dashboards, log);
  running = lab;
  const { promise: down, resolve: beDown } = Promise.withResolvers<void>();
  let shuttingDown: Promise<void> | undefined;
  const shutDown = (): Promise<void> => {
    shuttingDown ??= lab.shutDown().finally(beDown);
    return shuttingDown;
  };
  const api = createLabApi({ ...lab, dashboards, shutDown });
  api.listen(join(stateDirectory, SOCKET_FILE));
  await once(api, 'listening');
  log.info('lab is up', { name: config.name, nodes: config.nodes.length });
  signal.addEventListener('abort', () => void shutDown(), { once: true });
  await down;
  api.closeAllConnections();
  api.close();
  dashboards.close();
  log.info('lab is down', { name: config.name });
}
