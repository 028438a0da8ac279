import { hostname } from 'node:os';
import { type GatewayKey, gatewayKey, type SpiffeId, tryParseSpiffeId } from '../../model/index.ts';
import {
  hostPort,
  byteSize,
  createProblems,
  durationMs,
  listenAddress,
  logFormat,
  logLevel,
  type Problems,
  parseOrNote,
  refusalDetails,
  requiredText,
  svidTtlMs,
  TELEMETRY_DEFAULTS,
  type TelemetryOptions,
  telemetryConfig,
  trustDomain,
  wholeNumber,
} from '../../proxy/index.ts';
import { WaypointError } from '../errors.ts';
import { httpConfig } from './http-config.ts';
import type { WaypointConfig } from './waypoint-config.ts';

/** The options as they were written on the command line; see `nodemesh waypoint serve --help`. */
export interface WaypointOptions extends TelemetryOptions {
  readonly gateway?: string | undefined;
  /** Empty: the name of the host, which is the pod's in Kubernetes. */
  readonly pod?: string | undefined;
  readonly controller?: string | undefined;
  readonly controllerName?: string | undefined;
  readonly rootCertFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Empty: the Gateway's name. */
  readonly serviceAccount?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly clusterDomain?: string | undefined;
  readonly network?: string | undefined;
  /** Empty: there is none. */
  readonly credentials?: string | undefined;
  readonly hbone?: string | undefined;
  readonly admin?: string | undefined;
  readonly metrics?: string | undefined;
  readonly readiness?: string | undefined;
  readonly svidTtl?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly drainTimeout?: string | undefined;
  readonly refusalDetails?: string | undefined;
  readonly maxHeaderBytes?: string | undefined;
  readonly maxHeaderCount?: string | undefined;
  readonly maxTargetBytes?: string | undefined;
  readonly maxConcurrentStreams?: string | undefined;
  readonly headTimeout?: string | undefined;
  readonly idleTimeout?: string | undefined;
  readonly bodyIdleTimeout?: string | undefined;
  readonly maxBufferedBytes?: string | undefined;
  readonly maxActiveRequests?: string | undefined;
  readonly maxIdleConnections?: string | undefined;
  readonly maxRateLimitKeys?: string | undefined;
  readonly maxFilters?: string | undefined;
  readonly maxFilterBodyBytes?: string | undefined;
  /** SPIFFE IDs with commas between. Empty: nobody. */
  readonly trustedClients?: string | undefined;
  readonly forwardClientCert?: boolean | undefined;
}

/** What an option is when it is not given. */
export const WAYPOINT_DEFAULTS = {
  pod: '',
  serviceAccount: '',
  trustDomain: 'cluster.local',
  clusterId: 'Kubernetes',
  clusterDomain: 'cluster.local',
  network: '',
  credentials: '',
  hbone: '[::]:15008',
  admin: '127.0.0.1:15000',
  metrics: '0.0.0.0:15020',
  readiness: '0.0.0.0:15021',
  svidTtl: '24h',
  logLevel: 'info',
  logFormat: 'text',
  drainTimeout: '25s',
  refusalDetails: 'full',
  maxHeaderBytes: '64KiB',
  maxHeaderCount: '200',
  maxTargetBytes: '16KiB',
  maxConcurrentStreams: '250',
  headTimeout: '10s',
  idleTimeout: '1h',
  // Long polling and streams may well be silent for minutes.
  bodyIdleTimeout: '1h',
  maxBufferedBytes: '256MiB',
  maxActiveRequests: '20000',
  maxIdleConnections: '4096',
  maxRateLimitKeys: '10000',
  maxFilters: '16',
  maxFilterBodyBytes: '64MiB',
  trustedClients: '',
  forwardClientCert: false,
  ...TELEMETRY_DEFAULTS,
} as const satisfies WaypointOptions;

