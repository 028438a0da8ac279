import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { needsConformanceData } from '../support/conformance.ts';
import { installMesh, listOf } from './support/installed-mesh.ts';
import { kubectlOf } from './support/kubectl.ts';

const kubectl = kubectlOf();
/** Kinds that this platform has and no other: an API server without them cannot judge their objects. */
const FOREIGN_KINDS: ReadonlySet<string> = new Set(['SecurityContextConstraints']);
const WARNING = /^Warning:.*$/gm;

t.test('what we ship is taken by an API server without a warning', needsConformanceData(), async (t) => {
  const outputs = await installMesh(kubectl);
  t.same(
    outputs.flatMap((output) => output.match(WARNING) ?? []),
    [],
  );
  for (const platform of ['kind', 'k3s', 'gke', 'openshift']) {
    const rendered = await kubectl.must(['kustomize', `daemonset/kustomize/overlays/${platform}`]);
    const objects = parseAllDocuments(rendered).map(
      (document) => document.toJS() as { readonly kind: string },
    );
    const known = objects.filter(({ kind }) => !FOREIGN_KINDS.has(kind));
    const { status, output } = await kubectl(
      ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'],
      listOf(known),
    );
    t.equal(status, 0, `${platform}: ${output}`);
    t.same(output.match(WARNING) ?? [], [], platform);
    t.equal(output.match(/serverside-applied \(server dry run\)$/gm)?.length, known.length, platform);
  }
});
