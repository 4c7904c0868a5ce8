import { failed, fine, type Result } from './finding.ts';

/** As `engines` in package.json says. */
const LEAST = [20, 19] as const;

export function nodeVersion(version = process.versions.node): readonly Result[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  return [
    isEnough ? fine('Node', version) : failed('Node', `${version} is too old: ${LEAST.join('.')} is needed`),
  ];
}
