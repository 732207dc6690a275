// ESM mode: jest runs with --experimental-vm-modules on the Node that the workspace brings (npm run jest, npm test).
import { readFileSync } from 'node:fs';

const {
  module: _module,
  sourceMaps: _sourceMaps,
  ...swc
} = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
swc.jsc.rewriteRelativeImportExtensions = false; // tests load the .ts files themselves

export default {
  testEnvironment: 'node',
  // Our own packages are taken from their sources; without this name the specs would quietly test what was built last.
  testEnvironmentOptions: { customExportConditions: ['@tolem/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false, module: { type: 'es6' }, sourceMaps: 'inline' }] },
  testMatch: ['<rootDir>/{services,libs,tools,sdk}/*/{src,test}/**/*.spec.ts'],
  // What is too slow for every change runs in npm run test:long.
  testPathIgnorePatterns: process.env.TOLEM_LONG === '1' ? [] : ['\\.long\\.(e2e|service)\\.spec\\.ts$'],
  modulePathIgnorePatterns: [
    '<rootDir>/[a-z]+/[a-z-]+/dist/',
    '<rootDir>/.tolem/',
    '<rootDir>/.nx/',
    '<rootDir>/tools/checks/fixtures/',
  ],
  // One throw-away PostgreSQL for all specs; one Kafka and one Redis as soon as a spec asks for them (sharedStore).
  globalSetup: '<rootDir>/tools/local-stack/src/jest-global-setup.ts',
  globalTeardown: '<rootDir>/tools/local-stack/src/jest-global-teardown.ts',
  testTimeout: 60_000,
  watchman: false,
  maxWorkers: 2,
  workerIdleMemoryLimit: '500MB', // ESM mode keeps ~20 MB per spec that loads Nest
};
