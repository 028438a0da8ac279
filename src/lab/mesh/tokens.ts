import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Whom a token is for. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: { readonly name: string; readonly uid: string };
  readonly node: { readonly name: string; readonly uid: string };
  /** Default: that of the mesh's own control plane. */
  readonly audience?: string;
}

/** Issues tokens of the shape of Kubernetes' projected service-account tokens. The key lives in memory alone. */
export interface TokenIssuer {
  /** The public half, for the controller's --jwks-file. */
  readonly jwks: { readonly keys: readonly object[] };
  issue(subject: TokenSubject): Promise<string>;
}

const TOKEN_LIFETIME_SECONDS = 600;
/** A file's token is replaced well before it runs out. */
const RENEW_MS = 240_000;
const RETRY_MS = 5_000;
const ISSUER = 'nodemesh-lab';
const AUDIENCE = 'istio-ca';

/** With a new key: tokens of an earlier lab are good for nothing. */
export async function createTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const kid = randomUUID();
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] };
  return {
    jwks,
    issue({ namespace, serviceAccount, pod, node, audience = AUDIENCE }) {
      return new SignJWT({
        'kubernetes.io': { namespace, pod, node, serviceaccount: { name: serviceAccount, uid: pod.uid } },
      })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`)
        .setAudience([audience])
        .setIssuedAt()
        .setNotBefore('-5s')
        .setExpirationTime(`${TOKEN_LIFETIME_SECONDS}s`)
        .setJti(randomUUID())
        .sign(privateKey);
    },
  };
}

/** A file that is kept valid until it is closed. */
export interface TokenFile {
  close(): void;
}

/** Keeps a valid token in a private file, replaced by rename. Resolves when the first one is there. */
export async function keepTokenFile(
  issuer: TokenIssuer,
  subject: TokenSubject,
  path: string,
  onError: (error: unknown) => void,
): Promise<TokenFile> {
  let timer: NodeJS.Timeout | undefined;
  const write = async (): Promise<void> => {
    const temporary = `${path}.new`;
    writeFileSync(temporary, await issuer.issue(subject), { mode: 0o600 });
    renameSync(temporary, path);
  };
  const renew = async (): Promise<void> => {
    try {
      await write();
      timer = setTimeout(renew, RENEW_MS);
    } catch (error) {
      onError(error);
      timer = setTimeout(renew, RETRY_MS);
    }
  };
  await write();
  timer = setTimeout(renew, RENEW_MS);
  return { close: () => clearTimeout(timer) };
}
