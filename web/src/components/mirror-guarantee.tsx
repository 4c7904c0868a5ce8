import { CircleCheck, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { formatBytes, formatMilliseconds } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import type { Look } from './looks.ts';
import { Fact, Facts } from './facts.tsx';
import { roleOf } from './mirror-looks.ts';
import { SafeText } from './safe-text.tsx';
import { Empty, Section } from './section.tsx';

type Capabilities = NonNullable<MirrorView['capabilities']>;

const HAS: Look = { label: 'yes', tone: 'good', icon: CircleCheck };
const LACKS: Look = { label: 'no', tone: 'warn', icon: TriangleAlert };

const MEANINGS: readonly [
  keyof Capabilities & ('posixRename' | 'hardlink' | 'fsync' | 'statvfs' | 'lsetstat' | 'owners'),
  string,
][] = [
  ['posixRename', 'Files are replaced in one step'],
  ['hardlink', 'Hard links are kept'],
  ['fsync', 'fsync reaches its disk'],
  ['statvfs', 'Free space is known'],
  ['lsetstat', 'Symlinks keep their times and owners'],
  ['owners', 'Files keep their owners'],
];

/** Where a mirror is, what is counted on, and what its server can do. */
export function MirrorGuarantee({ mirror }: { readonly mirror: MirrorView }): ReactNode {
  const { capabilities, host, port, path } = mirror;
  const role = roleOf(mirror);
  return (
    <Section title="Settings and guarantee" testId="mirror-guarantee" note={levelOf(capabilities)}>
      <Facts>
        <Fact name="Address">
          <SafeText what="address">{`${host} port ${port}`}</SafeText>
        </Fact>
        <Fact name="Directory there">
          <SafeText what="directory">{path}</SafeText>
        </Fact>
        <Fact name="Role">
          {role.label}: {role.means}
        </Fact>
        {capabilities && (
          <>
            {MEANINGS.map(([key, words]) => (
              <Fact key={key} name={words}>
                <Chip look={capabilities[key] ? HAS : LACKS} />
              </Fact>
            ))}
            <Fact name="Largest piece it takes">{formatBytes(capabilities.maxWriteBytes)}</Fact>
            <Fact name="Its clock">{clockText(capabilities.clockAheadMs)}</Fact>
          </>
        )}
      </Facts>
      {!capabilities && <Empty>What its server can do is known once it is connected.</Empty>}
    </Section>
  );
}

function levelOf(capabilities: Capabilities | null): string | undefined {
  if (!capabilities) return undefined;
  const { lacks } = capabilities;
  return lacks.length === 0 ? 'full guarantee' : `lesser guarantee: ${lacks.join('; ')}`;
}

function clockText(aheadMs: number | null): string {
  if (aheadMs === null) return 'not known';
  if (aheadMs === 0) return 'as here';
  return `${formatMilliseconds(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
}
