import { VERSION_KEY, type XdsNode } from '../../xds/index.ts';
import type { ZtunnelConfig } from '../config/index.ts';

/** Whom the proxy says it is (wire.md §2.1): the first field of the id tells the kind of proxy. */
export function xdsNodeOf({ node, mesh, instance }: ZtunnelConfig, version: string): XdsNode {
  const { name, namespace, address, metadata } = instance;
  return {
    id: `ztunnel~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: {
      ...metadata,
      NAME: name,
      NAMESPACE: namespace,
      INSTANCE_IPS: address,
      NODE_NAME: node,
      CLUSTER_ID: mesh.clusterId,
      [VERSION_KEY]: version,
    },
  };
}
