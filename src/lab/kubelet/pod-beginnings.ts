import { writeFileSync } from 'node:fs';
import { type PodObject, withCondition } from '../cluster/objects/index.ts';
import type { TokenSubject } from '../mesh/index.ts';
import type { PodAddresses } from '../network/index.ts';
import type { KubeletContext, KubeletNode } from './pod-context.ts';
import type { PodPlace } from './pod-process.ts';

/** Whom a pod's tokens are about. */
export function subjectOf({ metadata, spec }: PodObject, nodeUid: string): TokenSubject {
  return {
    namespace: metadata.namespace,
    serviceAccount: spec.serviceAccountName ?? 'default',
    pod: { name: metadata.name, uid: metadata.uid },
    node: { name: spec.nodeName ?? '', uid: nodeUid },
  };
}

/** The pod with its place on the network, and the mark that nothing of it has run yet. */
export function withNetwork(
  pod: PodObject,
  node: KubeletNode,
  place: PodPlace,
  addresses: PodAddresses,
): PodObject {
  const annotations = {
    ...pod.metadata.annotations,
    'nodemesh.io/netns': place.namespace,
    'nodemesh.io/new': 'true',
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    status: {
      ...(pod.status ?? { phase: 'Pending' }),
      hostIP: node.addresses.ipv4,
      podIP: addresses.ipv4,
      podIPs: [{ ip: addresses.ipv4 }, { ip: addresses.ipv6 }],
      startTime: pod.status?.startTime ?? new Date().toISOString(),
      conditions: withCondition(pod.status?.conditions, { type: 'nodemesh.io/Started', status: 'False' }),
    },
  };
}

/** Its resolv.conf and hosts. */
export function writePodFiles(
  context: KubeletContext,
  node: KubeletNode,
  place: PodPlace,
  pod: PodObject,
  addresses: PodAddresses,
): void {
  const { clusterDomain } = context;
  const search = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  const resolver = [
    `nameserver ${node.addresses.gatewayV4}`,
    `search ${search.join(' ')}`,
    'options ndots:5',
  ];
  writeFileSync(place.resolvConfPath, `${resolver.join('\n')}\n`);
  const { hostname } = place;
  const { subdomain } = pod.spec;
  const full =
    subdomain === undefined ? '' : `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain} `;
  const hosts = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    `${addresses.ipv4} ${full}${hostname}`,
    `${addresses.ipv6} ${full}${hostname}`,
  ];
  writeFileSync(place.hostsPath, `${hosts.join('\n')}\n`);
}
