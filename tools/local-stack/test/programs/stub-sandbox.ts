import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { endWithParent } from './end-with-parent.ts';

// A stand-in for tools/sandbox: its arguments, its ready line and its manners.
const argument = (name: string): string => process.argv[process.argv.indexOf(name) + 1] ?? '';
const data = argument('--data');
const folder = process.env['STUB_FOLDER'] ?? '';
endWithParent('sandbox', folder, appendFileSync);
mkdirSync(data, { recursive: true });
const tls = { ca: `${data}/ca.pem`, cert: `${data}/client.pem`, key: `${data}/client-key.pem` };
for (const path of Object.values(tls)) writeFileSync(path, `PEM of ${path.split('/').at(-1) ?? ''}\n`);
appendFileSync(`${folder}/order.log`, 'sandbox started\n');
console.log('a line that is not the ready line');
console.log(
  JSON.stringify({
    event: 'ready',
    control: `http://127.0.0.1:${argument('--control-port')}`,
    kaspi: Object.fromEntries(
      ['r1', 'r2', 'r3'].map((scheme) => [scheme, `https://127.0.0.1:${argument(`--${scheme}-port`)}`]),
    ),
    tls,
  }),
);
