/**
 * What every answer carries. HSTS and upgrade-insecure-requests under TLS alone: on plain http they would leave the page blank.
 * The referrer policy lets forms name their own origin, which the login on plain http depends on.
 */
export function securityHeaders(isSecure: boolean): Readonly<Record<string, string>> {
  return isSecure ? SECURE : PLAIN;
}

const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
];

const PLAIN = {
  'content-security-policy': POLICY.join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
};

const SECURE = {
  ...PLAIN,
  'content-security-policy': [...POLICY, 'upgrade-insecure-requests'].join('; '),
  'strict-transport-security': 'max-age=31536000',
};
