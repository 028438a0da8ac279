import { test } from 'tap';
import { parse } from 'yaml';
import { refusedWish } from '../../../src/controller/deployment/allowed-wishes.ts';

/** What would let who may write Gateways and ConfigMaps, and not pods, do what only those who may may. */
const REFUSED: readonly (readonly [object: string, wish: string, field: string])[] = [
  ...[
    ['hostNetwork: true', 'hostNetwork'],
    ['hostPID: true', 'hostPID'],
    ['hostIPC: true', 'hostIPC'],
    ['hostUsers: true', 'hostUsers'],
    ['nodeName: control-plane', 'nodeName'],
    ['serviceAccountName: admin', 'serviceAccountName'],
    ['serviceAccount: admin', 'serviceAccount'],
    ['automountServiceAccountToken: true', 'automountServiceAccountToken'],
    ['volumes: [{name: host, hostPath: {path: /}}]', 'volumes'],
    ['volumes: null', 'volumes'],
    ['initContainers: [{name: mine, image: mine}]', 'initContainers'],
    ['ephemeralContainers: [{name: mine, image: mine}]', 'ephemeralContainers'],
    ['securityContext: {runAsUser: 0}', 'securityContext'],
    ['runtimeClassName: bare', 'runtimeClassName'],
    ['shareProcessNamespace: true', 'shareProcessNamespace'],
    ['priorityClassName: system-node-critical', 'priorityClassName: "system-node-critical"'],
    ['priorityClassName: system-cluster-critical', 'priorityClassName: "system-cluster-critical"'],
    ['priorityClassName: {}', 'priorityClassName: {}'],
    ['containers: [{name: mine, image: mine}]', 'containers[mine]'],
    ['containers: [{image: mine}]', 'containers[undefined]'],
    ['containers: {}', 'containers'],
    ['containers: null', 'containers'],
    ['__proto__: {}', '__proto__'],
    ...[
      ['image: mine', 'image'],
      ['command: [sh]', 'command'],
      ['args: [demo]', 'args'],
      ['env: [{name: NODE_OPTIONS, value: --import=x}]', 'env'],
      ['envFrom: [{secretRef: {name: other}}]', 'envFrom'],
      ['volumeMounts: [{name: token, mountPath: /x}]', 'volumeMounts'],
      ['securityContext: {privileged: true}', 'securityContext'],
      ['securityContext: null', 'securityContext'],
      ['lifecycle: {postStart: {exec: {command: [sh]}}}', 'lifecycle'],
      ['readinessProbe: {exec: {command: [sh]}}', 'readinessProbe'],
    ].map(([wish, field]) => [`containers: [{name: waypoint, ${wish}}]`, `containers[waypoint].${field}`]),
  ].map(
    ([wish, field]) =>
      ['deployment', `{spec: {template: {spec: {${wish}}}}}`, `spec.template.spec.${field}`] as const,
  ),
  ['deployment', '{spec: {template: null}}', 'spec.template'],
  ['deployment', '{spec: {selector: {matchLabels: {app: other}}}}', 'spec.selector'],
  ['deployment', '{metadata: {ownerReferences: null}}', 'metadata.ownerReferences'],
  ['deployment', '{metadata: {finalizers: [x]}}', 'metadata.finalizers'],
  ['service', '{spec: {externalIPs: [192.0.2.1]}}', 'spec.externalIPs'],
  ['service', '{spec: {selector: {app: other}}}', 'spec.selector'],
  ['service', '{spec: {type: ExternalName}}', 'spec.type: "ExternalName"'],
  ['service', '{spec: {externalName: example.com}}', 'spec.externalName'],
  ['service', '{spec: {ports: [{port: 1}]}}', 'spec.ports'],
  ['serviceAccount', '{secrets: [{name: other}]}', 'secrets'],
  ['horizontalPodAutoscaler', '{spec: {scaleTargetRef: {name: other}}}', 'spec.scaleTargetRef'],
  ['podDisruptionBudget', '{spec: {selector: {}}}', 'spec.selector'],
];

const ALLOWED: Readonly<Record<string, string>> = {
  serviceAccount: '{metadata: {annotations: {a: b}}, imagePullSecrets: [{name: registry}]}',
  deployment: `{
    apiVersion: apps/v1, kind: Deployment, metadata: {labels: {a: b}, annotations: {a: b}},
    spec: {replicas: 3, strategy: {type: Recreate}, template: {
      metadata: {labels: {a: b}, annotations: {a: b}},
      spec: {
        affinity: {podAntiAffinity: {}}, nodeSelector: {zone: a}, tolerations: [{operator: Exists}],
        topologySpreadConstraints: [], priorityClassName: high, terminationGracePeriodSeconds: 60,
        imagePullSecrets: [{name: registry}],
        containers: [{name: waypoint, imagePullPolicy: Always, resources: {limits: {memory: 1Gi}}}]}}}}`,
  service:
    '{metadata: {annotations: {a: b}}, spec: {type: LoadBalancer, loadBalancerClass: x, externalTrafficPolicy: Local}}',
  horizontalPodAutoscaler: '{spec: {minReplicas: 2, maxReplicas: 5, metrics: [], behavior: {}}}',
  podDisruptionBudget: '{spec: {minAvailable: 1}}',
};

test('what would give more than a waypoint needs is refused, by name', async (t) => {
  for (const [object, wish, field] of REFUSED)
    t.match(
      refusedWish(object, parse(wish)),
      `${object}: ${field} may not be set by a Gateway's parameters, only `,
      wish,
    );
});

test('a class of priority that is refused is named, with what may be set instead', async (t) => {
  t.equal(
    refusedWish('deployment', {
      spec: { template: { spec: { priorityClassName: 'system-node-critical' } } },
    }),
    'deployment: spec.template.spec.priorityClassName: "system-node-critical" may not be set by a Gateway\'s parameters, ' +
      "only a class whose name does not begin with system-; the controller's --waypoint-parameters=any allows everything",
  );
});

test('what a waypoint needs may be set', async (t) => {
  for (const [object, wish] of Object.entries(ALLOWED))
    t.equal(refusedWish(object, parse(wish)), undefined, object);
});
