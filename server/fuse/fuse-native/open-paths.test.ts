import { beforeEach, describe, expect, it } from 'vitest';
import { treePath } from '../../filesystem/tree-path.ts';
import { OpenPaths } from './open-paths.ts';

const F = treePath('/d/f');
const hiddenName = (counter: number, directory = '/d') =>
  treePath(`${directory}/.fuse_hidden00000002${counter.toString(16).padStart(8, '0')}`);

let paths: OpenPaths;

beforeEach(() => {
  paths = new OpenPaths();
  paths.opened(7, F);
});

describe('the paths of open files', () => {
  it('take a rename to the next hidden name for the unlink of an open file', () => {
    expect(paths.isHiding(F, hiddenName(1))).toBe(true);
    expect(paths.isHiding(F, hiddenName(3))).toBe(true);
  });

  it('never take a user’s rename for one: not open, another directory, another number, another form', () => {
    expect(paths.isHiding(treePath('/d/closed'), hiddenName(1))).toBe(false);
    expect(paths.isHiding(F, hiddenName(1, '/e'))).toBe(false);
    expect(paths.isHiding(F, hiddenName(0))).toBe(false);
    expect(paths.isHiding(F, hiddenName(5000))).toBe(false);
    expect(paths.isHiding(F, treePath('/d/.fuse_hidden1'))).toBe(false);
  });

  it('expect a higher number after each hidden file', () => {
    paths.hid(F, hiddenName(4));
    paths.opened(8, F);
    expect(paths.isHiding(F, hiddenName(4))).toBe(false);
    expect(paths.isHiding(F, hiddenName(5))).toBe(true);
  });

  it('find the handle behind a hidden name until that is forgotten', () => {
    paths.hid(F, hiddenName(1));
    expect(paths.hiddenHandle(hiddenName(1))).toBe(7);
    expect(paths.hiddenHandle(F)).toBeUndefined();
    paths.forgot(hiddenName(1));
    expect(paths.isHidden(hiddenName(1))).toBe(false);
  });

  it('follow a rename of the directory, hidden names too', () => {
    paths.opened(8, treePath('/d/open'));
    paths.hid(F, hiddenName(1));
    paths.moved(treePath('/d'), treePath('/e'));
    expect(paths.hiddenHandle(hiddenName(1, '/e'))).toBe(7);
    expect(paths.handleAt(treePath('/e/open'))).toBe(8);
    expect(paths.isHidden(hiddenName(1))).toBe(false);
  });

  it('forget hidden names with their directory', () => {
    paths.hid(F, hiddenName(1));
    paths.removedDirectory(treePath('/d'));
    expect(paths.isHidden(hiddenName(1))).toBe(false);
  });

  it('refuse changes by handles whose file was put back as a copy, until they are closed', () => {
    paths.hid(F, hiddenName(1));
    paths.sever(hiddenName(1));
    expect(() => paths.mustTakeChanges(7)).toThrow(expect.objectContaining({ code: 'STALE_HANDLE' }));
    paths.closed(7);
    expect(() => paths.mustTakeChanges(7)).not.toThrow();
  });
});
