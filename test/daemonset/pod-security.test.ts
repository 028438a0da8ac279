import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { Manifest } from '../../src/cli/install/objects/manifest.ts';
import {
  defaultSettings,
  type InstallSettings,
  PLATFORMS,
  type Platform,
  renderObjects,
} from '../../src/cli/install/objects/settings.ts';
import { cleanUpObject, pluginRemoverOf } from '../../src/cli/install/uninstall/clean-up-objects.ts';
import { VERSION } from '../../src/cli/version.ts';
import { breachesOf, type PodSpec } from './support/pod-security.ts';
import { identityOf, podOf } from './support/rendered.ts';
import { waypointManifests } from './support/waypoint-manifests.ts';

/** Rows of a table in docs/security-of-pods.md: `| pod | control | what | why |`. */
const exceptions = [
  ...readFileSync('docs/security-of-pods.md', 'utf8').matchAll(
    /^\| ((?:ztunnel|clean-up)[^|]*?) \| ([^|]*?) \| `([^|`]*?)` \| ([^|]*?) \|$/gm,
  ),
].map(([, pod = '', control = '', what = '', why = '']) => ({ pod, control, what, why }));

const platforms = Object.keys(PLATFORMS) as Platform[];

test('controller and waypoints follow the restricted Pod Security Standard, on every platform', async (t) => {
  for (const platform of platforms)
    for (const object of renderObjects({ ...defaultSettings(VERSION), platform })) {
      const pod = podOf(object);
      if (pod !== undefined && object.metadata.name !== 'ztunnel')
        t.same(breachesOf(pod), [], `${identityOf(object)} on ${platform}`);
    }
  const waypoints = waypointManifests().flatMap((object) => podOf(object) ?? []);
  t.equal(waypoints.length, 1);
  for (const pod of waypoints) t.same(breachesOf(pod), [], 'waypoint');
});

test('the ztunnel and the clean-up of nodes break the rules that docs/security-of-pods.md argues for, and no other', async (t) => {
  for (const platform of platforms) {
    const settings = { ...defaultSettings(VERSION), platform };
    const pods = {
      ztunnel: renderObjects(settings).filter(({ metadata }) => metadata.name === 'ztunnel'),
      'clean-up': [cleanUpObject(settings)],
      'clean-up-cni': removers(settings),
    };
    t.equal(pods['clean-up-cni'].length, PLATFORMS[platform].cni ? 1 : 0, platform);
    for (const [name, objects] of Object.entries(pods)) {
      if (objects.length === 0) continue;
      const breaches = objects
        .flatMap((object) => {
          const pod = podOf(object);
          return pod === undefined ? [] : breachesOf(pod);
        })
        // A folder has another name on another platform, for the same reason.
        .map(({ control, what }) => `${control}: ${what.replace(/^(volume cni-\w+): \/.*/, '$1')}`);
      const argued = exceptions
        .filter(({ pod }) => pod === name || pod === `${name} (${platform})`)
        .filter(
          ({ what }) => PLATFORMS[platform].cni || !/^(volume cni-|container (clean-up-)?cni:)/.test(what),
        )
        .map(({ control, what }) => `${control}: ${what}`);
      t.same([...breaches].sort(), [...argued].sort(), `${name} on ${platform}`);
    }
  }
  for (const { why, what } of exceptions) t.ok(why.length > 30, `${what}: a reason`);
});

test('no pod on a node has a token for the API server', async (t) => {
  const settings = defaultSettings(VERSION);
  const account = renderObjects(settings).find(
    ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'ztunnel',
  );
  t.equal(account?.automountServiceAccountToken, false);
  const cleanUps = [cleanUpObject(settings), ...removers(settings)];
  for (const object of [...renderObjects(settings), ...cleanUps]) {
    if (object.kind !== 'DaemonSet') continue;
    const pod = podOf(object) as unknown as TokenPod;
    t.equal(pod.serviceAccountName, 'ztunnel', identityOf(object));
    t.not(pod.automountServiceAccountToken, true, identityOf(object));
    const audiences = (pod.volumes ?? []).flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) =>
        token === undefined ? [] : [token.audience],
      ),
    );
    t.same(
      audiences,
      object.metadata.name === 'ztunnel' ? ['istio-ca'] : [],
      `${identityOf(object)}: tokens for the controller alone`,
    );
  }
});

/** What takes the CNI plugin out while ztunnels end, where there is one. */
function removers(settings: InstallSettings): readonly Manifest[] {
  const remover = pluginRemoverOf(cleanUpObject(settings));
  return remover === undefined ? [] : [remover];
}

interface TokenPod {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly volumes?: readonly {
    readonly projected?: {
      readonly sources?: readonly { readonly serviceAccountToken?: { readonly audience?: string } }[];
    };
  }[];
}

test('each control of the standard finds its breach', async (t) => {
  const sound: PodSpec = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      { name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    ],
  };
  t.same(breachesOf(sound), []);
  const [container] = sound.containers;
  const own = container?.securityContext;
  const inContainer = (fields: object, others: object = {}): PodSpec => ({
    ...sound,
    containers: [{ name: 'c', securityContext: { ...own, ...fields }, ...others }],
  });
  const inPod = (fields: object): PodSpec => ({
    ...sound,
    securityContext: { ...sound.securityContext, ...fields },
  });
  const broken: readonly (readonly [PodSpec, ...string[]])[] = [
    [inPod({ windowsOptions: { hostProcess: true } }), 'HostProcess'],
    [{ ...sound, hostPID: true, hostNetwork: true }, 'Host Namespaces', 'Host Namespaces'],
    [inContainer({ privileged: true }), 'Privileged Containers'],
    [
      inContainer({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
      'Capabilities (baseline)',
      'Capabilities',
    ],
    [inContainer({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }), 'Capabilities'],
    [inContainer({ capabilities: { drop: ['CHOWN'] } }), 'Capabilities'],
    [{ ...sound, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'HostPath Volumes', 'Volume Types'],
    [{ ...sound, volumes: [{ name: 'v', nfs: {} }] }, 'Volume Types'],
    [inContainer({}, { ports: [{ hostPort: 80 }] }), 'Host Ports'],
    [inContainer({}, { livenessProbe: { httpGet: { host: '127.0.0.1' } } }), 'Host Probes / Lifecycle Hooks'],
    [inPod({ appArmorProfile: { type: 'Unconfined' } }), 'AppArmor'],
    [inContainer({ seLinuxOptions: { type: 'spc_t' } }), 'SELinux'],
    [inContainer({ seLinuxOptions: { user: 'system_u' } }), 'SELinux'],
    [inContainer({ procMount: 'Unmasked' }), '/proc Mount Type'],
    [inContainer({ seccompProfile: { type: 'Unconfined' } }), 'Seccomp (baseline)', 'Seccomp'],
    [inPod({ sysctls: [{ name: 'kernel.msgmax' }] }), 'Sysctls'],
    [inContainer({ allowPrivilegeEscalation: undefined }), 'Privilege Escalation'],
    [inContainer({ runAsNonRoot: false }), 'Running as Non-root'],
    [inPod({ runAsUser: 0 }), 'Running as Non-root user'],
    [inPod({ seccompProfile: undefined }), 'Seccomp'],
  ];
  for (const [pod, ...controls] of broken)
    t.same(
      breachesOf(pod).map(({ control }) => control),
      controls,
    );
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' };
  t.match(breachesOf(sound, annotations), [{ control: 'AppArmor' }]);
});
