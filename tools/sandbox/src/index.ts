export { startSandbox } from './start-sandbox.ts';
export type { Sandbox, SandboxOptions } from './start-sandbox.ts';
export type { TlsFiles } from './tls/tls-files.ts';
export type { CertificateOrder, Issued, IssuedCertificate } from './tls/certificate-desk.ts';
export { builtInApiKey } from './bank/api-keys.ts';
export type { LedgerRow } from './bank/ledger-row.ts';
