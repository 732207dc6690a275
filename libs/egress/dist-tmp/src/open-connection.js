import { isIP, connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConnectError, connectErrorOf } from "./connect-error.js";
import { openTunnel } from "./open-tunnel.js";
/**
 * Opens one connection and reports once. The returned function gives the attempt up without a report.
 *
 * In TLS 1.3 the client's handshake is over before the server has looked at the client's certificate, so a refusal would
 * arrive after the request was written, and nobody could tell whether the request counted. A server that is content with
 * what it got normally sends a session ticket at once. We wait for that ticket (or a refusal) before the connection may
 * carry a request; a server that sends no tickets costs `certificateVerdictMs` once per connection, and a refusal that
 * comes even later is reported as `sent_without_answer`.
 */ export function openConnection(route, options, done) {
    let finished = false;
    let giveUpCurrent = ()=>undefined;
    const finish = (result)=>{
        if (finished) return;
        finished = true;
        clearTimeout(deadline);
        if ('error' in result) giveUpCurrent();
        done(result);
    };
    const abandon = ()=>{
        if (finished) return;
        finished = true;
        clearTimeout(deadline);
        giveUpCurrent();
    };
    const deadline = setTimeout(()=>finish({
            error: new ConnectError('connect_timeout', `no connection within ${options.timeoutMs} ms`)
        }), options.timeoutMs);
    const secure = (tunnel)=>{
        if (finished) {
            tunnel?.destroy();
            return;
        }
        giveUpCurrent = handshake(route, tunnel, options.certificateVerdictMs, finish);
    };
    if (route.proxy === undefined) {
        secure(undefined);
    } else {
        giveUpCurrent = openTunnel(route.proxy, route, (result)=>{
            if ('error' in result) finish(result);
            else secure(result.socket);
        });
    }
    return abandon;
}
const TCP_OPTIONS = {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000
};
function handshake(route, tunnel, certificateVerdictMs, finish) {
    const { host, port, secureContext } = route;
    const plain = secureContext === undefined;
    if (plain && tunnel !== undefined) {
        finish({
            socket: tunnel
        });
        return ()=>tunnel.destroy();
    }
    const socket = plain ? connectTcp({
        host,
        port,
        ...TCP_OPTIONS
    }) : connectTls({
        ...tunnel === undefined ? TCP_OPTIONS : {
            socket: tunnel
        },
        host,
        port,
        secureContext,
        ...isIP(host) === 0 ? {
            servername: host
        } : {},
        ALPNProtocols: [
            'http/1.1'
        ],
        rejectUnauthorized: true
    });
    let phase = tunnel === undefined ? 'connecting' : 'tls';
    let verdictTimer;
    const detach = ()=>{
        clearTimeout(verdictTimer);
        socket.off('connect', onConnect).off('secureConnect', onSecure).off('session', ready);
        socket.off('close', onClose).off('error', onError);
    };
    const giveUp = ()=>{
        detach();
        // A socket that is being destroyed may still report why; nobody is left to listen.
        socket.on('error', ()=>undefined).destroy();
        tunnel?.destroy();
    };
    const ready = ()=>{
        if (socket.destroyed) return;
        detach();
        finish({
            socket
        });
    };
    const onConnect = ()=>{
        if (plain) ready();
        phase = 'tls';
    };
    const onSecure = ()=>{
        if (socket.getProtocol() !== 'TLSv1.3') return ready();
        socket.once('session', ready);
        verdictTimer = setTimeout(ready, certificateVerdictMs);
    };
    const onError = (error)=>finish({
            error: connectErrorOf(error, phase)
        });
    const onClose = ()=>onError(Object.assign(new Error('closed'), {
            code: 'ECONNRESET'
        }));
    socket.on('connect', onConnect).on('secureConnect', onSecure).on('close', onClose).on('error', onError);
    return giveUp;
}

//# sourceMappingURL=open-connection.js.map