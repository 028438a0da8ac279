import { defaultSettings, type InstallSettings, PLATFORMS } from '../../src/cli/install/objects/settings.ts';

interface ValueDescription {
  /** The comment above it in values.yaml. */
  readonly says: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** The chart's values: the settings of an installation under the same names, and what only Helm has to be told. */
export function helmValues(version: string): readonly (ValueDescription & {
  readonly name: string;
  readonly value: unknown;
})[] {
  const settings = defaultSettings(version);
  return [
    ...(Object.keys(SETTINGS) as (keyof InstallSettings)[]).map((name) => ({
      name,
      value: settings[name],
      ...SETTINGS[name],
    })),
    {
      name: 'crds',
      value: true,
      says: 'The kinds of nodemesh.io. They stay when the chart is uninstalled: with them all objects of theirs would go.',
      schema: { type: 'boolean' },
    },
  ];
}

const NAME = { type: 'string', pattern: '^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$' };
const RESOURCES = {
  type: 'object',
  properties: { requests: { type: 'object' }, limits: { type: 'object' } },
  additionalProperties: false,
};
const SETTINGS: Readonly<Record<keyof InstallSettings, ValueDescription>> = {
  platform: {
    says: 'What kind of cluster it is: folders of CNI plugins and what its admission asks for differ.',
    schema: { enum: Object.keys(PLATFORMS) },
  },
  image: {
    says: 'All parts run the same image; one by digest (name@sha256:…) is the same tomorrow.',
    schema: { type: 'string', pattern: '^[a-z0-9][-a-zA-Z0-9._:/@]*$' },
  },
  trustDomain: {
    says: 'First part of every identity. It cannot be changed while workloads run.',
    schema: { type: 'string', pattern: '^[a-z0-9][-a-z0-9._]*$', maxLength: 255 },
  },
  clusterDomain: { says: "How services' names end.", schema: NAME },
  clusterId: { says: 'Name of this cluster.', schema: NAME },
  network: {
    says: 'Name of the network that pods are on; empty for a cluster that is one network.',
    schema: { type: 'string', pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$' },
  },
  rootNamespace: { says: 'Policies in this namespace hold for the whole mesh.', schema: NAME },
  sideBySide: {
    says: "Beside another mesh that follows Istio's labels: pods join by nodemesh.io/dataplane-mode alone.",
    schema: { type: 'boolean' },
  },
  sharedRoots: {
    says: 'With it: both meshes have the same root and trust domain, and speak HBONE.',
    schema: { type: 'boolean' },
  },
  controllerReplicas: {
    says: 'All of them serve proxies, one writes.',
    schema: { type: 'integer', minimum: 1, maximum: 20 },
  },
  svidTtl: {
    says: "Longest life of a workload's certificate.",
    schema: { type: 'string', pattern: '^[0-9]+(ms|s|m|h)$' },
  },
  drainSeconds: {
    says: 'How long connections may live on through a ztunnel that is being replaced.',
    schema: { type: 'integer', minimum: 1, maximum: 604_800 },
  },
  logLevel: {
    says: 'As info or info,xds=debug.',
    schema: { type: 'string', pattern: '^[-a-z]+(,[-a-z]+=[a-z]+)*$' },
  },
  logFormat: { says: 'text or json.', schema: { enum: ['text', 'json'] } },
  webhookFailurePolicy: {
    says: 'What becomes of policies and routes while no controller can check them: Ignore takes them, Fail refuses them.',
    schema: { enum: ['Ignore', 'Fail'] },
  },
  waypointParameters: {
    says: "What Gateways' parametersRef may set: listed fields, or any, as in Istio.",
    schema: { enum: ['listed', 'any'] },
  },
  monitoring: {
    says: "PodMonitors and alerts for Prometheus' operator, where its kinds are there, and dashboards for Grafana's sidecar.",
    schema: { type: 'boolean' },
  },
  controllerResources: { says: 'Of each replica of the controller.', schema: RESOURCES },
  ztunnelResources: {
    says: 'Of the ztunnel of each node. A limit of memory ends the traffic of a node that reaches it; one of CPU slows it.',
    schema: RESOURCES,
  },
};
