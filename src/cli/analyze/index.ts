import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { withObjectPlaceOptions } from '../object-store/index.ts';
import { collect } from '../option-values.ts';
import { FAIL_LEVELS, REPORT_FORMATS, type AnalyzeOptions } from './options.ts';

/** `nodemesh analyze [FILE…]`: misconfigurations before they bite. */
export function addAnalyzeCommand(program: Command, context: CliContext): void {
  withObjectPlaceOptions(program.command('analyze'))
    .description(
      'find what is wrong with objects, or will be: those of files, of a running lab or of a cluster',
    )
    .argument(
      '[files...]',
      'files or folders of YAML or JSON, or - for standard input; none: those of the running lab, else of the cluster of KUBECONFIG',
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(REPORT_FORMATS).default('text'))
    .addOption(
      new Option('--fail-on <level>', 'exit with 2 if there is a finding as grave as this')
        .choices(FAIL_LEVELS)
        .default('error'),
    )
    .addOption(
      new Option('--level <level>', 'only findings as grave as this')
        .choices(['error', 'warning', 'info'])
        .default('info'),
    )
    .option(
      '--suppress <CODE=Kind ns/name>',
      'leave findings out; * stands for any text, and the option may be repeated',
      collect,
      [],
    )
    .option('--trust-domain <domain>', "the mesh's trust domain", 'cluster.local')
    .option('--cluster-domain <domain>', 'suffix of the names of services', 'cluster.local')
    .option('--root-namespace <namespace>', 'where policies hold for the whole mesh', 'istio-system')
    .option(
      '--side-by-side',
      'as beside Istio: labels of nodemesh.io alone ask for this mesh; of each workload is said whose it is (default: as the mesh that is there was installed)',
    )
    .option('--shared-roots', 'with it: both meshes have the same roots')
    .action(async (files: readonly string[], options: AnalyzeOptions) => {
      // Loaded only when it is wanted: it is the controller's.
      const { runAnalysis } = await import('./run-analysis.ts');
      await runAnalysis(files, options, context);
    })
    .addHelpText(
      'after',
      `
Exit status: 0 nothing as grave as --fail-on was found, 2 something was, 1 the objects could not be looked at.
An object's annotation galley.istio.io/analyze-suppress: CODE,CODE (or "*") leaves its findings out.
docs/analyze.md explains every code.

Examples:
  $ nodemesh analyze manifests/                        before they are applied
  $ nodemesh analyze                                   what is in the running lab, else in the cluster of KUBECONFIG
  $ nodemesh analyze --context production              what is in a cluster
  $ nodemesh analyze --side-by-side manifests/         who would take what, Istio or this mesh
  $ kustomize build . | nodemesh analyze - --fail-on warning
  $ nodemesh analyze manifests/ -o sarif > analyze.sarif             for code scanning in CI
  $ nodemesh analyze --suppress 'NM0054=Service shop/*' --suppress 'IST0118=*'
`,
    );
}
