export { Egress } from './egress.ts';
export type { EgressOptions } from './egress.ts';
export type { EgressExit } from './egress-exits.ts';
export { proxyAddress } from './proxy-address.ts';
export type { ProxyAddressResult } from './proxy-address.ts';
export type { BreakerState } from './breaker.ts';
export type { BreakerChange, EgressPlace, EgressStats, PoolStats, ProxyChange } from './egress-stats.ts';
export type { ClientCredential, EgressRequest, EgressTarget } from './egress-request.ts';
export type { EgressOutcome, LostReason, NotSentReason } from './egress-outcome.ts';
export { MAX_JSON_DEPTH, parseJsonExact } from './parse-json-exact.ts';
export type { JsonResult } from './parse-json-exact.ts';
export { caseInsensitive } from './case-insensitive.ts';
export { readPfx, MAX_PFX_BYTES } from './credentials/read-pfx.ts';
export type { PfxResult } from './credentials/read-pfx.ts';
export { readPrivateKey } from './credentials/read-private-key.ts';
export type { PrivateKeyResult } from './credentials/read-private-key.ts';
export type { CredentialRefusal, CredentialRefusalReason } from './credentials/credential-refusal.ts';
export { certificateSummary } from './credentials/certificate-summary.ts';
export type { CertificateSummary } from './credentials/certificate-summary.ts';
export { certificateRequest, publicKeyOfRequest } from './credentials/certificate-request.ts';
export type { CertificateRequestWish, KeyUsage, NamePart } from './credentials/certificate-request.ts';
export { enclosedAuthorities } from './credentials/enclosed-authorities.ts';
export { checkClientCertificate } from './credentials/check-client-certificate.ts';
export type {
  CertificateFlaw,
  CheckedCertificate,
  ClientCertificate,
  FlawedCertificate,
} from './credentials/check-client-certificate.ts';
