import type { WaypointInfo } from '../translate/index.ts';
import type { DeploymentSettings } from './deployment-settings.ts';

/** The pod of a waypoint: one container that runs `nodemesh waypoint serve` with as little power as it can do with. */
export function waypointPod(
  waypoint: WaypointInfo,
  settings: DeploymentSettings,
  { rootsConfigMap, flags }: { readonly rootsConfigMap: string; readonly flags: readonly string[] },
): Readonly<Record<string, unknown>> {
  return {
    serviceAccountName: waypoint.serviceAccount,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    containers: [
      {
        name: 'waypoint',
        image: settings.image,
        args: [...waypointArguments(waypoint, settings), ...flags],
        terminationMessagePolicy: 'FallbackToLogsOnError',
        env: [
          { name: 'NODE_OPTIONS', value: HEAP_LIMITS },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        ports: [
          { name: 'mesh', containerPort: 15008, protocol: 'TCP' },
          { name: 'metrics', containerPort: 15020, protocol: 'TCP' },
          { name: 'status-port', containerPort: 15021, protocol: 'TCP' },
        ],
        startupProbe: { ...READY, periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...READY, periodSeconds: 5, failureThreshold: 3 },
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
          runAsGroup: 1337,
          runAsNonRoot: true,
          runAsUser: 1337,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        volumeMounts: [
          { name: 'token', mountPath: TOKEN_FOLDER, readOnly: true },
          { name: 'roots', mountPath: ROOTS_FOLDER, readOnly: true },
          { name: 'credentials', mountPath: CREDENTIALS_FOLDER, readOnly: true },
        ],
      },
    ],
    volumes: [
      {
        name: 'token',
        projected: {
          sources: [
            {
              serviceAccountToken: {
                audience: 'istio-ca',
                expirationSeconds: 43_200,
                path: TOKEN_FILE,
              },
            },
          ],
        },
      },
      { name: 'roots', configMap: { name: rootsConfigMap } },
      // Whoever has something to tell the waypoint in secret (passwords of servers) makes it.
      { name: 'credentials', secret: { secretName: `${waypoint.name}-credentials`, optional: true } },
    ],
  };
}

function waypointArguments(waypoint: WaypointInfo, settings: DeploymentSettings): readonly string[] {
  return [
    'waypoint',
    'serve',
    ...['--gateway', waypoint.key],
    ...['--service-account', waypoint.serviceAccount],
    ...['--controller', settings.controllerAddress],
    ...['--controller-name', settings.controllerName],
    ...['--root-cert-file', `${ROOTS_FOLDER}/${ROOTS_FILE}`],
    ...['--token-file', `${TOKEN_FOLDER}/${TOKEN_FILE}`],
    ...['--credentials', CREDENTIALS_FOLDER],
    ...['--trust-domain', settings.trustDomain],
    ...['--cluster-id', settings.clusterId],
    ...['--cluster-domain', settings.clusterDomain],
    ...(settings.network === '' ? [] : ['--network', settings.network]),
    ...['--svid-ttl', `${settings.svidTtlMs}ms`],
    ...['--drain-timeout', `${GRACE_SECONDS - 5}s`],
    ...['--log-level', settings.logLevel],
    ...['--log-format', settings.logFormat],
    ...settings.flags.split(/\s+/).filter((flag) => flag !== ''),
  ];
}

/** The mesh's roots, by which the waypoint trusts the controller. */
export const ROOTS_FILE = 'root-cert.pem';
const ROOTS_FOLDER = '/var/run/secrets/nodemesh';
const TOKEN_FOLDER = '/var/run/secrets/tokens';
const TOKEN_FILE = 'istio-token';
const CREDENTIALS_FOLDER = '/var/run/secrets/credentials';
const GRACE_SECONDS = 30;
/**
 * In MiB. A smaller young generation costs a fifth more processor time for each request, a larger one memory at many
 * connections. The old one's limit is ten times what it holds at most; V8 sizes how much garbage it lets gather by it,
 * and without it that is some 500 MiB after floods.
 */
const HEAP_LIMITS = '--max-semi-space-size=16 --max-old-space-size=1024';
const READY = {
  httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
  successThreshold: 1,
  timeoutSeconds: 1,
};
