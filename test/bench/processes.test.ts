import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { followTree, parseCpuSeconds, parseMemory, readUse, treeOf } from '../../bench/processes.js';
import { until } from '../support/until.js';

describe('what the kernel tells of a process', () => {
  test('its CPU time is its own and that of the children it waited for, whatever its name', () => {
    const stat = '4711 (a) R (b) c) S 1 4711 4711 0 -1 4194560 9 0 0 0 250 50 75 25 20 0 11 0 99 0 0';
    assert.equal(parseCpuSeconds(stat), 4);
  });

  test('its memory is in bytes, none where the kernel names none', () => {
    assert.deepEqual(parseMemory('Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n'), {
      residentBytes: 1_048_576,
      peakBytes: 2_097_152,
    });
    assert.deepEqual(parseMemory('Name:\tx\n'), { residentBytes: 0, peakBytes: 0 });
  });

  test('this process has used some, one that is gone is null', async () => {
    const own = readUse(process.pid) ?? assert.fail('no use of this process');
    assert.ok(own.cpuSeconds > 0 && own.peakBytes >= own.residentBytes && own.residentBytes > 1_000_000);
    const child = spawn('true');
    await once(child, 'exit');
    assert.equal(readUse(child.pid ?? 0), null);
  });
});

test('children count, and what was seen of a process stays when it has ended', async () => {
  const script = "require('child_process').spawnSync(process.execPath, ['-e', 'for (;;);'])";
  const child = spawn(process.execPath, ['-e', script]);
  const pid = child.pid ?? 0;
  const exit = once(child, 'exit');
  let tree = [pid];
  try {
    await until('a child of the child', () => {
      tree = treeOf(pid);
      return Promise.resolve(tree.length === 2 || null);
    });
    const look = followTree(pid);
    const own = readUse(pid)?.cpuSeconds ?? 0;
    await until('its use of CPU', () => Promise.resolve(look().cpuSeconds > own + 0.2 || null));
    const seen = look();
    child.kill('SIGKILL');
    await exit;
    const after = look();
    assert.ok(after.cpuSeconds >= seen.cpuSeconds && after.peakBytes >= seen.peakBytes);
  } finally {
    for (const member of tree) if (readUse(member) !== null) process.kill(member, 'SIGKILL');
  }
});
