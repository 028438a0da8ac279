import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, describeError, errnoOf, type Logger } from '../../base/index.ts';
import { type AuthorityMaterial, createSelfSignedMaterial } from '../../identity/index.ts';
import { ControllerError } from '../errors.ts';
import { cacertsOf, materialOf } from './material-layout.ts';
import { createSecret, readSecret, type SecretApi, type SecretName } from './secret.ts';

/** Where the authority that signs is handed in. */
export interface AuthorityPlace {
  /** For people. */
  readonly name: string;
  /** Undefined: there is none. Rejects with IdentityError ERR_IDENTITY_PLUGGED, or when it cannot be read. */
  read(): Promise<AuthorityMaterial | undefined>;
}

/** Files of a mounted volume, which somebody else keeps. */
export function mountedAuthority(folder: string): AuthorityPlace {
  return {
    name: folder,
    async read() {
      // A kubelet swaps all files at once, by a link: what was read across a swap is of two authorities.
      for (let attempt = 1; ; attempt++) {
        const before = await generationOf(folder);
        const texts = await readTexts(folder);
        if (attempt === MOST_ATTEMPTS || before === (await generationOf(folder)))
          return materialOf((name) => texts.get(name));
      }
    },
  };
}

/** Where the link of a kubelet's volume leads; undefined: it is none, or cannot be read, which its files then tell. */
async function generationOf(folder: string): Promise<string | undefined> {
  return await readlink(join(folder, '..data')).catch(() => undefined);
}

async function readTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of FILES) {
    const file = join(folder, name);
    try {
      texts.set(name, await readFile(file, 'utf8'));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') continue;
      throw new ControllerError({
        code: 'ERR_CONTROLLER_AUTHORITY',
        blame: 'local',
        message: `expected a file at ${file} that can be read, got ${describeError(error)}`,
        cause: error,
      });
    }
  }
  return texts;
}

/** A Secret, which the first replica makes when there is none. */
export function secretAuthority(
  options: SecretName & {
    readonly api: SecretApi;
    readonly trustDomain: string;
    readonly clock: Clock;
    readonly log: Logger;
  },
): AuthorityPlace & { make(): Promise<AuthorityMaterial> } {
  const { api, trustDomain, clock, log } = options;
  const read = async (): Promise<AuthorityMaterial | undefined> => {
    const content = await readSecret(api, options);
    return content && materialOf((name) => content.text(name));
  };
  return {
    name: `the Secret ${options.namespace}/${options.name}`,
    read,
    async make() {
      const made = await createSelfSignedMaterial({ trustDomain, nowMs: clock.now() });
      const isOurs = await createSecret(api, options, cacertsOf(made));
      if (isOurs) log.info('authority made', { secret: `${options.namespace}/${options.name}` });
      return isOurs ? made : ((await read()) ?? made);
    },
  };
}

const FILES = [
  ...['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'],
  ...['tls.crt', 'tls.key', 'ca.crt'],
];
const MOST_ATTEMPTS = 5;
