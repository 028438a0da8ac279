import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { LOG_LEVELS } from '../../base/index.ts';
import { checkTrustDomain, ModelError } from '../../model/index.ts';
import { parseDurationMs } from './duration.ts';
import { type HostPort, parseHostPort } from './host-port.ts';
import { createProblems, type Problems, parsed, requiredText } from './problems.ts';
import { DEFAULT_TRAFFIC, type ZtunnelConfig } from './ztunnel-config.ts';

/** The options as they were written on the command line; see `nodemesh ztunnel --help`. */
export interface ZtunnelOptions {
  readonly node?: string | undefined;
  readonly controller?: string | undefined;
  readonly controllerName?: string | undefined;
  readonly rootCertFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly netnsDir?: string | undefined;
  /** Empty turns the state file off. */
  readonly stateFile?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly network?: string | undefined;
  readonly admin?: string | undefined;
  readonly metrics?: string | undefined;
  readonly readiness?: string | undefined;
  readonly svidTtl?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly drainTimeout?: string | undefined;
}

/** What an option is when it is not given. */
export const ZTUNNEL_DEFAULTS = {
  netnsDir: '/run/netns',
  stateFile: '',
  trustDomain: 'cluster.local',
  clusterId: 'Kubernetes',
  network: '',
  admin: '127.0.0.1:15000',
  metrics: '0.0.0.0:15020',
  readiness: '0.0.0.0:15021',
  svidTtl: '24h',
  logLevel: 'info',
  logFormat: 'text',
  drainTimeout: '1h',
} as const satisfies ZtunnelOptions;

const SHORTEST_SVID_TTL_MS = 1_000;
const LONGEST_SVID_TTL_MS = 90 * 86_400_000;

/** Fills in the defaults and checks everything; throws one ERR_ZTUNNEL_CONFIG that names every bad option. */
export function resolveZtunnelConfig(options: ZtunnelOptions): ZtunnelConfig {
  const problems = createProblems();
  const config: ZtunnelConfig = {
    node: requiredText(problems, '--node', options.node),
    mesh: {
      trustDomain: trustDomain(problems, options.trustDomain ?? ZTUNNEL_DEFAULTS.trustDomain),
      clusterId: requiredText(problems, '--cluster-id', options.clusterId ?? ZTUNNEL_DEFAULTS.clusterId),
      network: options.network ?? ZTUNNEL_DEFAULTS.network,
    },
    controlPlane: {
      address: address(problems, '--controller', options.controller),
      serverName: options.controllerName === '' ? undefined : options.controllerName,
      rootCertFile: requiredText(problems, '--root-cert-file', options.rootCertFile),
      tokenFile: requiredText(problems, '--token-file', options.tokenFile),
    },
    namespaceDirectory: folder(problems, '--netns-dir', options.netnsDir ?? ZTUNNEL_DEFAULTS.netnsDir),
    stateFile: options.stateFile === undefined || options.stateFile === '' ? undefined : options.stateFile,
    admin: listenAddress(problems, '--admin', options.admin ?? ZTUNNEL_DEFAULTS.admin),
    metrics: listenAddress(problems, '--metrics', options.metrics ?? ZTUNNEL_DEFAULTS.metrics),
    readiness: listenAddress(problems, '--readiness', options.readiness ?? ZTUNNEL_DEFAULTS.readiness),
    svidTtlMs: svidTtlMs(problems, options.svidTtl ?? ZTUNNEL_DEFAULTS.svidTtl),
    logging: {
      level: logLevel(problems, options.logLevel ?? ZTUNNEL_DEFAULTS.logLevel),
      format: logFormat(problems, options.logFormat ?? ZTUNNEL_DEFAULTS.logFormat),
    },
    traffic: DEFAULT_TRAFFIC,
    drainTimeoutMs: durationMs(
      problems,
      '--drain-timeout',
      options.drainTimeout ?? ZTUNNEL_DEFAULTS.drainTimeout,
    ),
  };
  problems.throwIfAny();
  return Object.freeze(config);
}

function trustDomain(problems: Problems, value: string): string {
  try {
    return checkTrustDomain(value);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    problems.add('--trust-domain', 'a trust domain such as cluster.local', value);
    return '';
  }
}

function address(problems: Problems, flag: string, value: string | undefined): HostPort {
  return parsed(problems, { flag, expected: 'host:port or [address]:port', value }, parseHostPort, {
    host: '',
    port: 0,
  });
}

function listenAddress(problems: Problems, flag: string, value: string): HostPort {
  const parse = (text: string): HostPort | undefined => {
    const parsedText = parseHostPort(text);
    return parsedText !== undefined && isIP(parsedText.host) !== 0 ? parsedText : undefined;
  };
  const option = { flag, expected: 'an IP address and a port, as 127.0.0.1:15000', value };
  return parsed(problems, option, parse, { host: '127.0.0.1', port: 0 });
}

function folder(problems: Problems, flag: string, value: string): string {
  return parsed(
    problems,
    { flag, expected: 'an absolute path', value },
    (t) => (isAbsolute(t) ? t : undefined),
    '',
  );
}

function durationMs(problems: Problems, flag: string, value: string): number {
  return parsed(problems, { flag, expected: 'a duration such as 10s, 5m or 24h', value }, parseDurationMs, 0);
}

function svidTtlMs(problems: Problems, value: string): number {
  const expected = 'a duration from 1s to 90d';
  return parsed(
    problems,
    { flag: '--svid-ttl', expected, value },
    (text) => inSvidRange(parseDurationMs(text)),
    0,
  );
}

function inSvidRange(ttlMs: number | undefined): number | undefined {
  if (ttlMs === undefined || ttlMs < SHORTEST_SVID_TTL_MS || ttlMs > LONGEST_SVID_TTL_MS) return undefined;
  return ttlMs;
}

function logLevel(problems: Problems, value: string): string {
  const level = `(?:${LOG_LEVELS.join('|')})`;
  const pattern = new RegExp(`^${level}(?:,[w.-]+=${level})*$`);
  const expected = `one of ${LOG_LEVELS.join(', ')}, or with exceptions as in info,access=warn`;
  return parsed(
    problems,
    { flag: '--log-level', expected, value },
    (t) => (pattern.test(t) ? t : undefined),
    'info',
  );
}

function logFormat(problems: Problems, value: string): 'text' | 'json' {
  return parsed(
    problems,
    { flag: '--log-format', expected: 'text or json', value },
    (text) => (text === 'text' || text === 'json' ? text : undefined),
    'text',
  );
}
