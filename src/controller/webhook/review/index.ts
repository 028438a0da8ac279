export {
  type AdmissionRequest,
  type AdmissionVerdict,
  readAdmissionReview,
  writeAdmissionReview,
} from './admission-review.ts';
export { type JudgedMesh, judge } from './judge.ts';
export { createReviewer, type Reviewer } from './reviewer.ts';
