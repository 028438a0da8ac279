import { parseDocument, stringify } from 'yaml';
import { installationParts, type Part } from '../../src/cli/install/objects/installation.ts';
import { NAMESPACE } from '../../src/cli/install/objects/manifest.ts';
import { PLATFORMS } from '../../src/cli/install/objects/settings.ts';
import { conditionExpression, helmShape, templateText } from './helm-shape.ts';
import { helmValues } from './helm-values.ts';

/** The files of the chart, written from the same functions as everything else that installs. */
export function helmFiles(version: string, crds: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ['Chart.yaml', chartText(version)],
    ['values.yaml', valuesText(version)],
    ['values.schema.json', `${JSON.stringify(valuesSchema(version), null, 2)}\n`],
    ['templates/_helpers.tpl', HELPERS],
    ['templates/NOTES.txt', NOTES],
  ]);
  // The namespace is where the release is recorded: it is there before the chart.
  for (const part of installationParts(helmShape()))
    if (part.name !== 'namespace') files.set(`templates/${part.name}.yaml`, partText(part));
  for (const [name, text] of crds) files.set(`templates/crds/${name}`, crdText(text));
  return files;
}

function partText({ objects, condition, needsGroup, isVerbatim = false }: Part): string {
  const yaml = objects.map((object) => stringify(object, STYLE)).join('---\n');
  const text = isVerbatim ? yaml.replaceAll('{{', '{{ `{{` }}') : templateText(yaml);
  const when = [
    ...(condition === undefined ? [] : [conditionExpression(condition)]),
    ...(needsGroup === undefined ? [] : [`.Capabilities.APIVersions.Has \`${needsGroup}/v1\``]),
  ];
  return when.reduce((inner, expression) => `{{- if ${expression} }}\n${inner}{{- end }}\n`, text);
}

function crdText(text: string): string {
  if (text.includes('{{')) throw new Error('a kind of ours has braces that Helm would take for its own');
  const document = parseDocument(text);
  document.setIn(['metadata', 'annotations', KEEP], 'keep');
  return `{{- if .Values.crds }}\n${document.toString(STYLE)}{{- end }}\n`;
}

function chartText(version: string): string {
  return stringify({
    apiVersion: 'v2',
    name: 'nodemesh',
    description: "A service mesh without sidecars: one proxy per node, nothing in anyone's pod",
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: `>=${OLDEST_KUBERNETES}-0`,
  });
}

function valuesText(version: string): string {
  const entries = helmValues(version).map(
    ({ name, value, says }) => `# ${says}\n${stringify({ [name]: value }, STYLE)}`,
  );
  return entries.join('\n');
}

function valuesSchema(version: string): unknown {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(
        helmValues(version).map(({ name, says, schema }) => [name, { description: says, ...schema }]),
      ),
      // Helm's own, which every chart has.
      global: { type: 'object' },
    },
  };
}

/** The annotation by which Helm leaves an object where it is. */
export const KEEP = 'helm.sh/resource-policy';
/** The pod field `appArmorProfile` is known from here on. */
const OLDEST_KUBERNETES = '1.30.0';
const STYLE = { lineWidth: 0, aliasDuplicateObjects: false };
const HELPERS = `{{- define "nodemesh.traits" -}}
{{- if ne .Release.Namespace "${NAMESPACE}" }}
{{- fail (printf "expected the release in namespace ${NAMESPACE}, got %s: add --namespace ${NAMESPACE}" .Release.Namespace) }}
{{- end }}
{{- $platforms := \`${JSON.stringify(PLATFORMS)}\` | fromJson -}}
{{ get $platforms .Values.platform | toJson }}
{{- end -}}
`;
const NOTES = `nodemesh {{ .Chart.AppVersion }} is in namespace {{ .Release.Namespace }}.

The ztunnels work in the network of pods: the namespace must admit privileged pods.

  kubectl label namespace {{ .Release.Namespace }} pod-security.kubernetes.io/enforce=privileged --overwrite

A namespace joins by its label; its pods keep running:

  kubectl label namespace NAMESPACE {{ if .Values.sideBySide }}nodemesh.io{{ else }}istio.io{{ end }}/dataplane-mode=ambient
{{- if not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1") }}

The kinds of the Gateway API are not in this cluster. Waypoints need them: install them, then run helm upgrade once more.
{{- end }}
{{- if eq .Values.platform "openshift" }}

On OpenShift new pods are captured when they run, not before their first packet.
{{- end }}

To take it out: nodemesh uninstall. It cleans the nodes first, which helm uninstall cannot.
`;
