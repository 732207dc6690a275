import { PROVIDERS } from '@tolem/contracts';
import { gatewayConfig } from '@tolem/gateway';
import type { ConfigRow } from '@tolem/observability';
import { distributedConfig, processConfig } from '@tolem/service-process';
import { HOSTED_PROVIDERS } from './hosted-providers.ts';

/** Every variable of every service, as the documentation prints it (Markdown). */
export function configurationPage(): string {
  return `# Configuration

Variables of the environment. Each may also be given as \`<name>_FILE\`, the path of a file that holds the value; both at
once are a mistake. A variable set to nothing counts as unset. Every mistake is in one message and stops the start.
Migrations need \`TOLEM_DATABASE_ADMIN_URL\` besides: a role that may create roles and schemas.

## Process

${table(processConfig.describe())}

## Bus and coordination

For services that run as processes of their own; the one process of \`npm start\` needs none of them. The command that
makes the topics (\`node services/gateway/dist/topics.js --help\`) has some more.

${table(distributedConfig.describe())}

## Gateway

${table(gatewayConfig.describe())}

${HOSTED_PROVIDERS.map(({ name, describe }) => `## ${titleOf(name)}\n\n${table(describe())}\n`).join('\n')}`;
}

function titleOf(name: string): string {
  return PROVIDERS.find((provider) => provider.name === name)?.title ?? name;
}

function table(rows: readonly ConfigRow[]): string {
  const lines = rows.map(
    (row) =>
      `| \`${row.variable}\` | ${row.describe.replaceAll('|', '\\|')}${row.secret ? ' *(secret)*' : ''} | ${row.required ? '**required**' : `\`${row.default}\``} |`,
  );
  return ['| variable | meaning | default |', '| --- | --- | --- |', ...lines].join('\n');
}
