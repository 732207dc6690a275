import { gatewayConfig } from '@tolem/gateway';
import { kaspiConfig } from '@tolem/kaspi';
import type { ConfigRow } from '@tolem/observability';
import { processConfig } from './config.ts';

/** Every variable of every service, as the documentation prints it (Markdown). */
export function configurationPage(): string {
  return `# Configuration

Variables of the environment. Each may also be given as \`<name>_FILE\`, the path of a file that holds the value; both at
once are a mistake. A variable set to nothing counts as unset. Every mistake is in one message and stops the start.
Migrations need \`TOLEM_DATABASE_ADMIN_URL\` besides: a role that may create roles and schemas.

## Process

${table(processConfig.describe())}

## Gateway

${table(gatewayConfig.describe())}

## Kaspi

${table(kaspiConfig.describe())}
`;
}

function table(rows: readonly ConfigRow[]): string {
  const lines = rows.map(
    (row) =>
      `| \`${row.variable}\` | ${row.describe.replaceAll('|', '\\|')}${row.secret ? ' *(secret)*' : ''} | ${row.required ? '**required**' : `\`${row.default}\``} |`,
  );
  return ['| variable | meaning | default |', '| --- | --- | --- |', ...lines].join('\n');
}
