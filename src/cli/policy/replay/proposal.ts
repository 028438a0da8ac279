import { CliError } from '../../errors.ts';
import type { ManifestLike } from '../../world/index.ts';
import type { TryResult } from './try-result.ts';

/** Objects with others added to them, or in the place of those of the same name. */
export interface Proposal {
  readonly objects: readonly ManifestLike[];
  readonly proposed: TryResult['proposed'];
}

/** Throws ERR_CLI_OPTION for what is no policy: of other objects flows tell nothing. */
export function propose(inForce: readonly ManifestLike[], proposed: readonly ManifestLike[]): Proposal {
  const wrong = proposed.find(({ kind, apiVersion }) => !KINDS.has(kind) || !apiVersion.startsWith(GROUP));
  if (proposed.length === 0 || wrong !== undefined)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `-f: expected ${[...KINDS].join(', ')} of ${GROUP}, got ${wrong === undefined ? 'nothing' : `${wrong.kind} ${wrong.metadata.name} of ${wrong.apiVersion}`}`,
    });
  const named = new Map(proposed.map((object) => [keyOf(object), object]));
  const present = new Set(inForce.map(keyOf));
  return {
    objects: [...inForce.filter((object) => !named.has(keyOf(object))), ...named.values()],
    proposed: [...named.entries()].map(([key, object]) => ({
      object: `${object.kind} ${object.metadata.namespace ?? 'default'}/${object.metadata.name}`,
      isNew: !present.has(key),
    })),
  };
}

/** Versions of a kind are one kind. */
function keyOf({ kind, apiVersion, metadata }: ManifestLike): string {
  return JSON.stringify([apiVersion.split('/')[0], kind, metadata.namespace ?? 'default', metadata.name]);
}

const GROUP = 'security.istio.io/';
const KINDS: ReadonlySet<string> = new Set([
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
]);
