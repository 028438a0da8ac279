/** RFC 1123 label. */
export const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** RFC 1123 subdomain. */
export const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** RFC 9110 §5.6.2: a field name is a token. */
export const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/;
