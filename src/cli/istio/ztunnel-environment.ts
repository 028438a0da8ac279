import { isIPv6 } from 'node:net';
import { LOG_LEVELS } from '../../base/index.ts';
import type { ZtunnelOptions } from '../../ztunnel/index.ts';
import { CliError } from '../errors.ts';
import { checkRefused, UNUSED } from './unsupported-variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What Istio's DaemonSet means by its environment, in our words. */
export interface MeantByEnvironment {
  readonly options: ZtunnelOptions;
  /** Variables of Istio's ztunnel that are set and mean nothing here. */
  readonly unused: readonly string[];
}

/** Reads the variables of Istio's ztunnel (wire.md §1.11). Throws one CliError for all that cannot be done. */
export function ztunnelEnvironment(environment: Environment): MeantByEnvironment {
  const get = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  const problems: string[] = checkRefused(environment);
  const server = (name: string, value: string): string => {
    if (value.startsWith('http://'))
      problems.push(`${name}: expected TLS (https:// or host:port), got ${value}`);
    const address = value.replace(/^https?:\/\//, '').replace(/\/$/, '');
    return /:\d+$/.test(address) ? address : `${address}:443`;
  };
  const controller = server('XDS_ADDRESS', get('XDS_ADDRESS') ?? ISTIOD);
  const caAddress = server('CA_ADDRESS', get('CA_ADDRESS') ?? controller);
  const rootCertFile = get('XDS_ROOT_CA') ?? ROOT_CERT_FILE;
  const caRootCertFile = get('CA_ROOT_CA') ?? ROOT_CERT_FILE;
  const controllerHeaders = prefixed(environment, 'XDS_HEADER_');
  const caHeaders = prefixed(environment, 'CA_HEADER_');
  const [controllerName, caName] = [get('ALT_XDS_HOSTNAME'), get('ALT_CA_HOSTNAME')];
  const podAddress = get('INSTANCE_IP');
  const options: ZtunnelOptions = {
    node: get('NODE_NAME'),
    controller,
    controllerName,
    rootCertFile,
    controllerHeaders,
    // One connection does for both where they are one server.
    ...(isSame([controller, caAddress], [rootCertFile, caRootCertFile], [controllerName, caName]) &&
    isSame([JSON.stringify(controllerHeaders), JSON.stringify(caHeaders)])
      ? {}
      : { caAddress, caName, caRootCertFile, caHeaders }),
    tokenFile: get('AUTH_TOKEN') ?? TOKEN_FILE,
    zdsSocket: get('INPOD_UDS') ?? AGENT_SOCKET,
    trustDomain: get('TRUST_DOMAIN'),
    clusterId: get('CLUSTER_ID', 'ISTIO_META_CLUSTER_ID'),
    network: get('NETWORK', 'ISTIO_META_NETWORK'),
    podName: get('POD_NAME'),
    podNamespace: get('POD_NAMESPACE') ?? 'istio-system',
    podAddress,
    metadata: prefixed(environment, 'ISTIO_META_', 'ISTIO_METAJSON_'),
    svidTtl: get('SECRET_TTL'),
    logLevel: logLevel(get('RUST_LOG')),
    logFormat: get('LOG_FORMAT') === 'json' ? 'json' : 'text',
    drainTimeout: drainTimeout(
      get('CONNECTION_TERMINATION_DEADLINE'),
      get('TERMINATION_GRACE_PERIOD_SECONDS'),
    ),
    ...(isIPv6(podAddress ?? '') ? { metrics: '[::]:15020', readiness: '[::]:15021' } : {}),
  };
  if (problems.length > 0)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `the environment asks for what this ztunnel cannot do:\n${problems.join('\n')}`,
    });
  const defined = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { options: defined, unused: UNUSED.filter((name) => get(name) !== undefined) };
}

function isSame(...pairs: readonly (readonly [string | undefined, string | undefined])[]): boolean {
  return pairs.every(([one, other]) => one === other);
}

/** Variables that begin with one of the prefixes, by what follows it. */
function prefixed(
  environment: Environment,
  ...prefixes: readonly string[]
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const prefix of prefixes)
    for (const [name, value] of Object.entries(environment))
      if (name.startsWith(prefix) && name.length > prefix.length && value !== undefined)
        found[name.slice(prefix.length)] = value;
  return found;
}

/** `info,access=warn`; what names modules of another program is left out. */
function logLevel(directives: string | undefined): string | undefined {
  const known = new Set<string>(LOG_LEVELS);
  const parts = (directives ?? '').split(',').map((part) => part.trim());
  const plain = parts.find((part) => known.has(part)) ?? (parts.includes('off') ? 'error' : 'info');
  const access = parts.find((part) => part.startsWith('access=') && known.has(part.slice('access='.length)));
  return directives === undefined ? undefined : [plain, ...(access === undefined ? [] : [access])].join(',');
}

/** As Istio's: what is left of the time that Kubernetes gives, to be through before it is over. */
function drainTimeout(deadline: string | undefined, graceSeconds: string | undefined): string {
  if (deadline !== undefined) return deadline;
  const seconds = Number(graceSeconds);
  if (!Number.isInteger(seconds) || seconds <= 0) return '5s';
  return `${seconds > 10 ? seconds - 5 : Math.max(0, seconds - 1)}s`;
}

const ISTIOD = 'istiod.istio-system.svc:15012';
const ROOT_CERT_FILE = '/var/run/secrets/istio/root-cert.pem';
const TOKEN_FILE = '/var/run/secrets/tokens/istio-token';
const AGENT_SOCKET = '/var/run/ztunnel/ztunnel.sock';
