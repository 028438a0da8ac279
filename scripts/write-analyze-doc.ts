// Writes docs/analyze.md from the messages in the code: `node scripts/write-analyze-doc.ts`. A test fails when the two differ.
import { writeFileSync } from 'node:fs';
import { MESSAGES, NOT_APPLICABLE, OWN } from '../src/controller/analysis/index.ts';

/** A sentence that is nothing but what the controller says cannot be shown. */
function sentence(template: string): string {
  return template === '%s' ? '' : `> ${template.replaceAll(/%[sqvd]/g, '…')}\n\n`;
}

const ours = Object.values(OWN)
  .sort((a, b) => (a.code < b.code ? -1 : 1))
  .map(
    ({ code, name, level, template, cause, hint }) =>
      `### ${code} ${name} (${level})\n\n${sentence(template)}${cause} **To do:** ${hint}.\n`,
  );
const supported = MESSAGES.filter(({ code }) => code.startsWith('IST')).map(
  ({ code, name, level, hint }) => `| ${code} | ${name} | ${level} | ${hint} |`,
);
const others = Object.entries(NOT_APPLICABLE).map(([code, reason]) => `| ${code} | ${reason} |`);

writeFileSync(
  'docs/analyze.md',
  `# nodemesh analyze

Finds what is wrong with objects, or will be, before it bites: in files (\`nodemesh analyze manifests/\`, or \`-\` for standard
input), and without files in the running lab. Nothing is applied or changed.

\`\`\`
$ nodemesh analyze policy.yaml
error NM0010 AuthorizationPolicy shop/read-only policy.yaml:7
      ztunnel does not support HTTP attributes (found: methods); the rules with them allow nothing here; put the HTTP rules into a policy with targetRefs, for a waypoint to enforce
      hint: attach the policy to a Service or waypoint by targetRefs, and label the Service with istio.io/use-waypoint
1 object looked at: 1 error
\`\`\`

The controller's own code reads the objects and derives from them what the proxies would be told, so that both are of one
opinion (\`src/controller/analysis\`). A file that is not YAML is one finding with its line, and the rest is looked at.

| option | meaning |
| --- | --- |
| \`-o text\\|json\\|sarif\` | for people; everything as JSON; SARIF 2.1.0 for code scanning |
| \`--fail-on error\\|warning\\|info\\|never\` | how grave a finding makes the exit status 2. Default: error |
| \`--level error\\|warning\\|info\` | print nothing milder. Default: info |
| \`--suppress 'CODE=Kind namespace/name'\` | leave findings out; \`*\` stands for any text (\`IST*=*\`, \`NM0054=Service shop/*\`); may be repeated |
| \`--lab LAB\` | which lab, when several are running |
| \`--trust-domain\`, \`--cluster-domain\`, \`--root-namespace\` | the mesh's, where they are not cluster.local, cluster.local, istio-system |

An object's own annotation \`galley.istio.io/analyze-suppress: CODE,CODE\` (or \`"*"\`) leaves its findings out.

**Exit status**: 0 nothing as grave as \`--fail-on\` was found, 2 something was, 1 the objects could not be looked at.

**Files are not everything.** In a lab what is not there is missing. In files it may be somewhere else, so that nothing is said
of service accounts of namespaces that are not in the files; Istio's default ingress gateway is taken for granted; and a
Deployment stands for its pods. What is referred to by name (a Service, a waypoint, a Secret) is expected to be in the files.

## Our own messages

${ours.join('\n')}
## Messages of Istio's analyzer

With Istio's names, codes, levels and sentences (istio/istio, Apache-2.0), because people move over gradually, with the manifests
that they have. They are about what the objects mean in Istio; NM0050 says which of them have no meaning here.

| code | name | level | what to do |
| --- | --- | --- | --- |
${supported.join('\n')}

Those that never apply:

| code | why |
| --- | --- |
${others.join('\n')}
`,
);
