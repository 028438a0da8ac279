import type { PodState } from '../enrolment/pod-state.ts';

/** Where a pod stands, in the words of the API. */
export function enrolmentText(state: PodState): string {
  switch (state.kind) {
    case 'preparing':
    case 'announcing':
    case 'capturing':
      return 'preparing';
    case 'captured':
      return 'captured';
    case 'leaving':
    case 'draining':
    case 'stopped':
      return 'leaving';
    case 'released':
    case 'gone':
      return 'not enrolled';
    case 'waiting':
      return `failed: ${state.error.message}`;
  }
}
