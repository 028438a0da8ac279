import type { Manifest } from '../../../src/cli/install/objects/manifest.ts';
import { renderWaypoint } from '../../../src/controller/deployment/index.ts';
import { translateWaypoint } from '../../../src/controller/translate/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../../controller/support/settings.ts';

/** What the controller deploys for a Gateway of ours, with all that is made on request. */
export function waypointManifests(): readonly Manifest[] {
  const settings = {
    ...CONFORMANCE_SETTINGS,
    image: 'nodemesh/nodemesh:test',
    controllerAddress: 'controller:15012',
    controllerName: 'controller',
    svidTtlMs: 86_400_000,
    logLevel: 'info',
    flags: '',
    logFormat: 'text',
  } as const;
  const gateway = objectOf('Gateway', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop', uid: 'b1' },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
      infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'wishes' } },
    },
  });
  const waypoint = translateWaypoint(gateway, undefined, settings);
  if (waypoint === undefined) throw new Error('no waypoint');
  const parameters = objectOf('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'wishes', namespace: 'shop' },
    data: {
      horizontalPodAutoscaler: 'spec: { minReplicas: 2, maxReplicas: 5 }',
      podDisruptionBudget: 'spec: { minAvailable: 1 }',
    },
  });
  const controller = 'nodemesh.io/waypoint-controller';
  const { manifests, fault } = renderWaypoint({
    gateway,
    waypoint,
    controller,
    parameters,
    roots: 'PEM',
    settings,
  });
  if (manifests === undefined) throw new Error(fault);
  // As they go over the wire: without what is undefined.
  return JSON.parse(JSON.stringify(manifests)) as readonly Manifest[];
}
