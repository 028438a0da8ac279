/** Refused rather than ignored: who sets these counts on what they ask for. */
const REFUSED: readonly {
  readonly name: string;
  readonly accepts: (value: string) => boolean;
  readonly instead: string;
}[] = [
  { name: 'PROXY_MODE', accepts: (value) => value === 'shared', instead: 'shared' },
  {
    name: 'CRL_PATH',
    accepts: () => false,
    instead: 'nothing: revocation lists come from a nodemesh controller only',
  },
  { name: 'COMPLIANCE_POLICY', accepts: () => false, instead: 'nothing: the suites are those of TLS 1.3' },
  { name: 'FAKE_CA', accepts: (value) => value === 'false', instead: 'an authority that signs' },
  { name: 'LOCAL_XDS_PATH', accepts: () => false, instead: 'XDS_ADDRESS' },
  { name: 'LOCAL_XDS', accepts: () => false, instead: 'XDS_ADDRESS' },
  {
    name: 'PACKET_MARK',
    accepts: (value) => Number(value) === 1337,
    instead: '1337, the mark of the rules in the pods',
  },
  { name: 'XDS_ROOT_CA', accepts: (value) => value !== 'SYSTEM', instead: 'a PEM file' },
  { name: 'CA_ROOT_CA', accepts: (value) => value !== 'SYSTEM', instead: 'a PEM file' },
];

/** One sentence for each variable that asks for what there is not. */
export function checkRefused(environment: Readonly<Record<string, string | undefined>>): string[] {
  return REFUSED.flatMap(({ name, accepts, instead }) => {
    const value = environment[name];
    if (value === undefined || value === '' || accepts(value)) return [];
    return [`${name}: expected ${instead}, got ${value}`];
  });
}

/** Variables of Istio's ztunnel that change nothing here. */
export const UNUSED: readonly string[] = [
  'ENABLE_ORIG_SRC',
  'ENABLE_PROXY',
  'ENABLE_RESPONSE_BAGGAGE',
  'HTTP2_CONNECTION_WINDOW_SIZE',
  'HTTP2_FRAME_SIZE',
  'HTTP2_STREAM_WINDOW_SIZE',
  'INPOD_PORT_REUSE',
  'IPV6_ENABLED',
  'ISTIO_META_DNS_CAPTURE',
  'ISTIO_META_DNS_PROXY_ADDR',
  'KEEPALIVE_ENABLED',
  'KEEPALIVE_INTERVAL',
  'KEEPALIVE_RETRIES',
  'KEEPALIVE_TIME',
  'LOCALHOST_APP_TUNNEL',
  'POOL_MAX_STREAMS_PER_CONNECTION',
  'POOL_UNUSED_RELEASE_TIMEOUT',
  'PREFERED_SERVICE_NAMESPACE',
  'PROXY_CONFIG',
  'PROXY_WORKLOAD_INFO',
  'TLS12_ENABLED',
  'UNSTABLE_ENABLE_SOCKS5',
  'USER_TIMEOUT_ENABLED',
  'XDS_ON_DEMAND',
  'ZTUNNEL_CPU_LIMIT',
  'ZTUNNEL_WORKER_THREADS',
];
