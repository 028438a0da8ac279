import type { AdminRoute } from '../../telemetry/index.ts';

/** The node proxy's own routes on its admin port; the log level's and the index come from telemetry. */
export function adminRoutes(actions: {
  configDump(): Record<string, unknown>;
  quit(): void;
}): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/config_dump',
      summary: 'everything this proxy knows: workloads, services, policies, certificates, connections',
      handle: () => ({ body: actions.configDump() }),
    },
    {
      method: 'POST',
      path: '/quitquitquit',
      summary: 'end this process as SIGTERM does: gracefully',
      handle() {
        actions.quit();
        return { body: 'shutdown now\n' };
      },
    },
  ];
}
