import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthorityMaterial } from '../../../src/identity/index.ts';

/** How OpenSSL is to make an authority. */
export interface MaterialOptions {
  readonly name: string;
  /** Default P-256. */
  readonly key?: 'rsa' | 'p256' | 'p384';
  /** How many stand between the one that signs and the root. 0: the root signs. Default 1: the signing one is below it. */
  readonly levels?: 0 | 1 | 2;
  /** Default 30; 0: it has ended when it is made. */
  readonly days?: number;
  /** A root that signs by itself, instead of one of its own. */
  readonly under?: AuthorityMaterial;
  /** basicConstraints of the one that signs. Default `critical,CA:TRUE`. */
  readonly constraints?: string;
}

/** An authority as another tool makes it: by OpenSSL, with names and identifiers of its own kind. */
export function makeMaterial(options: MaterialOptions): AuthorityMaterial {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-material-'));
  const { name, key = 'p256', levels = 1, days = 30, constraints = 'critical,CA:TRUE' } = options;
  const file = (text: string): string => join(folder, text);
  const run = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const read = (text: string): string => readFileSync(file(text), 'utf8');
  const make = (level: number): void => {
    const own = `${level}`;
    if (key === 'rsa') run('genrsa', '-traditional', '-out', file(`${own}.key`), '2048');
    else {
      const curve = key === 'p256' ? 'prime256v1' : 'secp384r1';
      run('ecparam', '-name', curve, '-genkey', '-noout', '-out', file(`${own}.key`));
    }
    const subject = `/O=Example, Inc./OU=Größe/CN=${name} ${level}`;
    run('req', '-new', '-utf8', '-key', file(`${own}.key`), '-subj', subject, '-out', file(`${own}.csr`));
    const signs = level === levels;
    writeFileSync(
      file(`${own}.ext`),
      [
        `basicConstraints=${signs ? constraints : 'critical,CA:TRUE'}`,
        'keyUsage=critical,keyCertSign,cRLSign',
        // Not the hash that we would make of the key.
        `subjectKeyIdentifier=0102030405060708${level}${name.length.toString(16).padStart(3, '0')}`,
      ].join('\n'),
    );
    const issuer =
      level === 0
        ? ['-signkey', file('0.key')]
        : ['-CA', file(`${level - 1}.pem`), '-CAkey', file(`${level - 1}.key`), '-CAcreateserial'];
    run(
      ...['x509', '-req', '-in', file(`${own}.csr`), ...issuer, '-days', String(days), '-sha256'],
      ...['-extfile', file(`${own}.ext`), '-out', file(`${own}.pem`)],
    );
  };
  try {
    if (options.under !== undefined) {
      writeFileSync(file('0.pem'), options.under.certificatePem);
      writeFileSync(file('0.key'), options.under.keyPem);
    }
    for (let level = options.under === undefined ? 0 : 1; level <= levels; level++) make(level);
    const between = levels === 2 ? read('1.pem') : '';
    return {
      certificatePem: read(`${levels}.pem`),
      keyPem: read(`${levels}.key`),
      chainPem: `${read(`${levels}.pem`)}${between}`,
      rootsPem: read('0.pem'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
