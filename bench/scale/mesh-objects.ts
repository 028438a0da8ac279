import { type MeshObject, parseObject } from '../../src/controller/index.ts';

/** How big the simulated mesh is. */
export interface MeshSize {
  readonly services: number;
  readonly endpointsPerService: number;
  readonly nodes: number;
}

/** As many namespaces as a cluster of that size has, each enrolled. */
const SERVICES_PER_NAMESPACE = 100;

/** Every object of the mesh but those that `restart` makes anew. */
export function* meshObjects(size: MeshSize): Generator<MeshObject> {
  for (let first = 0; first < size.services; first += SERVICES_PER_NAMESPACE) {
    yield parseObject({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespaceOf(first), labels: { 'istio.io/dataplane-mode': 'ambient' } },
    });
  }
  for (let service = 0; service < size.services; service++) {
    yield serviceObject(service);
    for (let pod = 0; pod < size.endpointsPerService; pod++) yield podObject(size, { service, pod }, 0);
    yield sliceObject(size, service, new Map());
  }
}

/** One endpoint of one service. */
export interface PodPlace {
  readonly service: number;
  readonly pod: number;
}

/** What changes when a pod is replaced by one of the same name with another address, as a StatefulSet's is. */
export function restartedPod(
  size: MeshSize,
  place: PodPlace,
  generation: number,
  generations: ReadonlyMap<number, number>,
): readonly MeshObject[] {
  return [podObject(size, place, generation), sliceObject(size, place.service, generations)];
}

function serviceObject(service: number): MeshObject {
  return parseObject({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: namespaceOf(service), name: serviceName(service) },
    spec: {
      clusterIP: ipv4(SERVICE_NETWORK, service),
      clusterIPs: [ipv4(SERVICE_NETWORK, service)],
      selector: { app: serviceName(service) },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: 'http' }],
    },
  });
}

function podObject(size: MeshSize, { service, pod }: PodPlace, generation: number): MeshObject {
  const ip = podAddress(size, service, pod, generation);
  return parseObject({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: namespaceOf(service),
      name: podName(service, pod),
      uid: `${service}-${pod}-${generation}`,
      labels: { app: serviceName(service), version: 'v1', 'pod-template-hash': '6d4cf56db6' },
      annotations: { 'ambient.istio.io/redirection': 'enabled' },
    },
    spec: {
      serviceAccountName: serviceName(service),
      nodeName: nodeName((service * size.endpointsPerService + pod) % size.nodes),
      containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
}

function sliceObject(size: MeshSize, service: number, generations: ReadonlyMap<number, number>): MeshObject {
  const namespace = namespaceOf(service);
  return parseObject({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${serviceName(service)}-x7k2p`,
      labels: { 'kubernetes.io/service-name': serviceName(service) },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: size.endpointsPerService }, (_, pod) => ({
      addresses: [podAddress(size, service, pod, generations.get(pod) ?? 0)],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', namespace, name: podName(service, pod) },
    })),
  });
}

/** Odd and even generations of a pod have addresses of different networks, so that no two pods share one. */
function podAddress(size: MeshSize, service: number, pod: number, generation: number): string {
  return ipv4(POD_NETWORKS[generation % 2] ?? 0, service * size.endpointsPerService + pod);
}

export function nodeName(node: number): string {
  return `node-${node}`;
}

function namespaceOf(service: number): string {
  return `team-${Math.floor(service / SERVICES_PER_NAMESPACE)}`;
}

function serviceName(service: number): string {
  return `service-${service}`;
}

function podName(service: number, pod: number): string {
  return `service-${service}-${pod}`;
}

function ipv4(network: number, host: number): string {
  const address = network + host;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

const SERVICE_NETWORK = 0x0a_60_00_01;
const POD_NETWORKS = [0x0a_80_00_01, 0x0a_c0_00_01];
