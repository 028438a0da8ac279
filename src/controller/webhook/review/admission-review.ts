import { MAX_NESTING, isTooDeep } from '../../../base/index.ts';
import { createField } from '../../objects/index.ts';

/** What the API server asks: may this object become so? */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  /** `group/Kind`; Kubernetes' core group is empty. */
  readonly kind: string;
  /** Empty for the object itself; `status` and the like for a part of it. */
  readonly subresource: string;
  readonly namespace: string;
  /** Nothing will be written whatever the answer. */
  readonly dryRun: boolean;
  /** As it is to be; undefined at a deletion. */
  readonly object: unknown;
  /** As it was; undefined at a creation. */
  readonly before: unknown;
}

/** The answer. */
export interface AdmissionVerdict {
  readonly allowed: boolean;
  /** Why it is not allowed; several lines. */
  readonly message?: string;
  /** The fields to blame. */
  readonly causes?: readonly { readonly field: string; readonly message: string }[];
  /** What is shown to whoever writes the object, in either case. */
  readonly warnings?: readonly string[];
}

/** Reads a body. A text says in one sentence why it is no review. */
export function readAdmissionReview(body: string): AdmissionRequest | string {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    return `expected an AdmissionReview as JSON, got ${body.length} characters that are no JSON`;
  }
  const root = createField(content, []);
  const [version, kind] = [root.key('apiVersion').text() ?? '', root.key('kind').text() ?? ''];
  if (version !== API_VERSION || kind !== KIND)
    return `expected ${API_VERSION} ${KIND}, got ${quoted(version)} ${quoted(kind)}; set admissionReviewVersions to ["v1"]`;
  const request = root.key('request');
  const uid = request.key('uid').text() ?? '';
  if (uid === '' || uid.length > LONGEST_UID) return 'expected request.uid, got none that is one';
  if (isTooDeep(content)) return `expected at most ${MAX_NESTING} levels of nesting, got more`;
  const asked = request.key('kind');
  return {
    uid,
    operation: request.key('operation').text() ?? '',
    kind: `${asked.key('group').text() ?? ''}/${asked.key('kind').text() ?? ''}`,
    subresource: request.key('subResource').text() ?? '',
    namespace: request.key('namespace').text() ?? '',
    dryRun: request.key('dryRun').value === true,
    object: request.key('object').value ?? undefined,
    before: request.key('oldObject').value ?? undefined,
  };
}

/** The answer as the API server reads it. */
export function writeAdmissionReview(uid: string, verdict: AdmissionVerdict): string {
  const { allowed, message = '', causes = [], warnings = [] } = verdict;
  const status = {
    status: 'Failure',
    // Of what is Invalid kubectl shows the causes alone, without what to do.
    code: FORBIDDEN,
    reason: 'Forbidden',
    message,
    details: { causes: causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })) },
  };
  return JSON.stringify({
    apiVersion: API_VERSION,
    kind: KIND,
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_UID));
}

const API_VERSION = 'admission.k8s.io/v1';
const KIND = 'AdmissionReview';
const FORBIDDEN = 403;
const LONGEST_UID = 128;
