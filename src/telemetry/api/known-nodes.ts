import type { KnownNodes } from '../observation/index.ts';
import type { Facts } from './facts.ts';

/** What the graph says of its nodes beside their traffic. */
export function knownNodes(facts: Facts, windowMs: number): KnownNodes {
  const workloads = new Map<string, boolean>();
  for (const { namespace, workload, protocol } of facts.workloads(windowMs)) {
    const key = `${namespace}/${workload}`;
    workloads.set(key, protocol === 'HBONE' && (workloads.get(key) ?? true));
  }
  const services = new Map(
    facts
      .services()
      .map(({ namespace, name, waypoint, inMesh }) => [`${namespace}/${name}`, { inMesh, waypoint }]),
  );
  return {
    workloadInMesh: (namespace, name) => workloads.get(`${namespace}/${name}`),
    service: (namespace, name) => services.get(`${namespace}/${name}`),
  };
}
