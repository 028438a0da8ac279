// Puts what the image has beside its base into a folder: `node scripts/stage-image.ts [--cpu x64|arm64]` writes
// build/image/amd64 (or arm64), which daemonset/Dockerfile copies. Needs `npm run build` before.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cycloneDx } from './packaging/cyclone-dx.ts';
import { CPUS, productionPackages } from './packaging/production-packages.ts';

/** For people and compilers. */
const UNREAD = /(\.map|\.[cm]?ts|^(?!licen[cs]e|notice|copying).*\.md)$/i;

const { values } = parseArgs({ options: { cpu: { type: 'string', default: process.arch } } });
const { cpu } = values;
if (!CPUS.includes(cpu)) throw new Error(`expected --cpu ${CPUS.join(' or ')}, got ${cpu}`);
if (!existsSync('dist/cli/main.js')) throw new Error('there is no dist/: npm run build makes it');

const folder = join('build', 'image', cpu === 'x64' ? 'amd64' : cpu);
rmSync(folder, { recursive: true, force: true });
for (const path of ['package.json', 'LICENSE', 'bin', 'dist', 'daemonset/crds']) copy(path);
const packages = productionPackages().filter((one) => one.cpu === undefined || one.cpu.includes(cpu));
for (const { path, name } of packages) {
  if (!existsSync(path))
    throw new Error(
      `${path} is not installed: npm ci --ignore-scripts --os linux --cpu ${cpu} in a clone of its own`,
    );
  if (name === `node-linux-${cpu}`) {
    copy(`${path}/bin/node`);
    copy(`${path}/LICENSE`);
  } else copy(path);
}
mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
writeFileSync(join(folder, 'sbom.cdx.json'), cycloneDx(packages));

/** Without what only people and compilers read, but with every licence. Packages in packages come by themselves. */
function copy(path: string): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(path, target, {
    recursive: true,
    dereference: true,
    filter: (source) =>
      source === path || (basename(source) !== 'node_modules' && !UNREAD.test(basename(source))),
  });
}
