import {
  child,
  type Field,
  FieldProblem,
  fieldOf,
  integer,
  isRecord,
  items,
  oneOf,
  optionalString,
  portOrName,
  requireObject,
  requirePort,
  requireString,
  stringMap,
  strings,
} from './checks.ts';
import type { ManifestObject } from './manifests.ts';
import { kindFromName, type LabelSelector, type StringMap, selects } from './objects/index.ts';

/**
 * Throws a FieldProblem when an object of a kind that the lab acts on has not the shape it relies on. Objects of other
 * kinds are only looked at as far as their metadata goes: the mesh's controller judges them.
 */
export function validateObject(object: ManifestObject): void {
  const root = fieldOf(object, '');
  requireExactKind(child(root, 'kind'), object.kind);
  const metadata = child(root, 'metadata');
  optionalString(child(metadata, 'namespace'));
  stringMap(child(metadata, 'labels'));
  stringMap(child(metadata, 'annotations'));
  VALIDATORS[object.kind]?.(root);
}

/** `HttpRoute`, `Pods`: no API server has those, and under such a kind nobody would ever find the object again. */
function requireExactKind(field: Field, kind: string): void {
  const meant = kindFromName(kind);
  if (meant !== undefined && meant !== kind)
    throw new FieldProblem(field.path, `there is no kind ${JSON.stringify(kind)}; did you mean ${meant}?`);
}

const VALIDATORS: Readonly<Record<string, (root: Field) => void>> = {
  Pod: (root) => podSpec(child(root, 'spec')),
  Deployment(root) {
    selectorAndTemplate(root);
    const strategy = child(child(root, 'spec'), 'strategy');
    oneOf(child(strategy, 'type'), ['RollingUpdate', 'Recreate']);
  },
  ReplicaSet: selectorAndTemplate,
  StatefulSet(root) {
    selectorAndTemplate(root);
    optionalString(child(child(root, 'spec'), 'serviceName'));
  },
  Job(root) {
    const spec = child(root, 'spec');
    requireObject(spec);
    podTemplate(child(spec, 'template'));
    for (const name of ['completions', 'parallelism', 'backoffLimit']) integer(child(spec, name), 0);
    const policy = child(child(child(spec, 'template'), 'spec'), 'restartPolicy');
    if (policy.value !== 'Never' && policy.value !== 'OnFailure')
      throw new FieldProblem(policy.path, "a Job's pods need restartPolicy Never or OnFailure");
  },
  Service(root) {
    const spec = child(root, 'spec');
    requireObject(spec);
    oneOf(child(spec, 'type'), ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']);
    stringMap(child(spec, 'selector'));
    const ports = items(child(spec, 'ports'));
    for (const port of ports) {
      requirePort(child(port, 'port'));
      if (child(port, 'targetPort').value !== undefined) portOrName(child(port, 'targetPort'));
      if (ports.length > 1) requireString(child(port, 'name'));
    }
  },
  EndpointSlice(root) {
    oneOf(child(root, 'addressType'), ['IPv4', 'IPv6']);
    for (const endpoint of items(child(root, 'endpoints'))) items(child(endpoint, 'addresses'), true);
    for (const port of items(child(root, 'ports'))) requirePort(child(port, 'port'));
  },
};

function selectorAndTemplate(root: Field): void {
  const spec = child(root, 'spec');
  requireObject(spec);
  integer(child(spec, 'replicas'), 0);
  const selector = child(spec, 'selector');
  requireObject(selector);
  stringMap(child(selector, 'matchLabels'));
  const template = child(spec, 'template');
  podTemplate(template);
  const labels = child(child(template, 'metadata'), 'labels').value;
  // Both were checked to be of these shapes.
  if (!selects(selector.value as LabelSelector, (isRecord(labels) ? labels : {}) as StringMap))
    throw new FieldProblem(selector.path, "does not select the template's own labels");
}

function podTemplate(template: Field): void {
  requireObject(template);
  stringMap(child(child(template, 'metadata'), 'labels'));
  stringMap(child(child(template, 'metadata'), 'annotations'));
  podSpec(child(template, 'spec'));
}

function podSpec(spec: Field): void {
  requireObject(spec);
  oneOf(child(spec, 'restartPolicy'), ['Always', 'OnFailure', 'Never']);
  optionalString(child(spec, 'serviceAccountName'));
  optionalString(child(spec, 'nodeName'));
  integer(child(spec, 'terminationGracePeriodSeconds'), 0);
  stringMap(child(spec, 'nodeSelector'));
  const names = new Set<unknown>();
  for (const entry of [...items(child(spec, 'containers'), true), ...items(child(spec, 'initContainers'))]) {
    container(entry);
    const name = child(entry, 'name');
    if (names.has(name.value))
      throw new FieldProblem(name.path, `two containers are called ${String(name.value)}`);
    names.add(name.value);
  }
}

function container(entry: Field): void {
  requireString(child(entry, 'name'));
  optionalString(child(entry, 'image'));
  optionalString(child(entry, 'workingDir'));
  strings(child(entry, 'command'));
  strings(child(entry, 'args'));
  for (const variable of items(child(entry, 'env'))) {
    requireString(child(variable, 'name'));
    optionalString(child(variable, 'value'));
  }
  for (const port of items(child(entry, 'ports'))) requirePort(child(port, 'containerPort'));
  for (const name of ['readinessProbe', 'livenessProbe', 'startupProbe']) probe(child(entry, name));
}

function probe(field: Field): void {
  if (field.value === undefined) return;
  requireObject(field);
  const actions = ['httpGet', 'tcpSocket', 'exec'].filter((name) => child(field, name).value !== undefined);
  if (actions.length !== 1)
    throw new FieldProblem(
      field.path,
      'expected exactly one of httpGet, tcpSocket, exec (gRPC probes are not supported)',
    );
  const [action = ''] = actions;
  if (action === 'exec') items(child(child(field, 'exec'), 'command'), true);
  else portOrName(child(child(field, action), 'port'));
  integer(child(field, 'initialDelaySeconds'), 0);
  for (const name of ['periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'])
    integer(child(field, name), 1);
}
