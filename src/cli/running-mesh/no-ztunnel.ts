import { CliError } from '../errors.ts';
import type { RunningMesh } from './running-mesh.ts';

/** Whoever asks ztunnels, and finds none, is to know what would start them. */
export function noZtunnel({ place }: Pick<RunningMesh, 'place'>): CliError {
  return new CliError({
    code: 'ERR_CLI_API_UNREACHABLE',
    blame: 'upstream',
    message: 'no node has a ztunnel',
    hint:
      place === 'lab'
        ? 'start the lab without --no-mesh; nodemesh check says what is missing'
        : 'is it the right cluster (kubectl config current-context; --context NAME chooses)? nodemesh install puts a mesh into it; nodemesh check says what is missing',
  });
}
