import { connect, createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from "../src/index.js";
import { answerOk, createAuthority, startServer, until } from "./tls-fixtures.js";
let authority;
let identity;
const closing = [];
beforeAll(async ()=>{
    authority = await createAuthority('CA');
    identity = await authority.issue('server');
});
afterEach(async ()=>{
    for (const close of closing.splice(0).reverse())await close();
});
async function server(behaviour) {
    const started = await startServer(behaviour, {
        cert: identity.certificatePem,
        key: identity.privateKeyPem
    });
    closing.push(()=>started.close());
    return started;
}
function egress(options = {}) {
    const started = new Egress(options);
    closing.push(()=>started.close());
    return started;
}
const SECRET = 'device-token-4711';
function ask(baseUrl, more = {}) {
    return {
        target: {
            baseUrl,
            caPem: authority.certificatePem
        },
        method: 'POST',
        path: '/pay',
        query: {
            token: SECRET
        },
        headers: {
            'X-Token': SECRET
        },
        body: JSON.stringify({
            DeviceToken: SECRET
        }),
        connectTimeoutMs: 2_000,
        totalTimeoutMs: 3_000,
        ...more
    };
}
/** kind and reason; and no outcome ever carries anything of the request. */ function shortly(outcome) {
    if (outcome.kind === 'answered') return `answered: ${outcome.status}`;
    expect(outcome.detail).not.toContain(SECRET);
    expect(outcome.ms).toBeGreaterThanOrEqual(0);
    return `${outcome.kind}: ${outcome.reason}`;
}
describe('an answered request', ()=>{
    it('arrives as it was given, with prefix, path, query, headers and body', async ()=>{
        const target = await server(answerOk);
        const request = ask(`${target.url}/r3/v01/`, {
            query: {
                phone: '+7 700',
                x: 'a&b'
            }
        });
        expect(shortly(await egress().request(request))).toBe('answered: 200');
        expect(target.received()).toContain('POST /r3/v01/pay?phone=%2B7+700&x=a%26b HTTP/1.1\r\n');
        expect(target.received()).toContain(`X-Token: ${SECRET}\r\n`);
        expect(target.received()).toContain(`\r\n\r\n{"DeviceToken":"${SECRET}"}`);
    });
    it('gives status, lower-case headers and text, whatever the status', async ()=>{
        const target = await server((socket)=>socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nпозже'));
        expect(await egress().request(ask(target.url))).toMatchObject({
            kind: 'answered',
            status: 503,
            headers: {
                'retry-after': '7',
                'set-cookie': 'a=1, b=2'
            },
            body: 'позже'
        });
    });
    it('a redirect is an answer and is not followed', async ()=>{
        const target = await server((socket)=>socket.write('HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n'));
        expect(shortly(await egress().request(ask(target.url)))).toBe('answered: 302');
        expect(target.requests()).toBe(1);
    });
    it('an interim answer is not mistaken for the answer', async ()=>{
        const target = await server((socket, text)=>{
            socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
            answerOk(socket, text);
        });
        expect(shortly(await egress().request(ask(target.url)))).toBe('answered: 200');
    });
    it('a second answer on the same connection never becomes the answer of the next request', async ()=>{
        let first = true;
        const target = await server((socket, text)=>{
            if (first) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nAHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nB');
            else answerOk(socket, text);
            first = false;
        });
        const client = egress();
        expect(await client.request(ask(target.url))).toMatchObject({
            body: 'A'
        });
        expect(await client.request(ask(target.url))).toMatchObject({
            body: '{"ok":true}'
        });
    });
    it('requests one after another share a connection', async ()=>{
        const target = await server(answerOk);
        const client = egress();
        for(let n = 0; n < 5; n += 1)expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
        expect(target.accepted()).toBe(1);
    });
});
describe('not sent is only said when it is certain', ()=>{
    it('a refused connection', async ()=>{
        const target = await server(answerOk);
        await target.close();
        expect(shortly(await egress().request(ask(target.url)))).toBe('not_sent: connect_refused');
    });
    it('a server that hangs before the handshake, at the connect deadline', async ()=>{
        const silent = createServer(()=>undefined);
        await new Promise((done)=>silent.listen(0, '127.0.0.1', done));
        const sockets = new Set();
        silent.on('connection', (socket)=>sockets.add(socket));
        const { port } = silent.address();
        const outcome = await egress().request(ask(`https://127.0.0.1:${port}`, {
            connectTimeoutMs: 100
        }));
        expect(shortly(outcome)).toBe('not_sent: connect_timeout');
        expect(outcome.ms).toBeLessThan(1_500);
        await until(()=>[
                ...sockets
            ].every((socket)=>socket.readableEnded || socket.destroyed || !socket.readable), 'the attempt is given up').catch(()=>undefined);
        for (const socket of sockets)socket.destroy();
        await new Promise((done)=>silent.close(done));
    });
    it('a server that ends the connection during the handshake', async ()=>{
        const rude = createServer((socket)=>socket.once('data', ()=>socket.destroy()));
        await new Promise((done)=>rude.listen(0, '127.0.0.1', done));
        const { port } = rude.address();
        expect(shortly(await egress().request(ask(`https://127.0.0.1:${port}`)))).toBe('not_sent: connection_lost');
        await new Promise((done)=>rude.close(done));
    });
    it('a server that speaks no TLS', async ()=>{
        const plain = createServer((socket)=>{
            socket.on('error', ()=>undefined);
            socket.once('data', ()=>socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
        });
        await new Promise((done)=>plain.listen(0, '127.0.0.1', done));
        const { port } = plain.address();
        expect(shortly(await egress().request(ask(`https://127.0.0.1:${port}`)))).toBe('not_sent: tls_failed');
        await new Promise((done)=>plain.close(done));
    });
    it.each([
        [
            'says no',
            ()=>false
        ],
        [
            'fails',
            ()=>{
                throw new Error('no longer ours');
            }
        ]
    ])('a request withdrawn at the last moment because mayWrite %s', async (_, mayWrite)=>{
        const target = await server(answerOk);
        expect(shortly(await egress().request(ask(target.url, {
            mayWrite
        })))).toBe('not_sent: withdrawn');
        expect(target.received()).toBe('');
    });
    it('mayWrite is asked once, only when the connection stands', async ()=>{
        const target = await server(answerOk);
        let openAtTheQuestion = -1;
        let questions = 0;
        const mayWrite = ()=>{
            openAtTheQuestion = target.open();
            questions += 1;
            return true;
        };
        expect(shortly(await egress().request(ask(target.url, {
            mayWrite
        })))).toBe('answered: 200');
        expect([
            openAtTheQuestion,
            questions
        ]).toEqual([
            1,
            1
        ]);
    });
    it.each([
        [
            'a path without slash',
            {
                path: 'pay'
            }
        ],
        [
            'a query in the path',
            {
                path: '/pay?x=1'
            }
        ],
        [
            'a header that would split the message',
            {
                headers: {
                    'X-A': 'a\r\nX-B: b'
                }
            }
        ],
        [
            'a header name that is none',
            {
                headers: {
                    'X A:': 'a'
                }
            }
        ],
        [
            'a header that chooses the host',
            {
                headers: {
                    Host: 'elsewhere.example'
                }
            }
        ],
        [
            'a header that frames the body',
            {
                headers: {
                    'Transfer-Encoding': 'chunked'
                }
            }
        ],
        [
            'a time-out of zero',
            {
                totalTimeoutMs: 0
            }
        ],
        [
            'a time-out that is not a number',
            {
                connectTimeoutMs: Number.NaN
            }
        ],
        [
            'plain HTTP',
            {
                target: {
                    baseUrl: 'http://127.0.0.1:1'
                }
            }
        ],
        [
            'an address with a user',
            {
                target: {
                    baseUrl: 'https://u:p@127.0.0.1:1'
                }
            }
        ],
        [
            'no address',
            {
                target: {
                    baseUrl: 'nonsense'
                }
            }
        ]
    ])('a request that cannot be sent: %s', async (_, more)=>{
        const target = await server(answerOk);
        expect(shortly(await egress().request(ask(target.url, more)))).toBe('not_sent: invalid_request');
        expect(target.received()).toBe('');
    });
    it('after closing', async ()=>{
        const target = await server(answerOk);
        const client = egress();
        await client.close();
        expect(shortly(await client.request(ask(target.url)))).toBe('not_sent: closed');
    });
});
describe('every doubt is sent without answer', ()=>{
    it('a server that never answers, at the total deadline', async ()=>{
        const target = await server(()=>undefined);
        const outcome = await egress().request(ask(target.url, {
            totalTimeoutMs: 200
        }));
        expect(shortly(outcome)).toBe('sent_without_answer: timeout');
        expect(outcome.ms).toBeGreaterThanOrEqual(190);
        expect(outcome.ms).toBeLessThan(1_500);
        await until(()=>target.open() === 0, 'the connection of the lost answer is closed');
    });
    it('a connection cut after the request', async ()=>{
        const target = await server((socket)=>socket.destroy());
        expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: connection_closed');
        expect(target.requests()).toBe(1);
    });
    it.each([
        [
            'with a length',
            (socket)=>socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"StatusCode":0')
        ],
        [
            'in chunks',
            (socket)=>socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
        ],
        [
            'of a reset connection',
            (socket)=>socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', ()=>socket.destroy())
        ]
    ])('an answer %s that is cut in the middle', async (_, behaviour)=>{
        const target = await server(behaviour);
        expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_cut');
    });
    it('an answer that drips slower than the total deadline', async ()=>{
        const target = await server((socket)=>{
            socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
            const drip = setInterval(()=>socket.write('.'), 20);
            socket.on('close', ()=>clearInterval(drip));
        });
        const outcome = await egress().request(ask(target.url, {
            totalTimeoutMs: 300
        }));
        expect(shortly(outcome)).toBe('sent_without_answer: timeout');
        expect(outcome.ms).toBeLessThan(1_500);
    });
    it.each([
        [
            'an announced length',
            `HTTP/1.1 200 OK\r\ncontent-length: ${2 * 1024 * 1024}\r\n\r\n`
        ],
        [
            'no announced length',
            'HTTP/1.1 200 OK\r\n\r\n'
        ]
    ])('an answer of 2 MiB with %s', async (_, head)=>{
        const target = await server((socket)=>void socket.write(head + 'x'.repeat(2 * 1024 * 1024)));
        expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_too_large');
        await until(()=>target.open() === 0, 'the rest is not read');
    });
    it('an answer of exactly the limit is whole', async ()=>{
        const target = await server((socket)=>void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"ok":true}`));
        expect(shortly(await egress().request(ask(target.url, {
            maxAnswerBytes: 11
        })))).toBe('answered: 200');
        expect(shortly(await egress().request(ask(target.url, {
            maxAnswerBytes: 10
        })))).toBe('sent_without_answer: answer_too_large');
    });
    it('a header without end', async ()=>{
        const target = await server((socket)=>void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`));
        expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_too_large');
    });
    it.each([
        '<html>no status line</html>\r\n\r\n',
        '\u0000\u0001\u0002\u0003\r\n\r\n',
        'HTTP/9.9 200 OK\r\n\r\n'
    ])('garbage instead of HTTP: %j', async (garbage)=>{
        const target = await server((socket)=>socket.end(garbage));
        expect(shortly(await egress().request(ask(target.url)))).toBe('sent_without_answer: answer_malformed');
    });
    it('a kept connection that the server closed is replaced, and the request arrives exactly once', async ()=>{
        const target = await server(answerOk);
        const client = egress();
        expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
        target.closeConnections();
        await until(()=>target.open() === 0, 'the server has closed');
        // Whether our side knows of the end already or finds it out while writing, there is never a second copy.
        const outcome = await client.request(ask(target.url, {
            path: '/second'
        }));
        const copies = target.received().split('POST /second').length - 1;
        if (outcome.kind === 'answered') expect(copies).toBe(1);
        else expect(copies).toBe(0);
    });
    it('a kept connection that dies at the next request is not replaced behind our back', async ()=>{
        const target = await server(answerOk);
        const client = egress();
        expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
        target.behave((socket)=>socket.destroy());
        const outcome = await client.request(ask(target.url, {
            method: 'GET',
            path: '/second',
            body: ''
        }));
        expect(shortly(outcome)).toBe('sent_without_answer: connection_closed');
        expect(target.received().split('GET /second').length - 1).toBe(1);
    });
});
describe('limits', ()=>{
    it('200 requests at once open no more connections than allowed, and all are answered', async ()=>{
        const target = await server(answerOk);
        const client = egress({
            connections: 8
        });
        const outcomes = await Promise.all(Array.from({
            length: 200
        }, ()=>client.request(ask(target.url))));
        expect(outcomes.filter((outcome)=>outcome.kind === 'answered')).toHaveLength(200);
        expect(target.mostOpen()).toBe(8);
        expect(target.accepted()).toBe(8);
        expect(target.requests()).toBe(200);
    });
    it('a request whose deadline passes in the queue is not sent, now or later', async ()=>{
        const held = [];
        const target = await server((socket, text)=>void held.push(()=>answerOk(socket, text)));
        const client = egress({
            connections: 1
        });
        const first = client.request(ask(target.url));
        await until(()=>held.length === 1, 'the first request has arrived');
        const second = await client.request(ask(target.url, {
            path: '/second',
            totalTimeoutMs: 50
        }));
        expect(shortly(second)).toBe('not_sent: timeout');
        const third = client.request(ask(target.url, {
            path: '/third'
        }));
        held[0]?.();
        expect(shortly(await first)).toBe('answered: 200');
        await until(()=>held.length === 2, 'the third request has arrived');
        held[1]?.();
        expect(shortly(await third)).toBe('answered: 200');
        expect(target.received()).not.toContain('/second');
    });
    it('more requests than may wait are refused at once', async ()=>{
        const target = await server(()=>undefined);
        const client = egress({
            connections: 1,
            waiting: 1
        });
        const request = ask(target.url, {
            totalTimeoutMs: 300
        });
        const outcomes = await Promise.all([
            client.request(request),
            client.request(request),
            client.request(request)
        ]);
        expect(outcomes.map(shortly)).toEqual([
            'sent_without_answer: timeout',
            'not_sent: timeout',
            'not_sent: overloaded'
        ]);
    });
    it('connections that fail give their places back', async ()=>{
        const target = await server((socket)=>socket.destroy());
        const client = egress({
            connections: 2
        });
        const lost = await Promise.all(Array.from({
            length: 20
        }, ()=>client.request(ask(target.url))));
        expect(new Set(lost.map(shortly))).toEqual(new Set([
            'sent_without_answer: connection_closed'
        ]));
        expect(target.mostOpen()).toBeLessThanOrEqual(3);
        target.behave(answerOk);
        expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
    });
    it('the address not used for longest is closed when there are too many, and works again when asked', async ()=>{
        const targets = [
            await server(answerOk),
            await server(answerOk),
            await server(answerOk)
        ];
        const client = egress({
            pools: 2
        });
        for (const target of targets)expect(shortly(await client.request(ask(target.url)))).toBe('answered: 200');
        await until(()=>targets[0]?.open() === 0, 'the oldest is closed');
        expect(targets[1]?.open()).toBe(1);
        expect(shortly(await client.request(ask(targets[0]?.url ?? '')))).toBe('answered: 200');
    });
    it('closing lets running and waiting requests finish', async ()=>{
        const held = [];
        const target = await server((socket, text)=>void held.push(()=>answerOk(socket, text)));
        const client = egress({
            connections: 1
        });
        const running = [
            client.request(ask(target.url)),
            client.request(ask(target.url))
        ];
        await until(()=>held.length === 1, 'the first request has arrived');
        const closed = client.close();
        held[0]?.();
        await until(()=>held.length === 2, 'the second request has arrived');
        held[1]?.();
        expect((await Promise.all(running)).map(shortly)).toEqual([
            'answered: 200',
            'answered: 200'
        ]);
        await closed;
        await until(()=>target.open() === 0, 'nothing stays open');
    });
});
describe('a forward proxy', ()=>{
    async function proxy(answer) {
        const asked = [];
        const sockets = new Set();
        const forwarder = createServer((socket)=>{
            sockets.add(socket);
            socket.on('error', ()=>undefined);
            socket.once('data', (head)=>{
                asked.push(head.toString('latin1'));
                socket.write(answer);
                const port = Number(/^CONNECT 127\.0\.0\.1:(\d+) /.exec(head.toString('latin1'))?.[1]);
                if (!answer.includes(' 200 ')) return socket.end();
                const onward = connect(port, '127.0.0.1');
                sockets.add(onward);
                onward.on('error', ()=>undefined);
                socket.pipe(onward).pipe(socket);
            });
        });
        await new Promise((done)=>forwarder.listen(0, '127.0.0.1', done));
        closing.push(async ()=>{
            for (const socket of sockets)socket.destroy();
            await new Promise((done)=>forwarder.close(()=>done()));
        });
        return {
            url: `http://user:pa%20ss@127.0.0.1:${forwarder.address().port}`,
            asked
        };
    }
    it('carries TLS end to end, and sees nothing but the address', async ()=>{
        const target = await server(answerOk);
        const { url, asked } = await proxy('HTTP/1.1 200 Connection established\r\n\r\n');
        const request = ask(target.url);
        const client = egress();
        const viaProxy = {
            ...request,
            target: {
                ...request.target,
                proxyUrl: url
            }
        };
        expect(shortly(await client.request(viaProxy))).toBe('answered: 200');
        expect(shortly(await client.request(viaProxy))).toBe('answered: 200');
        expect(asked).toHaveLength(1);
        expect(asked[0]).toMatch(new RegExp(`^CONNECT 127\\.0\\.0\\.1:${target.port} HTTP/1\\.1\r\n`));
        expect(asked[0]).toContain(`Basic ${Buffer.from('user:pa ss').toString('base64')}`);
        expect(asked[0]).not.toContain(SECRET);
    });
    it('that refuses the tunnel: not sent', async ()=>{
        const target = await server(answerOk);
        const { url } = await proxy('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
        const request = ask(target.url);
        const outcome = await egress().request({
            ...request,
            target: {
                ...request.target,
                proxyUrl: url
            }
        });
        expect(shortly(outcome)).toBe('not_sent: proxy_refused');
        expect(target.accepted()).toBe(0);
    });
    it('that cannot be reached: not sent', async ()=>{
        const target = await server(answerOk);
        const gone = await server(answerOk);
        await gone.close();
        const request = ask(target.url);
        const proxyUrl = `http://127.0.0.1:${gone.port}`;
        const outcome = await egress().request({
            ...request,
            target: {
                ...request.target,
                proxyUrl
            }
        });
        expect(shortly(outcome)).toBe('not_sent: proxy_unreachable');
    });
});

//# sourceMappingURL=outcomes.spec.js.map