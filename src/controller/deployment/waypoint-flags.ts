/** What the author of a Gateway may say to its waypoint's processes; all else is the controller's to say. */
export const WAYPOINT_FLAGS: ReadonlySet<string> = new Set([
  '--max-header-bytes',
  '--max-header-count',
  '--max-target-bytes',
  '--max-concurrent-streams',
  '--head-timeout',
  '--idle-timeout',
  '--body-idle-timeout',
  '--max-buffered-bytes',
  '--max-active-requests',
  '--max-idle-connections',
  '--max-rate-limit-keys',
  '--max-filters',
  '--max-filter-body-bytes',
  '--trusted-clients',
  '--forward-client-cert',
  '--telemetry',
  '--trace-sampling',
  '--otlp-endpoint',
  '--otlp-protocol',
  '--otlp-headers-file',
  '--access-log',
  '--access-log-filter',
  '--access-log-field',
]);

/**
 * The flags in a text, with spaces between, each as `--flag=value` or `--flag`. A sentence that
 * names all of those that are not to be set there; whether a value is good the waypoint itself says in its log.
 */
export function readWaypointFlags(text: string | undefined): readonly string[] | string {
  const flags = (text ?? '').split(/\s+/).filter((flag) => flag !== '');
  const wrong = flags.filter((flag) => !WAYPOINT_FLAGS.has(flag.replace(/=.*$/s, '')));
  if (wrong.length === 0) return flags;
  const got = wrong.map((flag) => JSON.stringify(flag)).join(' and ');
  return `expected flags as --max-header-bytes=128KiB, of ${[...WAYPOINT_FLAGS].join(', ')}, got ${got}`;
}

export const WAYPOINT_FLAGS_ANNOTATION = 'gateway.nodemesh.io/waypoint-flags';
