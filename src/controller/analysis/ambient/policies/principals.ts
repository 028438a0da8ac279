import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** Identities in rules that nobody has. */
export function* analyzePrincipals(mesh: AnalysedMesh): Iterable<Finding> {
  const accounts = knownAccounts(mesh);
  const domains = trustDomains(mesh);
  for (const object of mesh.of('security.istio.io/AuthorizationPolicy')) {
    for (const { field, domain, namespace, account } of principalsOf(object)) {
      const at = { object, path: field.path };
      const written = field.text() ?? '';
      if (domain !== undefined && !domains.has(domain)) {
        yield finding(OWN.ForeignTrustDomain, at, written, mesh.settings.trustDomain);
      } else if (accounts.isMissing(namespace, account)) yield finding(OWN.UnknownPrincipal, at, written);
    }
  }
}

interface Principal {
  readonly field: Field;
  /** Undefined: the mesh's own. */
  readonly domain: string | undefined;
  readonly namespace: string;
  readonly account: string;
}

function principalsOf({ spec, namespace }: AnalysedObject): readonly Principal[] {
  return spec
    .key('rules')
    .items()
    .flatMap((rule) => {
      const sources = rule
        .key('from')
        .items()
        .map((from) => from.key('source'));
      const conditions = rule.key('when').items();
      return [
        ...sources.flatMap((source) => [
          ...['principals', 'notPrincipals']
            .flatMap((name) => source.key(name).items())
            .flatMap(readPrincipal),
          ...['serviceAccounts', 'notServiceAccounts']
            .flatMap((name) => source.key(name).items())
            .flatMap((field) => readAccount(field, namespace)),
        ]),
        ...conditions
          .filter((condition) => condition.key('key').value === 'source.principal')
          .flatMap((condition) => [...condition.key('values').items(), ...condition.key('notValues').items()])
          .flatMap(readPrincipal),
      ];
    });
}

/** Wildcards may mean anybody, and are left alone. */
function readPrincipal(field: Field): readonly Principal[] {
  const [, domain, namespace, account] =
    /^([^/*]+)\/ns\/([^/*]+)\/sa\/([^/*]+)$/.exec(field.text() ?? '') ?? [];
  return domain === undefined || namespace === undefined || account === undefined
    ? []
    : [{ field, domain, namespace, account }];
}

/** `account`, or `namespace/account`. */
function readAccount(field: Field, own: string): readonly Principal[] {
  const text = field.text() ?? '';
  if (text === '' || text.includes('*')) return [];
  const [first = '', second] = text.split('/');
  return [
    { field, domain: undefined, namespace: second === undefined ? own : first, account: second ?? first },
  ];
}

function trustDomains({ settings, meshConfig }: AnalysedMesh): ReadonlySet<string> {
  const configured = meshConfig.key('trustDomain').text();
  return new Set([
    settings.trustDomain,
    'cluster.local',
    ...(configured === undefined ? [] : [configured]),
    ...meshConfig.key('trustDomainAliases').texts(),
  ]);
}

function knownAccounts(mesh: AnalysedMesh): { isMissing(namespace: string, account: string): boolean } {
  const known = new Set<string>();
  const inhabited = new Set<string>();
  const add = (namespace: string, account: string): void => {
    known.add(`${namespace}/${account}`);
    inhabited.add(namespace);
  };
  for (const { namespace, name } of mesh.of('/ServiceAccount')) add(namespace, name);
  for (const { namespace, serviceAccount } of mesh.workloads.all) add(namespace, serviceAccount);
  for (const waypoint of mesh.derived.collections.waypoints.values())
    known.add(`${waypoint.namespace}/${waypoint.serviceAccount}`);
  return {
    isMissing(namespace, account) {
      if (known.has(`${namespace}/${account}`)) return false;
      // Every namespace has that one.
      if (account === 'default' && mesh.namespaces.has(namespace)) return false;
      // Of a namespace of which nothing is in the files, nothing is known.
      return mesh.settings.complete || inhabited.has(namespace);
    },
  };
}
