import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { houseRules } from './tools/checks/src/house-rules.ts';

// Every rule here has a fixture in tools/checks/fixtures/lint that must fail; a spec fails when either side is missing.

const INFRA = ['type:domain', 'type:contracts', 'type:infra'];
const KIT = [...INFRA, 'type:kit'];

/** Who may import whom. A room's product code may reach only these tags; what is not listed is forbidden. */
export const mayImport = {
  'type:domain': [],
  'type:contracts': ['type:domain'],
  'type:infra': INFRA,
  'type:kit': INFRA,
  'type:service': KIT,
  'type:composition': ['type:service', ...KIT],
  'type:sandbox': ['type:domain'],
  'type:testing': INFRA,
  'type:tool': [...INFRA, 'type:sandbox', 'type:tool'],
};
const FOR_SPECS_ONLY = ['type:testing', 'type:sandbox'];

/** @param {string[]} more tags that every room may import besides its own */
const boundaries = (more) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    allow: [],
    // Loading a file only when it is needed says nothing about who may import it.
    checkDynamicDependenciesExceptions: ['.*'],
    // The specs of the libs that libs/testing is made of use libs/testing: a circle of specs, not of product code.
    ignoredCircularDependencies: INFRA.map((tag) => ['tag:type:testing', `tag:${tag}`]),
    depConstraints: Object.entries(mayImport).map(([sourceTag, tags]) => ({
      sourceTag,
      onlyDependOnLibsWithTags: [...tags, ...more.filter((tag) => !tags.includes(tag))],
    })),
  },
];

const kafkajs = {
  name: 'kafkajs',
  message: 'Only libs/messaging knows which Kafka client the house uses.',
};
const providerClient = {
  paths: [
    kafkajs,
    {
      name: '@tolem/domain',
      allowImportNames: ['Clock', 'MAX_JSON_AMOUNT_MINOR', 'decimalToMinor', 'minorToDecimal', 'minorToJsonNumber'],
      message: 'A provider client speaks the types of the provider: pure conversions only.',
    },
  ],
  patterns: [
    {
      regex: '^@tolem/(?!(egress|domain)$)',
      message: 'A provider client knows only HTTP (@tolem/egress) and the pure conversions of @tolem/domain.',
    },
  ],
};

const SPECS = ['**/*.spec.ts', '**/test/**/*.ts'];

export default [
  {
    ignores: ['**/dist/**', '**/node_modules/**', '**/coverage/**', '.tolem/**', '.nx/**', 'tools/checks/fixtures/**'],
  },
  {
    // A comment must not be able to switch a rule off: an exception belongs here, with its reason.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
  },
  ...tseslint.configs.strict.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.{js,mjs,ts}'],
    plugins: { tolem: { rules: houseRules } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-debugger': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: {
      // Decorated classes need the values of their types at run time; told so, consistent-type-imports spares them.
      parserOptions: { experimentalDecorators: true, emitDecoratorMetadata: true },
    },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-restricted-imports': ['error', { paths: [kafkajs] }],
      'tolem/no-default-export': 'error',
      'tolem/no-enum': 'error',
      'tolem/no-process-env': 'error',
      'tolem/ts-endings': 'error',
    },
  },
  {
    files: SPECS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries(FOR_SPECS_ONLY),
      'tolem/no-process-env': 'off',
      'tolem/no-switched-off-tests': 'error',
    },
  },
  // Files under test/ that are no specs are stands-in of the outside world, and those may be slow on purpose.
  { files: ['**/*.spec.ts'], rules: { 'tolem/no-sleep-in-specs': 'error' } },
  { files: ['libs/messaging/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['services/*/src/client/**/*.ts'],
    ignores: SPECS,
    rules: { 'no-restricted-imports': ['error', providerClient] },
  },
  // One file per service reads the environment; the tools and libs/testing hand it to the processes they start.
  { files: ['**/*config*.ts', 'tools/**/*.ts', 'libs/testing/**/*.ts'], rules: { 'tolem/no-process-env': 'off' } },
  // Tools that load a file by its name (jest's global set-up among them) ask for its default export.
  { files: ['**/*.config.ts', '**/jest-global-*.ts'], rules: { 'tolem/no-default-export': 'off' } },
];
