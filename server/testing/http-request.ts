import { type IncomingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent as it is, where the URL's own path would be normalised. */
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** PEM; whom to trust over HTTPS. */
  readonly ca?: string;
}

/** One HTTP request with exactly these headers, Host included, which fetch() would not let anybody set. */
export function httpRequest(url: string | URL, options: PlainRequest = {}): Promise<PlainAnswer> {
  const { method = 'GET', headers = {}, body, path, signal, ca } = options;
  return new Promise((resolve, reject) => {
    const to = new URL(url);
    const send = to.protocol === 'https:' ? secureRequest : request;
    const sent = send(to, { method, headers, agent: false, ...(path && { path }), signal, ca });
    sent.once('error', reject);
    sent.once('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: '' });
    });
    sent.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => (text += piece));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
    });
    sent.end(body);
  });
}
