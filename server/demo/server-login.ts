import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthContext, ParsedKey, PublicKeyAuthContext } from 'ssh2';

export interface AcceptedLogin {
  readonly user: string;
  readonly publicKey: ParsedKey;
  /** undefined: passwords are refused. */
  readonly password: string | undefined;
}

/** Answers one attempt to log in. */
export function answerLogin(context: AuthContext, accepted: AcceptedLogin): void {
  if (isAccepted(context, accepted)) context.accept();
  else context.reject(accepted.password === undefined ? ['publickey'] : ['publickey', 'password']);
}

function isAccepted(context: AuthContext, accepted: AcceptedLogin): boolean {
  if (context.username !== accepted.user) return false;
  if (context.method === 'publickey') return isAcceptedKey(context, accepted.publicKey);
  if (context.method !== 'password' || accepted.password === undefined) return false;
  return timingSafeEqual(digest(context.password), digest(accepted.password));
}

/** Without a signature the client only asks whether the key would do. */
function isAcceptedKey(
  { key, blob, signature, hashAlgo }: PublicKeyAuthContext,
  accepted: ParsedKey,
): boolean {
  if (!key.data.equals(accepted.getPublicSSH())) return false;
  if (!signature) return true;
  return blob !== undefined && accepted.verify(blob, signature, hashAlgo) === true;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
