import { describeError } from '../../../../base/index.ts';
import { ModelError, parseCidr } from '../../../../model/index.ts';
import { parse } from 'yaml';

/** What is wrong with an annotation's value; undefined: nothing, or nobody has a rule for it. */
export function annotationProblem(name: string, value: string): string | undefined {
  return CHECKS.get(name)?.(value);
}

type Check = (value: string) => string | undefined;

const EACH =
  (check: Check): Check =>
  (value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(check)
      .find((problem) => problem !== undefined);

const UNSIGNED: Check = (value) =>
  /^\d{1,10}$/.test(value) && Number(value) < 2 ** 32
    ? undefined
    : `expected a whole number that is not negative, got ${JSON.stringify(value)}`;

const PORT: Check = (value) =>
  /^\d{1,5}$/.test(value) && Number(value) <= 65_535
    ? undefined
    : `expected a port from 0 to 65535, got ${JSON.stringify(value)}`;

const FLAG: Check = (value) =>
  /^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(value)
    ? undefined
    : `expected true or false, got ${JSON.stringify(value)}`;

const RANGE: Check = (value) => {
  try {
    parseCidr(value);
    return undefined;
  } catch (error) {
    if (error instanceof ModelError)
      return `expected a range such as 10.1.0.0/16, got ${JSON.stringify(value)}`;
    throw error;
  }
};

const OR_ALL =
  (check: Check): Check =>
  (value) =>
    value === '*' ? undefined : check(value);

const ONE_OF =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value)
      ? undefined
      : `expected one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`;

const DOCUMENT =
  (shape: 'an object' | 'a list'): Check =>
  (value) => {
    try {
      const found: unknown = parse(value, { logLevel: 'silent' });
      const fits =
        shape === 'a list' ? Array.isArray(found) : typeof found === 'object' && !Array.isArray(found);
      return fits || value.trim() === '' ? undefined : `expected ${shape}, got ${JSON.stringify(value)}`;
    } catch (error) {
      return `not YAML: ${describeError(error).split('\n', 1)[0] ?? ''}`;
    }
  };

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['sidecar.istio.io/inject', FLAG],
  ['sidecar.istio.io/rewriteAppHTTPProbers', FLAG],
  ['sidecar.istio.io/enableCoreDump', FLAG],
  ['sidecar.istio.io/interceptionMode', ONE_OF('REDIRECT', 'TPROXY', 'NONE')],
  ['sidecar.istio.io/userVolume', DOCUMENT('a list')],
  ['sidecar.istio.io/userVolumeMount', DOCUMENT('a list')],
  ['proxy.istio.io/config', DOCUMENT('an object')],
  ['prometheus.istio.io/merge-metrics', FLAG],
  ['ambient.istio.io/bypass-inbound-capture', FLAG],
  ['ambient.istio.io/dns-capture', FLAG],
  ['istio.io/use-waypoint-canary-weight', UNSIGNED],
  [
    'networking.istio.io/traffic-distribution',
    ONE_OF('PreferClose', 'PreferSameZone', 'PreferSameNode', 'Any'),
  ],
  ['status.sidecar.istio.io/port', PORT],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', UNSIGNED],
  ['readiness.status.sidecar.istio.io/periodSeconds', UNSIGNED],
  ['readiness.status.sidecar.istio.io/failureThreshold', UNSIGNED],
  ['readiness.status.sidecar.istio.io/applicationPorts', EACH(PORT)],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', OR_ALL(EACH(RANGE))],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', EACH(RANGE)],
  ['traffic.sidecar.istio.io/includeInboundPorts', OR_ALL(EACH(PORT))],
  ['traffic.sidecar.istio.io/excludeInboundPorts', EACH(PORT)],
  ['traffic.sidecar.istio.io/includeOutboundPorts', EACH(PORT)],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', EACH(PORT)],
]);
