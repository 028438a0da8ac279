export { type AdmissionRequest, readAdmissionReview, writeAdmissionReview } from './admission-review.ts';
export { judgeAdmission } from './judge.ts';
export { createReviewer, type Reviewer } from './reviewer.ts';
