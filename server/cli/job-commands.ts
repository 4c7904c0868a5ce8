import type { JobRequest, JobView } from '../../shared/jobs.ts';
import { jobItemsSchema, jobListSchema, jobViewSchema } from '../../shared/jobs.ts';
import { sleep } from '../base/wait.ts';
import { Argument } from 'commander';
import { EXIT_CODES } from './exit-codes.ts';
import { jobItemsText, jobsText, jobText } from './job-views.ts';
import type { Answer, RestCommands, RestOptions } from './rest-command.ts';
import type { RestClient } from './rest-client.ts';

const LOOK_MS = 300;
const CHANGES = ['pause', 'resume', 'cancel'] as const;

type CompareOptions = RestOptions & { readonly content?: true; readonly yes?: true };
type ResyncOptions = CompareOptions & { readonly dryRun?: true; readonly adopt?: true };
type ScrubOptions = CompareOptions & { readonly repair?: true };

/** Adds what begins, shows and changes resyncs and scrubs. */
export function addJobs(commands: RestCommands): void {
  commands
    .add(
      'resync <mirror> [path]',
      'make a mirror, or a part of it, equal to the local directory; wait for the end',
    )
    .option('--content', 'read all content instead of trusting sizes and times')
    .option('--dry-run', 'only say what would be copied, changed and removed')
    .option('--adopt', 'overwrite a mirror that was refused because its content differs')
    .option('--yes', 'also if very much would be removed')
    .action((mirror: string, path: string | undefined, { dryRun, adopt, ...options }: ResyncOptions) => {
      const only = { dryRun: dryRun === true, adopt: adopt === true };
      const request: JobRequest = {
        type: 'resync',
        mirror,
        path: path ?? '/',
        ...only,
        ...wishesOf(options),
      };
      return commands.run(options, (client) => carriedOut(client, request));
    });
  commands
    .add('scrub [mirror]', 'compare mirrors with the local directory; wait for the end')
    .option('--content', 'read all content instead of trusting sizes and times')
    .option('--repair', 'make equal what differs, also by removing; not where all mirrors agree')
    .option('--yes', 'repair also if very much would be removed')
    .action((mirror: string | undefined, { repair, ...options }: ScrubOptions) => {
      const only = { repair: repair === true, ...(mirror !== undefined && { mirror }) };
      const request: JobRequest = { type: 'scrub', path: '/', ...only, ...wishesOf(options) };
      return commands.run(options, (client) => carriedOut(client, request));
    });
  commands
    .add('jobs [job]', 'list resyncs and scrubs, or show one with what it found')
    .addArgument(new Argument('[change]', 'what to do with it').choices(CHANGES))
    .action((job: string | undefined, change: string | undefined, options: RestOptions) =>
      commands.run(options, (client) => shown(client, job, change)),
    );
}

function wishesOf({ content, yes }: CompareOptions): { compare: 'quick' | 'content'; confirm: boolean } {
  return { compare: content ? 'content' : 'quick', confirm: yes === true };
}

async function shown(
  client: RestClient,
  job: string | undefined,
  change: string | undefined,
): Promise<Answer> {
  if (job === undefined) {
    const value = await client.get('/jobs', jobListSchema);
    return { value, text: jobsText(value.items) };
  }
  const path = `/jobs/${encodeURIComponent(job)}`;
  if (change === undefined) return withItems(client, await client.get(path, jobViewSchema));
  const value = await client.post(`${path}/${change}`, {}, jobViewSchema);
  return { value, text: jobText(value) };
}

async function carriedOut(client: RestClient, request: JobRequest): Promise<Answer> {
  let job = await client.post('/jobs', request, jobViewSchema);
  while (job.endedAt === undefined) {
    await sleep(LOOK_MS);
    job = await client.get(`/jobs/${job.id}`, jobViewSchema);
  }
  const answer = await withItems(client, job);
  return { ...answer, exitCode: isWell(job) ? EXIT_CODES.ok : EXIT_CODES.failure };
}

/** Whether nobody has to do anything: what a scrub found and left as it is wants somebody. */
function isWell({ type, state, divergences, problems, repaired }: JobView): boolean {
  const isLeft = type === 'scrub' && divergences > repaired.paths;
  return state === 'done' && problems === 0 && !isLeft;
}

async function withItems(client: RestClient, job: JobView): Promise<Answer> {
  const items = await client.get(`/jobs/${encodeURIComponent(job.id)}/items`, jobItemsSchema);
  return { value: { ...job, items }, text: jobText(job) + jobItemsText(items) };
}
