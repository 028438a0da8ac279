import { type Clock, type ClosableStack, causeOf, type Logger } from '../../base/index.ts';
import {
  createApiServer,
  type Facts,
  type ObservationStore,
  readTokenFile,
  TelemetryError,
} from '../../telemetry/index.ts';
import type { ControllerConfig } from '../controller-config.ts';

/** Serves the dashboard and the API of the whole mesh, where that is wanted. Throws TelemetryError for what was asked wrongly. */
export async function listenDashboard(
  config: Pick<ControllerConfig, 'dashboardListen' | 'dashboardTokenFile' | 'dashboardPages'>,
  parts: {
    readonly store: ObservationStore;
    readonly facts: Facts;
    readonly clock: Clock;
    readonly log: Logger;
  },
  owned: ClosableStack,
): Promise<{ readonly host: string; readonly port: number } | undefined> {
  const { dashboardListen, dashboardTokenFile, dashboardPages: pages } = config;
  if (dashboardListen === undefined) return undefined;
  const token = dashboardTokenFile === undefined ? undefined : readTokenFile(dashboardTokenFile);
  try {
    return await owned.own(createApiServer({ ...parts, token, pages })).listen(dashboardListen);
  } catch (error) {
    if (causeOf(error, TelemetryError)?.code !== 'ERR_TELEMETRY_LISTEN') throw error;
    // The mesh must not wait for a port that only people need.
    parts.log.error('the dashboard is not served', { bind: dashboardListen, error });
    return undefined;
  }
}
