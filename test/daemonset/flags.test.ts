import { test } from 'tap';
import {
  defaultSettings,
  PLATFORMS,
  type Platform,
  renderObjects,
} from '../../src/cli/install/objects/settings.ts';
import { VERSION } from '../../src/cli/version.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';
import { identityOf, podOf } from './support/rendered.ts';
import { waypointManifests } from './support/waypoint-manifests.ts';

/** Every container's command line, on every platform and with every setting that adds a flag. */
const commandLines = (Object.keys(PLATFORMS) as Platform[])
  .flatMap((platform) => [
    ...renderObjects({
      ...defaultSettings(VERSION),
      platform,
      network: 'net-1',
      webhookFailurePolicy: 'Fail',
    }),
    ...waypointManifests(),
  ])
  .flatMap((object) =>
    (podOf(object)?.containers ?? []).map((container) => ({
      where: identityOf(object),
      args: (container as unknown as { readonly args: readonly string[] }).args,
    })),
  );

test('every flag in the manifests is one that the program knows', async (t) => {
  const known = new Map<string, ReadonlySet<string>>();
  for (const { where, args } of commandLines) {
    const command = args.slice(
      0,
      args.findIndex((arg) => arg.startsWith('--')),
    );
    const name = command.join(' ');
    if (!known.has(name)) {
      const { stdout } = await nodemesh([...command, '--help']);
      known.set(name, new Set([...stdout.matchAll(/^ +(--[a-z-]+)/gm)].map(([, flag = '']) => flag)));
    }
    const flags = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split('=', 1)[0] ?? '');
    t.same(
      flags.filter((flag) => known.get(name)?.has(flag) !== true),
      [],
      `${where}: ${name}`,
    );
  }
  t.same([...known.keys()].sort(), ['cni install', 'controller', 'waypoint serve', 'ztunnel']);
});
