import { AMBIENT_ANALYZERS } from './ambient/index.ts';
import { defaultGateway } from './istio/gateways/index.ts';
import { ISTIO_ANALYZERS } from './istio/index.ts';
import { ANALYSIS_LEVELS, type Finding } from './messages/index.ts';
import { type AnalysedObject, type AnalysisSettings, createAnalysedMesh } from './subject/index.ts';
import { isSuppressed, type Suppression } from './suppression.ts';

/** How much is known of the mesh, and what of it nobody wants to hear. */
export interface AnalysisOptions {
  readonly settings: AnalysisSettings;
  /** Findings that nobody wants to hear of. Default: none. */
  readonly suppressions?: readonly Suppression[];
  /** What was found while the objects were read, to be told with the rest. Default: nothing. */
  readonly found?: readonly Finding[];
}

/**
 * Everything that is wrong with the objects, or will be: the gravest first, then by object. Pure: the same objects give
 * the same findings, whatever their order, and no object makes it throw.
 */
export function analyze(
  objects: readonly AnalysedObject[],
  { settings, suppressions = [], found = [] }: AnalysisOptions,
): readonly Finding[] {
  const assumed = settings.complete ? [] : defaultGateway(settings.rootNamespace);
  const mesh = createAnalysedMesh([...objects, ...assumed], settings);
  const findings = [...Object.values(ISTIO_ANALYZERS), ...AMBIENT_ANALYZERS].flatMap((analyzer) => [
    ...analyzer(mesh),
  ]);
  return [...found, ...findings]
    .filter((one) => !one.object.assumed && !isSuppressed(one, suppressions))
    .map((one) => ({ one, key: sortKey(one) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ one }) => one);
}

/** The gravest first, then by object, by place, and by what is said. */
function sortKey({ definition, object, path, text }: Finding): string {
  const level = ANALYSIS_LEVELS.length - ANALYSIS_LEVELS.indexOf(definition.level);
  const line = String(object.locate(path)?.line ?? 0).padStart(9, '0');
  return [level, object.namespace, object.kind, object.name, line, definition.code, text].join('\u0000');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
