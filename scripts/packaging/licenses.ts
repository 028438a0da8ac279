import type { ProductionPackage } from './production-packages.ts';

/** Licences under which we ship what others wrote: each lets us do so without a word about our own. */
export const ALLOWED_LICENSES: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  // Python's, of a port of one of its modules.
  'PSF-2.0',
  'Unlicense',
];

/** Whether an SPDX expression is satisfied by licences that are allowed. */
export function isAllowed(expression: string): boolean {
  const [inner = ''] = /^\((.*)\)$/.exec(expression)?.slice(1) ?? [expression];
  if (inner.includes(' OR ')) return inner.split(' OR ').some(isAllowed);
  return inner.split(' AND ').every((license) => ALLOWED_LICENSES.includes(license));
}

/** docs/licenses.md: every package that is shipped, by licence. */
export function licensesPage(packages: readonly ProductionPackage[]): string {
  const byLicense = Map.groupBy(packages, ({ license }) => license);
  const sections = [...byLicense]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([license, own]) => {
      const names = [...new Set(own.map(({ name, version }) => `${name} ${version}`))].sort();
      return `## ${license}\n\n${names.map((name) => `- ${name}\n`).join('')}`;
    });
  return `# Licences\n\nnodemesh is under Apache-2.0. The image has these packages of npm with it, each with the text of its licence;
\`sbom.cdx.json\` beside them has the same list with digests. Debian's packages say theirs below \`/usr/share/doc\`. Written by
\`node scripts/write-licenses.ts\`; a test fails when it is not current, or when a licence comes in that
\`scripts/packaging/licenses.ts\` does not allow.\n\n${sections.join('\n')}`;
}
