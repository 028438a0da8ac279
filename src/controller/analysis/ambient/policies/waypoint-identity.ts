import { type Field, type LabelSelector, selects } from '../../../objects/index.ts';
import { DRY_RUN, isTrue, readTwin, type WaypointInfo } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  hasTargetRefs,
  policySelector,
} from '../../subject/index.ts';

/** Policies of pods that let clients in and not the waypoint through which those come. */
export function* analyzeWaypointIdentity(mesh: AnalysedMesh): Iterable<Finding> {
  const told = new Set<string>();
  const byNamespace = new Map<string, readonly AllowPolicy[]>();
  for (const service of mesh.of('/Service')) {
    const waypoint = mesh.waypointOf(service.namespace, service.name);
    const selector = service.spec.key('selector').textMap();
    if (waypoint === undefined || selector.size === 0) continue;
    const policies = byNamespace.get(service.namespace) ?? allowPolicies(mesh, service.namespace);
    byNamespace.set(service.namespace, policies);
    if (policies.length === 0) continue;
    for (const { labels } of mesh.workloads.select(service.namespace, selector)) {
      const own = policies
        .filter(({ selector: wanted }) => selects(wanted, labels))
        .map(({ object }) => object);
      if (own.length === 0 || own.some((policy) => mayAllow(policy, waypoint, mesh))) continue;
      for (const object of own) {
        const key = `${object.namespace}/${object.name} ${waypoint.key}`;
        if (told.has(key)) continue;
        told.add(key);
        const at = { object, path: ['spec', 'rules'] };
        yield finding(OWN.WaypointIdentityRefused, at, waypoint.key, identityOf(waypoint, mesh));
      }
    }
  }
}

/** Those that node proxies enforce for a namespace's pods. */
function allowPolicies(mesh: AnalysedMesh, namespace: string): readonly AllowPolicy[] {
  const kind = 'security.istio.io/AuthorizationPolicy';
  return [...new Set([namespace, mesh.settings.rootNamespace])]
    .flatMap((scope) => mesh.inNamespace(kind, scope))
    .filter(
      ({ spec, annotations }) =>
        !hasTargetRefs(spec) &&
        (spec.key('action').text() ?? 'ALLOW') === 'ALLOW' &&
        !isTrue(readTwin(annotations, DRY_RUN)),
    )
    .map((object) => ({ object, selector: policySelector(object.spec) ?? new Map() }));
}

interface AllowPolicy {
  readonly object: AnalysedObject;
  /** Empty: everything. */
  readonly selector: LabelSelector;
}

function mayAllow({ spec, namespace }: AnalysedObject, waypoint: WaypointInfo, mesh: AnalysedMesh): boolean {
  return spec
    .key('rules')
    .items()
    .some((rule) => {
      if (hasHttp(rule)) return false;
      const sources = rule
        .key('from')
        .items()
        .map((from) => from.key('source'));
      return sources.length === 0 || sources.some((source) => mayBe(source, waypoint, namespace, mesh));
    });
}

function mayBe(source: Field, waypoint: WaypointInfo, namespace: string, mesh: AnalysedMesh): boolean {
  const { settings } = mesh;
  const rest = `ns/${waypoint.namespace}/sa/${waypoint.serviceAccount}`;
  const names = [`${settings.trustDomain}/${rest}`, `cluster.local/${rest}`];
  const { serviceAccount } = waypoint;
  const accounts = [
    `${waypoint.namespace}/${serviceAccount}`,
    ...(waypoint.namespace === namespace ? [serviceAccount] : []),
  ];
  return (
    fitsAny(source.key('principals').texts(), names) &&
    fitsAny(source.key('namespaces').texts(), [waypoint.namespace]) &&
    fitsAny(source.key('serviceAccounts').texts(), accounts)
  );
}

/** No patterns fit everything. */
function fitsAny(patterns: readonly string[], values: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => values.some((value) => fits(pattern, value)));
}

function fits(pattern: string, value: string): boolean {
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

function hasHttp(rule: Field): boolean {
  const sources = rule
    .key('from')
    .items()
    .map((from) => from.key('source'));
  const operations = rule
    .key('to')
    .items()
    .map((to) => to.key('operation'));
  const isHttp = (field: Field, names: readonly string[]): boolean =>
    names.some((name) => field.key(name).present);
  return (
    sources.some((source) =>
      isHttp(source, ['requestPrincipals', 'notRequestPrincipals', 'remoteIpBlocks', 'notRemoteIpBlocks']),
    ) ||
    operations.some((operation) => isHttp(operation, HTTP_OPERATIONS)) ||
    rule
      .key('when')
      .items()
      .some((condition) => (condition.key('key').text() ?? '').startsWith('request.'))
  );
}

function identityOf({ namespace, serviceAccount }: WaypointInfo, { settings }: AnalysedMesh): string {
  return `${settings.trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

const HTTP_OPERATIONS = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'];
