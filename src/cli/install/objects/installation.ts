import { accessObjects } from './controller-access.ts';
import { controllerObjects } from './controller-deployment.ts';
import type { Manifest } from './manifest.ts';
import {
  admissionObjects,
  gatewayClass,
  gkeQuota,
  namespaceObject,
  networkPolicies,
  openshiftConstraints,
} from './mesh-objects.ts';
import { dashboardObjects, operatorObjects } from './monitoring.ts';
import type { Condition, Shape } from './shape.ts';
import { ztunnelObjects } from './ztunnel-daemonset.ts';

/** Objects that belong together: a file of the kustomization, a template of the chart, a step of an installation. */
export interface Part {
  readonly name: string;
  readonly objects: readonly Manifest[];
  /** Undefined: always there. */
  readonly condition?: Condition;
  /** Cannot be applied before kinds of this group are known. */
  readonly needsGroup?: string;
  /** No setting is in it, and braces that belong to somebody else than Helm. */
  readonly isVerbatim?: boolean;
}

/** All that an installation consists of beside the kinds of our own, in the order in which it is applied. */
export function installationParts(shape: Shape): readonly Part[] {
  return [
    { name: 'namespace', objects: [namespaceObject()] },
    { name: 'access', objects: accessObjects() },
    { name: 'quota', objects: [gkeQuota()], condition: 'gke' },
    { name: 'security-context-constraints', objects: [openshiftConstraints()], condition: 'openshift' },
    { name: 'network-policies', objects: networkPolicies() },
    { name: 'controller', objects: controllerObjects(shape) },
    { name: 'ztunnel', objects: ztunnelObjects(shape) },
    { name: 'admission', objects: admissionObjects(shape) },
    { name: 'gateway-class', objects: [gatewayClass()], needsGroup: 'gateway.networking.k8s.io' },
    { name: 'dashboards', objects: dashboardObjects(), condition: 'monitoring', isVerbatim: true },
    {
      name: 'monitoring',
      objects: operatorObjects(),
      condition: 'monitoring',
      needsGroup: MONITORING_GROUP,
      isVerbatim: true,
    },
  ];
}

/** Of the kinds of Prometheus' operator. */
export const MONITORING_GROUP = 'monitoring.coreos.com';
