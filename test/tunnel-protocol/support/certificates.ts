import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface TestAuthority {
  readonly ca: string;
  issue(spiffeId: string): TestCertificate;
  /** Removes the key files. */
  remove(): void;
}

/** A throw-away CA made by openssl, so that nothing here depends on the code under test. */
export function createTestAuthority(): TestAuthority {
  const directory = mkdtempSync(join(tmpdir(), 'nodemesh-tunnel-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/O=test');
  const ca = readFileSync(file('ca.pem'), 'utf8');
  let serial = 0;
  return {
    ca,
    issue(spiffeId) {
      const name = `leaf${++serial}`;
      openssl('req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/');
      writeFileSync(file(`${name}.ext`), `subjectAltName=critical,URI:${spiffeId}\n`);
      openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '1'],
        ...['-set_serial', String(serial), '-extfile', `${name}.ext`, '-out', `${name}.pem`],
      );
      return {
        key: readFileSync(file(`${name}.key`), 'utf8'),
        cert: readFileSync(file(`${name}.pem`), 'utf8'),
        ca,
      };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
