import type { AdminRoute } from '../../telemetry/index.ts';

/** The waypoint's own routes on its admin port; the log level's and the index come from telemetry. */
export function adminRoutes(actions: {
  configDump(): unknown;
  routes(): unknown;
  endpoints(): unknown;
  quit(): void;
}): readonly AdminRoute[] {
  return [
    get(
      '/config_dump',
      'everything this waypoint knows: services, routes, policies, certificates',
      actions.configDump,
    ),
    get('/routes', 'the routes of the services behind this waypoint', actions.routes),
    get('/endpoints', 'where requests may go, and how these endpoints do', actions.endpoints),
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

function get(path: string, summary: string, body: () => unknown): AdminRoute {
  return { method: 'GET', path, summary, handle: () => ({ body: body() }) };
}
