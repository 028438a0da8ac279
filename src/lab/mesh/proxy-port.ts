/** Where a proxy listens for its own matters, by which of its three ports serves a path. */
export function proxyPortOf(path: string): number {
  const [pathname = ''] = path.split('?');
  if (/^\/(metrics|stats\/prometheus)$/.test(pathname)) return METRICS_PORT;
  return pathname === '/healthz/ready' ? READINESS_PORT : ADMIN_PORT;
}

const READINESS_PORT = 15_021;
const ADMIN_PORT = 15_000;
const METRICS_PORT = 15_020;
