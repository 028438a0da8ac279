import { readFileSync } from 'node:fs';
import type { ProductionPackage } from './production-packages.ts';

/** A bill of materials in CycloneDX 1.6, as JSON: the same text for the same packages. */
export function cycloneDx(packages: readonly ProductionPackage[]): string {
  const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': `pkg:npm/${name}@${version}`,
        name,
        version,
        licenses: [{ license: { id: license } }],
      },
    },
    components: components(packages),
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}

/** A package that is installed in two places is one component. */
function components(packages: readonly ProductionPackage[]): readonly unknown[] {
  const byReference = new Map(packages.map((one) => [referenceOf(one), one]));
  return [...byReference].map(([reference, { name, version, license, integrity }]) => {
    const [, algorithm = '', digest = ''] = /^(sha\d+)-(.+)$/.exec(integrity) ?? [];
    return {
      type: 'library',
      'bom-ref': reference,
      purl: reference,
      name,
      version,
      licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
      hashes: [
        {
          alg: algorithm.replace(/^sha/, 'SHA-'),
          content: Buffer.from(digest, 'base64').toString('hex'),
        },
      ],
    };
  });
}

function referenceOf({ name, version }: ProductionPackage): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}
