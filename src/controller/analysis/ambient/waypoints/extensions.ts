import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** Rate limits, faults, filters and traffic policies that are not in force. */
export function* analyzeExtensions(mesh: AnalysedMesh): Iterable<Finding> {
  const { rateLimitOutcomes, faultOutcomes, filterOutcomes, trafficOutcomes } = mesh.derived.collections;
  const outcomes = { RateLimit: rateLimitOutcomes, FaultInjection: faultOutcomes, Filter: filterOutcomes };
  for (const [kind, collection] of Object.entries(outcomes)) {
    for (const object of mesh.of(`nodemesh.io/${kind}`)) {
      const condition = collection.get(`${kind}/${object.namespace}/${object.name}`)?.condition;
      if (condition?.status === 'False')
        yield finding(OWN.ObjectNotInForce, { object, path: ['spec'] }, condition.message);
    }
  }
  for (const kind of ['nodemesh.io/TrafficPolicy', 'gateway.networking.x-k8s.io/XBackendTrafficPolicy']) {
    for (const object of mesh.of(kind)) {
      const condition = trafficOutcomes.get(`${object.kind}/${object.namespace}/${object.name}`)?.condition;
      if (condition?.status === 'False')
        yield finding(OWN.ObjectNotInForce, { object, path: ['spec'] }, condition.message);
    }
  }
}
