import { MeshError } from '../../../base/index.ts';
import { CliError } from '../../errors.ts';

/** What an API server forbids, with the right that is missing; anything else as it is. */
export function explainRefusal(
  error: unknown,
  { right, namespace }: { readonly right: string; readonly namespace: string },
): unknown {
  if (!(error instanceof MeshError) || error.code !== 'ERR_KUBERNETES_FORBIDDEN') return error;
  return new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'upstream',
    message: error.message,
    hint: `in namespace ${namespace} this takes ${right}: a Role and a RoleBinding of whoever administers the cluster (docs/commands.md)`,
    cause: error,
  });
}
