import { test } from 'tap';
import { causeOf } from '../../src/base/index.ts';
import { resolveWaypointConfig, type WaypointOptions } from '../../src/waypoint/config/index.ts';
import { WaypointError } from '../../src/waypoint/errors.ts';

const REQUIRED: WaypointOptions = {
  gateway: 'shop/edge',
  controller: '172.30.0.250:15012',
  rootCertFile: '/root.pem',
  tokenFile: '/token',
};

/** The problems of the one error that these options give, by flag. */
function problemsOf(options: WaypointOptions): Readonly<Record<string, string>> {
  try {
    resolveWaypointConfig({ ...REQUIRED, ...options });
  } catch (error) {
    const problem = causeOf(error, WaypointError);
    if (problem?.code !== 'ERR_WAYPOINT_CONFIG') throw error;
    return Object.fromEntries(
      problem.message.split('; ').map((text) => {
        const colon = text.indexOf(': ');
        return [text.slice(0, colon), text.slice(colon + 2)];
      }),
    );
  }
  return {};
}

test('the required options alone give a complete config', async (t) => {
  const config = resolveWaypointConfig({ ...REQUIRED, logLevel: undefined });
  t.match(config, {
    gateway: 'shop/edge',
    serviceAccount: 'edge',
    hbone: { host: '::', port: 15_008 },
    logging: { level: 'info' },
    http: {
      maxHeadBytes: 65_536,
      maxHeaderCount: 200,
      maxTargetBytes: 16_384,
      maxConcurrentStreams: 250,
      headTimeoutMs: 10_000,
      idleTimeoutMs: 3_600_000,
      bodyIdleTimeoutMs: 3_600_000,
    },
    memory: {
      maxBufferedBytes: 268_435_456,
      maxActiveRequests: 20_000,
      maxIdleConnections: 4_096,
      maxRateLimitKeys: 10_000,
      maxFilters: 16,
      maxFilterBodyBytes: 67_108_864,
    },
    passedOn: { trustedClients: [], clientCertificate: false },
  });
  t.equal(config.credentialsDirectory, undefined);
});

test('limits are taken in their units', async (t) => {
  const edge = 'spiffe://cluster.local/ns/edge/sa/gateway';
  const other = 'spiffe://partner.example/ns/edge/sa/gateway';
  const config = resolveWaypointConfig({
    ...REQUIRED,
    maxHeaderBytes: '1MiB',
    maxHeaderCount: '1',
    maxTargetBytes: '100',
    maxConcurrentStreams: '1000000',
    headTimeout: '250ms',
    idleTimeout: '1d',
    bodyIdleTimeout: '5m',
    maxBufferedBytes: '1Gi',
    maxActiveRequests: '2',
    maxIdleConnections: '0',
    trustedClients: `${edge}, ${other}`,
    forwardClientCert: true,
  });
  t.match(config, {
    http: {
      maxHeadBytes: 1_048_576,
      maxHeaderCount: 1,
      maxTargetBytes: 100,
      maxConcurrentStreams: 1_000_000,
      headTimeoutMs: 250,
      idleTimeoutMs: 86_400_000,
      bodyIdleTimeoutMs: 300_000,
    },
    memory: { maxBufferedBytes: 1_073_741_824, maxActiveRequests: 2, maxIdleConnections: 0 },
    passedOn: { trustedClients: [edge, other], clientCertificate: true },
  });
});

test('every bad option is reported in one error, with what it should be', async (t) => {
  t.same(
    problemsOf({
      gateway: 'edge',
      controller: 'no-port',
      rootCertFile: undefined,
      tokenFile: ' ',
      trustDomain: 'Upper Case',
      clusterId: '',
      clusterDomain: '',
      hbone: 'localhost:15008',
      admin: '15000',
      metrics: '',
      readiness: '1.2.3.4:99999',
      svidTtl: '100d',
      logLevel: 'loud',
      logFormat: 'xml',
      drainTimeout: 'soon',
      maxHeaderBytes: '64kB',
      maxHeaderCount: '0',
      maxTargetBytes: '2MiB',
      maxConcurrentStreams: '-1',
      headTimeout: '0s',
      idleTimeout: '2d',
      bodyIdleTimeout: 'never',
      maxBufferedBytes: '1KiB',
      maxActiveRequests: '1',
      maxIdleConnections: '1.5',
      maxRateLimitKeys: '0',
      maxFilters: 'many',
      maxFilterBodyBytes: '1',
      trustedClients: 'spiffe://cluster.local/ns/edge/sa/gateway,gateway',
    }),
    {
      '--gateway': 'expected namespace/name, got "edge"',
      '--controller': 'expected host:port or [address]:port, got "no-port"',
      '--root-cert-file': 'expected a value, got nothing',
      '--token-file': 'expected a value, got " "',
      '--trust-domain': 'expected a trust domain such as cluster.local, got "Upper Case"',
      '--cluster-id': 'expected a value, got ""',
      '--cluster-domain': 'expected a value, got ""',
      '--hbone': 'expected an IP address and a port, as 127.0.0.1:15000, got "localhost:15008"',
      '--admin': 'expected an IP address and a port, as 127.0.0.1:15000, got "15000"',
      '--metrics': 'expected an IP address and a port, as 127.0.0.1:15000, got ""',
      '--readiness': 'expected an IP address and a port, as 127.0.0.1:15000, got "1.2.3.4:99999"',
      '--svid-ttl': 'expected a duration from 1s to 90d, got "100d"',
      '--log-level':
        'expected one of trace, debug, info, warn, error, or with exceptions as in info,access=warn, got "loud"',
      '--log-format': 'expected text or json, got "xml"',
      '--drain-timeout': 'expected a duration such as 10s, 5m or 24h, got "soon"',
      '--max-header-bytes': 'expected a size from 1KiB to 1MiB, got "64kB"',
      '--max-header-count': 'expected a whole number from 1 to 10000, got "0"',
      '--max-target-bytes': 'expected a size from 64 to 1MiB, got "2MiB"',
      '--max-concurrent-streams': 'expected a whole number from 1 to 1000000, got "-1"',
      '--head-timeout': 'expected a duration from 1ms to 1d, got "0s"',
      '--idle-timeout': 'expected a duration from 1ms to 1d, got "2d"',
      '--body-idle-timeout': 'expected a duration from 1ms to 1d, got "never"',
      '--max-buffered-bytes': 'expected a size from 1MiB to 1024GiB, got "1KiB"',
      '--max-active-requests': 'expected a whole number from 2 to 10000000, got "1"',
      '--max-idle-connections': 'expected a whole number from 0 to 1000000, got "1.5"',
      '--max-rate-limit-keys': 'expected a whole number from 1 to 10000000, got "0"',
      '--max-filters': 'expected a whole number from 0 to 1000, got "many"',
      '--max-filter-body-bytes': 'expected a size from 1MiB to 1024GiB, got "1"',
      '--trusted-clients':
        'expected identities such as spiffe://cluster.local/ns/edge/sa/gateway, with commas between, got "spiffe://cluster.local/ns/edge/sa/gateway,gateway"',
    },
  );
});
