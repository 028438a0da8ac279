import { test } from 'tap';
import { ztunnelEnvironment } from '../../../src/cli/istio/ztunnel-environment.ts';
import { resolveZtunnelConfig } from '../../../src/ztunnel/index.ts';

/** What Istio's chart sets in its DaemonSet. */
const CHART = {
  CA_ADDRESS: 'istiod.istio-system.svc:15012',
  XDS_ADDRESS: 'istiod.istio-system.svc:15012',
  CLUSTER_ID: 'west',
  POD_NAME: 'ztunnel-abcde',
  POD_NAMESPACE: 'istio-system',
  NODE_NAME: 'worker-1',
  INSTANCE_IP: '10.0.0.7',
  SERVICE_ACCOUNT: 'ztunnel',
  RUST_LOG: 'info',
  LOG_FORMAT: 'json',
  INPOD_ENABLED: 'true',
  TERMINATION_GRACE_PERIOD_SECONDS: '30',
  ISTIO_META_ENABLE_HBONE: 'true',
  ISTIO_META_DNS_CAPTURE: 'true',
  KEEPALIVE_TIME: '60s',
};

test("what Istio's chart sets is a whole configuration", (t) => {
  const { options, unused } = ztunnelEnvironment(CHART);
  const config = resolveZtunnelConfig(options);
  t.match(config, {
    node: 'worker-1',
    mesh: { clusterId: 'west', trustDomain: 'cluster.local', network: '' },
    agentSocket: '/var/run/ztunnel/ztunnel.sock',
    instance: {
      name: 'ztunnel-abcde',
      namespace: 'istio-system',
      address: '10.0.0.7',
      metadata: { ENABLE_HBONE: 'true', DNS_CAPTURE: 'true' },
    },
    logging: { level: 'info', format: 'json' },
    drainTimeoutMs: 25_000,
  });
  t.same(config.controlPlane, {
    address: { host: 'istiod.istio-system.svc', port: 15_012 },
    serverName: undefined,
    rootCertFile: '/var/run/secrets/istio/root-cert.pem',
    tokenFile: '/var/run/secrets/tokens/istio-token',
    headers: {},
    authority: undefined,
  });
  t.same(unused, ['ISTIO_META_DNS_CAPTURE', 'KEEPALIVE_TIME'], 'what means nothing here is told');
  t.end();
});

test('another authority, other names, headers and files are meant as they are set', (t) => {
  const { options } = ztunnelEnvironment({
    NODE_NAME: 'n',
    XDS_ADDRESS: 'https://[fd00::1]:15012/',
    CA_ADDRESS: 'https://ca.example.org',
    ALT_XDS_HOSTNAME: 'istiod.example.org',
    CA_ROOT_CA: '/etc/ca.pem',
    AUTH_TOKEN: '/run/token',
    INPOD_UDS: '/run/other.sock',
    TRUST_DOMAIN: 'example.org',
    ISTIO_META_CLUSTER_ID: 'east',
    ISTIO_META_NETWORK: 'net-1',
    SECRET_TTL: '12h',
    RUST_LOG: 'warn,ztunnel::xds=debug,access=error',
    CONNECTION_TERMINATION_DEADLINE: '7s',
    TERMINATION_GRACE_PERIOD_SECONDS: '30',
    INSTANCE_IP: 'fd00::7',
    'XDS_HEADER_x-one': '1',
    'CA_HEADER_x-two': '2',
  });
  t.match(resolveZtunnelConfig(options), {
    mesh: { clusterId: 'east', trustDomain: 'example.org', network: 'net-1' },
    controlPlane: {
      address: { host: 'fd00::1', port: 15_012 },
      serverName: 'istiod.example.org',
      tokenFile: '/run/token',
      headers: { 'x-one': '1' },
      authority: {
        address: { host: 'ca.example.org', port: 443 },
        serverName: undefined,
        rootCertFile: '/etc/ca.pem',
        headers: { 'x-two': '2' },
      },
    },
    agentSocket: '/run/other.sock',
    svidTtlMs: 12 * 3_600_000,
    logging: { level: 'warn,access=error', format: 'text' },
    drainTimeoutMs: 7_000,
    metrics: { host: '::', port: 15_020 },
    readiness: { host: '::', port: 15_021 },
  });
  t.end();
});

test('what somebody counts on and there is not is refused, all at once', (t) => {
  const asked = {
    NODE_NAME: 'n',
    XDS_ADDRESS: 'http://istiod:15010',
    PROXY_MODE: 'dedicated',
    CRL_PATH: '/etc/crl.pem',
    CA_ROOT_CA: 'SYSTEM',
    PACKET_MARK: '7',
  };
  for (const name of ['XDS_ADDRESS', 'PROXY_MODE', 'CRL_PATH', 'CA_ROOT_CA', 'PACKET_MARK'])
    t.throws(() => ztunnelEnvironment(asked), {
      code: 'ERR_CLI_OPTION',
      message: new RegExp(`^${name}: expected`, 'm'),
    });
  t.doesNotThrow(() =>
    ztunnelEnvironment({ NODE_NAME: 'n', PROXY_MODE: 'shared', PACKET_MARK: '0x539', FAKE_CA: 'false' }),
  );
  t.end();
});
