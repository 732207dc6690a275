import { Egress } from './src/index.js';
import { createAuthority, startServer, answerOk } from './test/tls-fixtures.js';
const ca = await createAuthority('x'); const id = await ca.issue('s');
const s = await startServer(answerOk, {cert:id.certificatePem,key:id.privateKeyPem});
const e = new Egress();
console.log(await e.request({target:{baseUrl:s.url,caPem:ca.certificatePem},method:'POST',path:'/x',body:'{}',connectTimeoutMs:1000,totalTimeoutMs:2000}));
console.log(s.received(), s.requests());
await e.close(); await s.close();