/** Fills in the defaults and checks everything; throws one ERR_WAYPOINT_CONFIG that names every bad option. */
export function resolveWaypointConfig(given: WaypointOptions): WaypointConfig {
  const options = { ...WAYPOINT_DEFAULTS, ...withoutUndefined(given) };
  const problems = createProblems(
    (message) => new WaypointError({ code: 'ERR_WAYPOINT_CONFIG', blame: 'downstream', message }),
  );
  const gateway = parseOrNote(
    problems,
    { flag: '--gateway', expected: 'namespace/name', value: options.gateway },
    parseGateway,
    { key: '' as GatewayKey, name: '' },
  );
  const config: WaypointConfig = {
    gateway: gateway.key,
    pod: options.pod === '' ? hostname() : options.pod,
    mesh: {
      trustDomain: trustDomain(problems, options.trustDomain),
      clusterId: requiredText(problems, '--cluster-id', options.clusterId),
      clusterDomain: requiredText(problems, '--cluster-domain', options.clusterDomain),
      network: options.network,
    },
    controlPlane: {
      address: hostPort(problems, '--controller', options.controller),
      serverName: options.controllerName === '' ? undefined : options.controllerName,
      rootCertFile: requiredText(problems, '--root-cert-file', options.rootCertFile),
      tokenFile: requiredText(problems, '--token-file', options.tokenFile),
    },
    serviceAccount: options.serviceAccount === '' ? gateway.name : options.serviceAccount,
    credentialsDirectory: options.credentials === '' ? undefined : options.credentials,
    hbone: listenAddress(problems, '--hbone', options.hbone),
    admin: listenAddress(problems, '--admin', options.admin),
    metrics: listenAddress(problems, '--metrics', options.metrics),
    readiness: listenAddress(problems, '--readiness', options.readiness),
    svidTtlMs: svidTtlMs(problems, options.svidTtl),
    logging: logging(problems, options),
    telemetry: telemetryConfig(problems, options),
    http: httpConfig(problems, options),
    memory: {
      maxBufferedBytes: byteSize(
        problems,
        '--max-buffered-bytes',
        options.maxBufferedBytes,
        BUFFERED_BYTES_RANGE,
      ),
      maxActiveRequests: wholeNumber(
        problems,
        '--max-active-requests',
        options.maxActiveRequests,
        ACTIVE_REQUESTS_RANGE,
      ),
      maxIdleConnections: wholeNumber(
        problems,
        '--max-idle-connections',
        options.maxIdleConnections,
        IDLE_CONNECTIONS_RANGE,
      ),
      maxRateLimitKeys: wholeNumber(
        problems,
        '--max-rate-limit-keys',
        options.maxRateLimitKeys,
        RATE_LIMIT_KEYS_RANGE,
      ),
      maxFilters: wholeNumber(problems, '--max-filters', options.maxFilters, FILTERS_RANGE),
      maxFilterBodyBytes: byteSize(
        problems,
        '--max-filter-body-bytes',
        options.maxFilterBodyBytes,
        BUFFERED_BYTES_RANGE,
      ),
    },
    passedOn: {
      trustedClients: trustedClients(problems, options.trustedClients),
      clientCertificate: options.forwardClientCert,
    },
    refusalDetails: refusalDetails(problems, options.refusalDetails),
    drainTimeoutMs: durationMs(problems, '--drain-timeout', options.drainTimeout),
  };
  problems.throwIfAny();
  return Object.freeze(config);
}

function logging(
  problems: Problems,
  options: { readonly logLevel: string; readonly logFormat: string },
): WaypointConfig['logging'] {
  return {
    level: logLevel(problems, options.logLevel),
    format: logFormat(problems, options.logFormat),
  };
}

function trustedClients(problems: Problems, value: string): readonly SpiffeId[] {
  const expected = 'identities such as spiffe://cluster.local/ns/edge/sa/gateway, with commas between';
  const parse = (text: string): readonly SpiffeId[] | undefined => {
    const ids = text.split(',').map((part) => tryParseSpiffeId(part.trim())?.id);
    return ids.every((id) => id !== undefined) ? ids : undefined;
  };
  return value === '' ? [] : parseOrNote(problems, { flag: '--trusted-clients', expected, value }, parse, []);
}

function parseGateway(text: string): { readonly key: GatewayKey; readonly name: string } | undefined {
  const [, namespace = '', name = ''] = GATEWAY.exec(text) ?? [];
  return namespace === '' ? undefined : { key: gatewayKey(namespace, name), name };
}

type GivenOptions = { readonly [Name in keyof WaypointOptions]?: Exclude<WaypointOptions[Name], undefined> };

/** An option that commander leaves out must not hide its default. */
function withoutUndefined(options: WaypointOptions): GivenOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const GATEWAY = /^([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})$/;
/** Below, a single stream of HTTP/2 could not fill its window; above, no number of bytes fits a machine. */
const BUFFERED_BYTES_RANGE = [2 ** 20, 2 ** 40] as const;
const ACTIVE_REQUESTS_RANGE = [2, 10_000_000] as const;
const IDLE_CONNECTIONS_RANGE = [0, 1_000_000] as const;
const RATE_LIMIT_KEYS_RANGE = [1, 10_000_000] as const;
const FILTERS_RANGE = [0, 1_000] as const;
