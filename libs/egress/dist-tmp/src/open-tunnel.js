import { request } from 'node:http';
import { codeOf, ConnectError } from "./connect-error.js";
/**
 * Asks a forward proxy for a TCP tunnel (RFC 9110 §9.3.6), so that every request leaves from one known address while TLS
 * stays between us and the provider. The returned function gives the attempt up.
 */ export function openTunnel(proxy, destination, done) {
    const host = destination.host.includes(':') ? `[${destination.host}]` : destination.host;
    const authority = `${host}:${destination.port}`;
    const asking = request({
        host: proxy.host,
        port: proxy.port,
        method: 'CONNECT',
        path: authority,
        agent: false,
        headers: {
            host: authority,
            ...proxy.authorization === undefined ? {} : {
                'proxy-authorization': proxy.authorization
            }
        }
    });
    asking.on('connect', (answer, socket, head)=>{
        const status = answer.statusCode ?? 0;
        if (status < 200 || status > 299) {
            socket.on('error', ()=>undefined).destroy();
            done({
                error: new ConnectError('proxy_refused', `the proxy answered ${status} to CONNECT`)
            });
            return;
        }
        if (head.length > 0) socket.unshift(head);
        done({
            socket
        });
    });
    asking.on('error', (error)=>done({
            error: new ConnectError('proxy_unreachable', `asking the proxy for a tunnel: ${codeOf(error)}`)
        }));
    asking.end();
    return ()=>asking.destroy();
}

//# sourceMappingURL=open-tunnel.js.map