import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { cycloneDx } from '../../scripts/packaging/cyclone-dx.ts';
import { isAllowed, licensesPage } from '../../scripts/packaging/licenses.ts';
import { productionPackages } from '../../scripts/packaging/production-packages.ts';

const packages = productionPackages();

test('every package that is shipped has a licence that is allowed', async (t) => {
  t.ok(packages.length > 100);
  t.same(
    packages.filter(({ license }) => !isAllowed(license)).map(({ name, license }) => `${name}: ${license}`),
    [],
  );
  t.notOk(isAllowed('GPL-3.0-only'));
  t.notOk(isAllowed('MIT AND GPL-3.0-only'));
  t.ok(isAllowed('(GPL-3.0-only OR MIT)'));
  t.notOk(isAllowed(''));
});

test('docs/licenses.md is what scripts/write-licenses.ts writes', async (t) => {
  t.equal(readFileSync('docs/licenses.md', 'utf8'), licensesPage(packages));
});

test('what package.json asks for is shipped, and what only development needs is not', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const names = new Set(packages.map(({ name }) => name));
  t.same(
    Object.keys(dependencies).filter((name) => !names.has(name)),
    [],
  );
  t.same(
    Object.keys(devDependencies).filter((name) => names.has(name)),
    [],
  );
});

test('the bill of materials names each package once, with its version and digest', async (t) => {
  const { components } = JSON.parse(cycloneDx(packages)) as {
    readonly components: readonly {
      readonly 'bom-ref': string;
      readonly hashes: readonly { readonly alg: string; readonly content: string }[];
    }[];
  };
  const references = components.map((component) => component['bom-ref']);
  t.equal(new Set(references).size, references.length);
  t.ok(references.every((reference) => /^pkg:npm\/(%40[^/]+\/)?[^@]+@\d/.test(reference)));
  t.ok(
    components.every(({ hashes: [hash] }) => hash?.alg === 'SHA-512' && /^[0-9a-f]{128}$/.test(hash.content)),
  );
});
