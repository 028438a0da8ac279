import { type Clock, type Closable, causeOf, type Logger } from '../../base/index.ts';
import { parseIpAddress } from '../../model/index.ts';
import { openListener } from '../../net/index.ts';
import type { HostPort } from '../../proxy/index.ts';
import {
  createApiServer,
  type Facts,
  type ObservationStore,
  readTokenFile,
  TelemetryError,
} from '../../telemetry/index.ts';
import type { DashboardConfig } from '../config/index.ts';

/** The pages and the API of one node. */
export interface NodeDashboard extends Closable {
  /**
   * Resolves with where it listens; undefined when it is not wanted, or its port cannot be had, which the mesh does not wait for.
   * Rejects when it would be open to everybody.
   */
  start(): Promise<HostPort | undefined>;
}

/** Throws ERR_TELEMETRY_API_TOKEN_FILE. */
export function createNodeDashboard(
  config: DashboardConfig,
  deps: {
    readonly store: ObservationStore;
    readonly facts: Facts;
    /** Where the built pages are; undefined: the API alone. */
    readonly pages: string | undefined;
    readonly clock: Clock;
    readonly log: Logger;
  },
): NodeDashboard {
  const { address, tokenFile } = config;
  const token = tokenFile === undefined ? undefined : readTokenFile(tokenFile);
  const server = createApiServer({ ...deps, token });
  return {
    async start() {
      if (address === undefined) return undefined;
      try {
        return await server.listen({ ...address, open: () => openShared(address) });
      } catch (error) {
        if (causeOf(error, TelemetryError)?.code === 'ERR_TELEMETRY_API_EXPOSED') throw error;
        deps.log.error('the dashboard is not served', { bind: address, error });
        return undefined;
      }
    },
    close: () => server.close(),
    destroy: (cause) => server.destroy(cause),
  };
}

/** With the generation before or after this one. */
function openShared({ host, port }: HostPort): number {
  return openListener(undefined, { address: parseIpAddress(host), port, mark: 0, reusePort: true });
}
