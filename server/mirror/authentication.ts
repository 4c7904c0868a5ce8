import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import { AppError } from '../base/errors.ts';
import type { Credential, SshLogin } from './ssh-login.ts';
import { ssh2 } from './ssh2.ts';

/** Offers the credentials of one login one after the other, and knows what became of them. */
export class Authentication {
  readonly #login: SshLogin;
  readonly #methods: Method[];
  readonly #offered: string[] = [];
  readonly #unusable: string[] = [];
  #exhausted = false;

  constructor(login: SshLogin) {
    this.#login = login;
    this.#methods = login.credentials.flatMap((credential) => this.#methodsOf(credential));
  }

  /** Whether all that there was has been offered in vain. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** What ssh2 asks for the next thing to offer; the server names what it would take after the first refusal. */
  readonly next: AuthHandlerMiddleware = (accepted, _partial, offer) => {
    const types: readonly string[] | undefined = accepted ?? undefined;
    for (let method = this.#methods.shift(); method; method = this.#methods.shift()) {
      if (types && !types.includes(method.wireType)) continue;
      this.#offered.push(method.name);
      offer(method.offer);
      return;
    }
    this.#exhausted = true;
    // ssh2 takes false as "no more"; its declared type leaves that out.
    (offer as unknown as (none: false) => void)(false);
  };

  refusal(reason?: string, cause?: unknown): AppError {
    const { user, host, port } = this.#login;
    const offered = this.#offered.length > 0 ? `offered: ${this.#offered.join(', ')}` : 'nothing to offer';
    const said = reason ? ` (${reason})` : '';
    const text = [`${host} port ${port} refused the login of ${user}${said}; ${offered}`, ...this.#unusable];
    return new AppError('LOGIN_REFUSED', text.join('; '), { cause, details: { host, port, user } });
  }

  #methodsOf(credential: Credential): Method[] {
    const username = this.#login.user;
    if (credential.kind === 'agent') {
      const offer = { type: 'agent', username, agent: credential.socketPath } as const;
      return [{ name: 'the keys of ssh-agent', wireType: 'publickey', offer }];
    }
    if (credential.kind === 'key') return this.#keyMethods(credential.path, credential.content);
    return passwordMethods(username, credential.password);
  }

  #keyMethods(path: string, content: Buffer): Method[] {
    const key = ssh2.utils.parseKey(content);
    if (key instanceof Error || !key.isPrivateKey()) {
      const why = isEncrypted(content)
        ? 'is protected by a passphrase: add it to ssh-agent (ssh-add)'
        : 'is not a private key that can be read';
      this.#unusable.push(`the key ${path} ${why}`);
      return [];
    }
    const offer = { type: 'publickey', username: this.#login.user, key } as const;
    return [{ name: `the key ${path}`, wireType: 'publickey', offer }];
  }
}

interface Method {
  readonly name: string;
  readonly wireType: 'publickey' | 'password' | 'keyboard-interactive';
  readonly offer: AnyAuthMethod;
}

/** Many servers take a password only as the answer to a prompt. */
function passwordMethods(username: string, password: string): Method[] {
  return [
    { name: 'a password', wireType: 'password', offer: { type: 'password', username, password } },
    {
      name: 'a password at the prompt',
      wireType: 'keyboard-interactive',
      offer: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, answer) => {
          answer(prompts.map((prompt) => (prompt.echo ? '' : password)));
        },
      },
    },
  ];
}

/** PEM says so in a header; OpenSSH's own format names the cipher, `none` for an open key. */
function isEncrypted(content: Buffer): boolean {
  const text = content.toString('latin1');
  if (/^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text)) return true;
  const body = /BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!body) return false;
  const bytes = Buffer.from(body, 'base64');
  const cipherAt = 'openssh-key-v1\0'.length;
  if (bytes.length < cipherAt + 4) return false;
  return bytes.toString('latin1', cipherAt + 4, cipherAt + 4 + bytes.readUInt32BE(cipherAt)) !== 'none';
}
