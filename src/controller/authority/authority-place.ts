import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import { errnoOf } from '../../base/index.ts';
import { type AuthorityMaterial, createSelfSignedMaterial } from '../../identity/index.ts';
import { cacertsOf, materialOf } from './material-layout.ts';
import { createSecret, readSecret, type SecretApi, type SecretName } from './secret.ts';

/** Where the authority that signs is handed in. */
export interface AuthorityPlace {
  /** For people. */
  readonly name: string;
  /** Undefined: there is none. Rejects with IdentityError ERR_IDENTITY_PLUGGED, or when it cannot be read now. */
  read(): Promise<AuthorityMaterial | undefined>;
}

/** Files of a mounted volume, which somebody else keeps. */
export function mountedAuthority(folder: string): AuthorityPlace {
  return {
    name: folder,
    async read() {
      const texts = new Map<string, string>();
      for (const name of FILES) {
        try {
          texts.set(name, await readFile(join(folder, name), 'utf8'));
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT') throw error;
        }
      }
      return materialOf((name) => texts.get(name));
    },
  };
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
