import { apiVersionOf, type KubernetesApi, type ResourceType } from '../../kubernetes/index.ts';
import type { ReadKind } from './kind-table.ts';

/** What the API server serves of the kinds that we read: each with the version that we like best. */
export type ServedKinds = ReadonlyMap<ReadKind, ResourceType>;

/** Asks the API server. Rejects with KubernetesError when any of it cannot be told, since half an answer reads as an absence. */
export async function findServedKinds(
  api: KubernetesApi,
  kinds: readonly ReadKind[],
  signal: AbortSignal,
): Promise<ServedKinds> {
  const versions = new Set(
    kinds.filter(({ custom }) => custom).flatMap(({ resources }) => resources.map(apiVersionOf)),
  );
  const answers = new Map<string, ReadonlySet<string>>();
  await Promise.all(
    [...versions].map(async (version) => {
      const served = (await api.resources(version, { signal })) ?? [];
      const usable = served.filter(({ verbs }) => verbs.includes('list') && verbs.includes('watch'));
      answers.set(version, new Set(usable.map(({ plural }) => plural)));
    }),
  );
  const found = new Map<ReadKind, ResourceType>();
  for (const kind of kinds) {
    // What is built in is always there.
    const resource = kind.custom
      ? kind.resources.find((known) => answers.get(apiVersionOf(known))?.has(known.plural) === true)
      : kind.resources[0];
    if (resource !== undefined) found.set(kind, resource);
  }
  return found;
}
