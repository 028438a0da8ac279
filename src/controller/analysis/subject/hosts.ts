import type { AnalysedObject } from './analysed-object.ts';

/** A name without dots stands for a Service of the same namespace. */
export function fullHost(host: string, namespace: string, clusterDomain: string): string {
  return host.includes('.') || host.includes('*') ? host : `${host}.${namespace}.svc.${clusterDomain}`;
}

/** Whether there is a name that fits both; each may begin with a wildcard. */
export function hostsOverlap(a: string, b: string): boolean {
  const [wildA, wildB] = [a.startsWith('*'), b.startsWith('*')];
  if (!wildA && !wildB) return a === b;
  const [suffixA, suffixB] = [wildA ? a.slice(1) : a, wildB ? b.slice(1) : b];
  if (wildA && wildB) return suffixA.endsWith(suffixB) || suffixB.endsWith(suffixA);
  return wildA ? suffixB.endsWith(suffixA) : suffixA.endsWith(suffixB);
}

/** The host itself, and each wildcard that covers it: what an index of hosts has to be asked for. */
export function coveringHosts(host: string): readonly string[] {
  const covers = [host];
  for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1))
    covers.push(`*${host.slice(dot)}`);
  return host === '*' ? covers : [...covers, '*'];
}

/** Namespaces that see an object: its `exportTo`, of a Service its annotation; `*` for all of them. */
export function exportedTo({ kind, spec, namespace, annotations }: AnalysedObject): ReadonlySet<string> {
  const written =
    kind === 'Service'
      ? (annotations.get('networking.istio.io/exportTo') ?? '')
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '')
      : spec.key('exportTo').texts();
  return new Set(written.length === 0 ? ['*'] : written.map((name) => (name === '.' ? namespace : name)));
}

/** `exported`: what `exportedTo` found. */
export function isVisibleTo(exported: ReadonlySet<string>, namespace: string): boolean {
  return exported.has('*') || exported.has(namespace);
}

/** Whether some namespace sees both. */
export function exportsMeet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.has('*') || b.has('*') || [...a].some((namespace) => b.has(namespace));
}
