// Puts what the image has beside its base into a folder: `node scripts/stage-image.ts [--cpu x64|arm64]` writes
// build/image/amd64 (or arm64), which daemonset/Dockerfile copies. Needs `npm run build` before. npm's packages are installed
// for that processor in build/packages: what this machine develops with is never shipped.
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cycloneDx } from './packaging/cyclone-dx.ts';
import { installPackages } from './packaging/install-packages.ts';
import { CPUS, productionPackages } from './packaging/production-packages.ts';

/** For people and compilers. */
const UNREAD = /(\.map|\.[cm]?ts|^(?!licen[cs]e|notice|copying).*\.md)$/i;

const { values } = parseArgs({ options: { cpu: { type: 'string', default: process.arch } } });
const { cpu } = values;
if (!CPUS.includes(cpu)) throw new Error(`expected --cpu ${CPUS.join(' or ')}, got ${cpu}`);
if (!existsSync('dist/cli/main.js')) throw new Error('there is no dist/: npm run build makes it');

const folder = join('build', 'image', cpu === 'x64' ? 'amd64' : cpu);
rmSync(folder, { recursive: true, force: true });
for (const path of [
  'package.json',
  'LICENSE',
  'bin',
  'dist',
  'daemonset/crds',
  'daemonset/grafana',
  'daemonset/prometheus',
])
  copy('.', path);
const installed = join('build', 'packages', cpu);
installPackages(installed, cpu);
const packages = productionPackages().filter((one) => one.cpu === undefined || one.cpu.includes(cpu));
for (const { path, name } of packages) {
  if (name === `node-linux-${cpu}`) {
    copy(installed, `${path}/bin/node`);
    copy(installed, `${path}/LICENSE`);
  } else copy(installed, path);
}
mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
symlinkSync(`../node-linux-${cpu}/bin/node`, join(folder, 'node_modules', '.bin', 'node'));
writeFileSync(join(folder, 'sbom.cdx.json'), cycloneDx(packages));

/** Without what only people and compilers read, but with every licence. Packages in packages come by themselves. */
function copy(from: string, path: string): void {
  const [top, target] = [join(from, path), join(folder, path)];
  mkdirSync(dirname(target), { recursive: true });
  cpSync(top, target, {
    recursive: true,
    dereference: true,
    filter: (source) =>
      source === top || (basename(source) !== 'node_modules' && !UNREAD.test(basename(source))),
  });
}
