export { startSandbox } from './start-sandbox.ts';
export type { Sandbox, SandboxOptions } from './start-sandbox.ts';
export type { TlsFiles } from './tls/tls-files.ts';
export type { LedgerRow } from './bank/ledger-row.ts';
