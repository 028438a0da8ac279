import {
  childField,
  type Field,
  FieldProblem,
  fieldOf,
  checkInteger,
  isRecord,
  itemFields,
  checkOneOf,
  checkString,
  requirePortOrName,
  requireObject,
  requirePort,
  requireString,
  checkStringMap,
  checkStrings,
} from './checks.ts';
import type { ManifestObject } from './manifests.ts';
import { kindFromName, type LabelSelector, type StringMap, selects } from './objects/index.ts';

/**
 * Throws a FieldProblem when an object of a kind that the lab acts on has not the shape it relies on. Objects of other
 * kinds are only looked at as far as their metadata goes: the mesh's controller judges them.
 */
export function validateObject(object: ManifestObject): void {
  const root = fieldOf(object, '');
  requireExactKind(childField(root, 'kind'), object.kind);
  const metadata = childField(root, 'metadata');
  checkString(childField(metadata, 'namespace'));
  checkStringMap(childField(metadata, 'labels'));
  checkStringMap(childField(metadata, 'annotations'));
  VALIDATORS[object.kind]?.(root);
}

/** `HttpRoute`, `Pods`: no API server has those, and under such a kind nobody would ever find the object again. */
function requireExactKind(field: Field, kind: string): void {
  const meant = kindFromName(kind);
  if (meant !== undefined && meant !== kind)
    throw new FieldProblem(field.path, `there is no kind ${JSON.stringify(kind)}; did you mean ${meant}?`);
}

const VALIDATORS: Readonly<Record<string, (root: Field) => void>> = {
  Pod: (root) => podSpec(childField(root, 'spec')),
  Deployment(root) {
    selectorAndTemplate(root);
    const strategy = childField(childField(root, 'spec'), 'strategy');
    checkOneOf(childField(strategy, 'type'), ['RollingUpdate', 'Recreate']);
  },
  ReplicaSet: selectorAndTemplate,
  StatefulSet(root) {
    selectorAndTemplate(root);
    checkString(childField(childField(root, 'spec'), 'serviceName'));
  },
  Job(root) {
    const spec = childField(root, 'spec');
    requireObject(spec);
    podTemplate(childField(spec, 'template'));
    for (const name of ['completions', 'parallelism', 'backoffLimit'])
      checkInteger(childField(spec, name), 0);
    const policy = childField(childField(childField(spec, 'template'), 'spec'), 'restartPolicy');
    if (policy.value !== 'Never' && policy.value !== 'OnFailure')
      throw new FieldProblem(policy.path, "a Job's pods need restartPolicy Never or OnFailure");
  },
  Service(root) {
    const spec = childField(root, 'spec');
    requireObject(spec);
    checkOneOf(childField(spec, 'type'), ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']);
    checkStringMap(childField(spec, 'selector'));
    const ports = itemFields(childField(spec, 'ports'));
    for (const port of ports) {
      requirePort(childField(port, 'port'));
      if (childField(port, 'targetPort').value !== undefined)
        requirePortOrName(childField(port, 'targetPort'));
      if (ports.length > 1) requireString(childField(port, 'name'));
    }
  },
  EndpointSlice(root) {
    checkOneOf(childField(root, 'addressType'), ['IPv4', 'IPv6']);
    for (const endpoint of itemFields(childField(root, 'endpoints')))
      itemFields(childField(endpoint, 'addresses'), true);
    for (const port of itemFields(childField(root, 'ports'))) requirePort(childField(port, 'port'));
  },
};

function selectorAndTemplate(root: Field): void {
  const spec = childField(root, 'spec');
  requireObject(spec);
  checkInteger(childField(spec, 'replicas'), 0);
  const selector = childField(spec, 'selector');
  requireObject(selector);
  checkStringMap(childField(selector, 'matchLabels'));
  const template = childField(spec, 'template');
  podTemplate(template);
  const labels = childField(childField(template, 'metadata'), 'labels').value;
  // Both were checked to be of these shapes.
  if (!selects(selector.value as LabelSelector, (isRecord(labels) ? labels : {}) as StringMap))
    throw new FieldProblem(selector.path, "does not select the template's own labels");
}

function podTemplate(template: Field): void {
  requireObject(template);
  checkStringMap(childField(childField(template, 'metadata'), 'labels'));
  checkStringMap(childField(childField(template, 'metadata'), 'annotations'));
  podSpec(childField(template, 'spec'));
}

function podSpec(spec: Field): void {
  requireObject(spec);
  checkOneOf(childField(spec, 'restartPolicy'), ['Always', 'OnFailure', 'Never']);
  checkString(childField(spec, 'serviceAccountName'));
  checkString(childField(spec, 'nodeName'));
  checkInteger(childField(spec, 'terminationGracePeriodSeconds'), 0);
  checkStringMap(childField(spec, 'nodeSelector'));
  const names = new Set<unknown>();
  for (const entry of [
    ...itemFields(childField(spec, 'containers'), true),
    ...itemFields(childField(spec, 'initContainers')),
  ]) {
    container(entry);
    const name = childField(entry, 'name');
    if (names.has(name.value))
      throw new FieldProblem(name.path, `two containers are called ${String(name.value)}`);
    names.add(name.value);
  }
}

function container(entry: Field): void {
  requireString(childField(entry, 'name'));
  checkString(childField(entry, 'image'));
  checkString(childField(entry, 'workingDir'));
  checkStrings(childField(entry, 'command'));
  checkStrings(childField(entry, 'args'));
  for (const variable of itemFields(childField(entry, 'env'))) {
    requireString(childField(variable, 'name'));
    checkString(childField(variable, 'value'));
  }
  for (const port of itemFields(childField(entry, 'ports'))) requirePort(childField(port, 'containerPort'));
  for (const name of ['readinessProbe', 'livenessProbe', 'startupProbe']) probe(childField(entry, name));
}

function probe(field: Field): void {
  if (field.value === undefined) return;
  requireObject(field);
  const actions = ['httpGet', 'tcpSocket', 'exec'].filter(
    (name) => childField(field, name).value !== undefined,
  );
  if (actions.length !== 1)
    throw new FieldProblem(
      field.path,
      'expected exactly one of httpGet, tcpSocket, exec (gRPC probes are not supported)',
    );
  const [action = ''] = actions;
  if (action === 'exec') itemFields(childField(childField(field, 'exec'), 'command'), true);
  else requirePortOrName(childField(childField(field, action), 'port'));
  checkInteger(childField(field, 'initialDelaySeconds'), 0);
  for (const name of ['periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'])
    checkInteger(childField(field, name), 1);
}
