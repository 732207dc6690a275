import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { endWithParent } from './end-with-parent.ts';
import { startStubGateway } from './stub-gateway.ts';

// A stand-in for services/standalone: the same environment, ports and manners.
const env = (name: string): string => process.env[name] ?? '';
const folder = env('STUB_FOLDER');
endWithParent('services', folder, appendFileSync);
if (env('STUB_FAILS') === 'services') {
  console.error('the services cannot start today');
  process.exit(7);
}
await startStubGateway({
  port: Number(env('TOLEM_GATEWAY_PORT')),
  operatorKey: env('TOLEM_OPERATOR_KEY'),
  ...(env('STUB_STORY') === '' ? {} : { story: env('STUB_STORY').split(',') }),
});
createServer((_request, answer) => {
  // Two refusals first, as while a service is still getting ready.
  refusals -= 1;
  answer.writeHead(refusals >= 0 ? 503 : 200).end('{}');
}).listen(Number(env('TOLEM_MANAGEMENT_PORT')), '127.0.0.1');
let refusals = 2;
appendFileSync(`${folder}/order.log`, `services started\n`);
const url = `http://127.0.0.1:${env('TOLEM_GATEWAY_PORT')}`;
console.log(JSON.stringify({ event: 'serving', url, managementPort: Number(env('TOLEM_MANAGEMENT_PORT')) }));
