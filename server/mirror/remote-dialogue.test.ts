import { EventEmitter } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { expect, it } from 'vitest';
import { ANSWER, RemoteDialogue } from './remote-dialogue.ts';

/** The part of a channel that a dialogue uses. */
class Program extends EventEmitter {
  readonly stderr = { resume: () => {} };
  readonly asked: string[] = [];
  isClosed = false;

  write(line: string): void {
    this.asked.push(line);
  }

  close(): void {
    this.isClosed = true;
  }

  says(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

const LIMIT_MS = 1000;

function dialogueOf(programs: readonly Program[], opening?: string): RemoteDialogue {
  const next = programs.values();
  return new RemoteDialogue(
    () => Promise.resolve(next.next().value as unknown as ClientChannel | undefined),
    LIMIT_MS,
    opening,
  );
}

it('gives each question the answer of its turn, however they are cut and whatever else is printed', async () => {
  const program = new Program();
  const dialogue = dialogueOf([program]);
  const answers = Promise.all([dialogue.ask('a'), dialogue.ask('b')]);
  await expect.poll(() => program.asked).toEqual(['a\n', 'b\n']);
  program.says(`welcome\n${ANSWER}on`);
  program.says(`e\n> ${ANSWER}two\n`);
  expect(await answers).toEqual(['one', 'two']);
});

it('takes nothing that an earlier program says late for an answer, nor its end for that of the next', async () => {
  const [first, second] = [new Program(), new Program()];
  const dialogue = dialogueOf([first, second]);
  expect(await dialogue.ask('slow')).toBeUndefined();
  expect(first.isClosed).toBe(true);
  const answer = dialogue.ask('next');
  await expect.poll(() => second.asked).toEqual(['next\n']);
  first.says(`${ANSWER}late\n`);
  first.emit('close');
  second.says(`${ANSWER}right\n`);
  expect(await answer).toBe('right');
});

it('answers nothing where no program can be had', async () => {
  expect(await dialogueOf([]).ask('a')).toBeUndefined();
});

it('may be started before it is asked, and is told the opening once a program', async () => {
  const [first, second] = [new Program(), new Program()];
  const dialogue = dialogueOf([first, second], 'here\n');
  expect([await dialogue.begin(), first.asked, dialogue.busy]).toEqual([true, [], 0]);
  const answers = Promise.all([dialogue.ask('a'), dialogue.ask('b')]);
  await expect.poll(() => first.asked).toEqual(['here\na\n', 'b\n']);
  expect(dialogue.busy).toBe(2);
  first.says(`${ANSWER}one\n`);
  first.emit('close');
  expect([await answers, dialogue.busy]).toEqual([['one', undefined], 0]);
  const answer = dialogue.ask('c');
  await expect.poll(() => second.asked).toEqual(['here\nc\n']);
  second.says(`${ANSWER}three\n`);
  expect(await answer).toBe('three');
  expect(await dialogueOf([]).begin()).toBe(false);
});
