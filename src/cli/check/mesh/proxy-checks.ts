import { isServedBy, type ProxyView } from '../../../model/index.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';
import { shortList } from '../../terminal/index.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning, notSeen } = resultsOf('mesh');

/** Versions of proxies beside the controller's, and who does not have what the controller sent. */
export function proxyChecks(facts: MeshFacts): readonly CheckResult[] {
  const { proxies, clocks } = facts;
  if ('error' in proxies) return [notSeen('proxies', proxies.error)];
  const [mesh] = clocks;
  const version = mesh !== undefined && 'value' in mesh ? mesh.value.info.version : undefined;
  return [
    ...versionChecks(proxies.value, version),
    ...stateChecks(proxies.value),
    ...absenceChecks(facts, proxies.value),
  ];
}

function versionChecks(
  proxies: readonly ProxyView[],
  controller: string | undefined,
): readonly CheckResult[] {
  if (controller === undefined) return [notSeen('versions', 'the controller did not say its own')];
  const apart = proxies.filter(({ version }) => version !== '' && !isServedBy(controller, version));
  if (apart.length === 0)
    return [
      ok(
        'versions',
        `${proxies.length} proxies, none more than a minor version from the controller's ${controller}`,
      ),
    ];
  return apart.map(({ id, version }) =>
    failed(
      `version of ${id}`,
      `${version}, the controller is ${controller}`,
      'a controller serves proxies that are one minor version older or newer: upgrade one step at a time, the controller first',
    ),
  );
}

/** Ztunnels that answer, and that the controller does not hear of: nobody else would say so. */
function absenceChecks({ nodes, clocks }: MeshFacts, proxies: readonly ProxyView[]): readonly CheckResult[] {
  if (proxies.length === 0) return [];
  const connected = new Set(
    proxies.flatMap(({ kind, state, node }) => (kind === 'ztunnel' && state !== 'gone' ? [node] : [])),
  );
  const answering = new Set(clocks.flatMap((clock) => ('value' in clock ? [clock.part] : [])));
  const absent = nodes.filter((node) => !connected.has(node) && answering.has(node));
  const [first] = absent;
  if (first === undefined) return [];
  return [
    failed(
      'connected ztunnels',
      `${absent.length} of ${nodes.length} are not connected to the controller: ${shortList(absent)}`,
      `they decide by what they knew before, and get no new certificates; the log says why: nodemesh logs ztunnel/${first}`,
    ),
  ];
}

function stateChecks(proxies: readonly ProxyView[]): readonly CheckResult[] {
  // Where ztunnels run all the same, they do not reach the controller, or do not trust it.
  if (proxies.length === 0)
    return [
      warning(
        'proxies',
        'none is connected to the controller',
        'where pods are in the mesh, the log of a ztunnel says why: nodemesh logs ztunnel/NODE',
      ),
    ];
  const behind = proxies.filter(({ state }) => state !== 'current');
  if (behind.length === 0)
    return [ok('proxies', `all ${proxies.length} have acknowledged what they were sent`)];
  return behind.map(({ id, state, reason }) => {
    const seen = reason === '' ? state : `${state}: ${reason}`;
    const name = `proxy ${id}`;
    if (state === 'rejecting')
      return failed(
        name,
        seen,
        'it goes on with what it had; nodemesh proxies -o wide shows which type it refuses',
      );
    if (state === 'gone')
      return warning(
        name,
        seen,
        'after an upgrade the old one is gone for good; else its log says why: nodemesh logs',
      );
    return failed(
      name,
      seen,
      'it decides by what it knew before: is it overloaded, or cut off from the controller?',
    );
  });
}
