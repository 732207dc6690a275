import type { Rule } from 'eslint';

/** A rule that reports every node the selector finds. */
const forbid = (selector: string, message: string): Rule.RuleModule => ({
  meta: { type: 'problem', messages: { forbidden: message }, schema: [] },
  create: (context) => ({
    [selector]: (node: Rule.Node): void => context.report({ node, messageId: 'forbidden' }),
  }),
});

/** Lint rules of this house that no plugin brings; switched on per folder in eslint.config.js. */
export const houseRules: Readonly<Record<string, Rule.RuleModule>> = {
  'no-default-export': forbid(
    'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
    'Export by name: a default export has another name in every file that imports it.',
  ),
  'no-enum': forbid('TSEnumDeclaration', 'Use a union of literals: an enum is a type of its own at every edge.'),
  'no-process-env': forbid(
    [
      'MemberExpression[object.name="process"][property.name="env"]',
      'MemberExpression[object.name="process"][property.value="env"]',
      'VariableDeclarator[init.name="process"] > ObjectPattern > Property[key.name="env"]',
      'ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name="env"]',
      'ExportNamedDeclaration[source.value=/^(node:)?process$/] > ExportSpecifier[local.name="env"]',
    ].join(', '),
    'Only config files read the environment, once, through a schema.',
  ),
  'no-sleep-in-specs': forbid(
    [
      'CallExpression[callee.name="setTimeout"]',
      'CallExpression[callee.object.name="globalThis"][callee.property.name="setTimeout"]',
      'ImportDeclaration[source.value="node:timers/promises"]',
      'ImportDeclaration[source.value="timers/promises"]',
    ].join(', '),
    'Tests never sleep: move the clock, or wait for a condition with a deadline.',
  ),
  'no-switched-off-tests': forbid(
    [
      'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo|failing)$/]',
      'MemberExpression[object.property.name="concurrent"][property.name=/^(only|skip|todo|failing)$/]',
      'CallExpression[callee.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/]',
    ].join(', '),
    'A test runs or is removed: no skipped, focused or planned tests.',
  ),
  'ts-endings': forbid(
    [
      'ImportDeclaration[source.value=/^[.].*[.]js$/]',
      'ExportNamedDeclaration[source.value=/^[.].*[.]js$/]',
      'ExportAllDeclaration[source.value=/^[.].*[.]js$/]',
      'ImportExpression[source.value=/^[.].*[.]js$/]',
    ].join(', '),
    'Import the source by its own name, with the .ts ending.',
  ),
};
