import assert from 'node:assert/strict';
import { defaultMemoryBudget, detectMachine } from '../../../runner/monitor/machine.ts';

const GiB = 2 ** 30;

function machine(files: Record<string, string>) {
  return detectMachine({ cores: 16, memoryBytes: 64 * GiB, readText: (path) => files[path] });
}

describe('machine limits', () => {
  it('are the machine\'s own without control groups', () => {
    assert.deepEqual(machine({}), { cores: 16, memoryBytes: 64 * GiB });
  });

  it('follow version 2, and groups above', () => {
    assert.deepEqual(machine({
      '/proc/self/cgroup': '0::/slice/job\n',
      '/sys/fs/cgroup/slice/job/memory.max': 'max\n',
      '/sys/fs/cgroup/slice/memory.max': `${8 * GiB}\n`,
      '/sys/fs/cgroup/slice/job/cpu.max': '250000 100000\n',
    }), { cores: 3, memoryBytes: 8 * GiB });
  });

  it('follow version 1', () => {
    assert.deepEqual(machine({
      '/proc/self/cgroup': '5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${4 * GiB}`,
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
    }), { cores: 1, memoryBytes: 4 * GiB });
  });

  it('ignore what means no limit', () => {
    assert.deepEqual(machine({
      '/proc/self/cgroup': '0::/\n5:memory:/\n3:cpu:/\n',
      '/sys/fs/cgroup/memory.max': 'max', '/sys/fs/cgroup/cpu.max': 'max 100000',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
    }), { cores: 16, memoryBytes: 64 * GiB });
  });

  it('hold for this machine', () => {
    const real = detectMachine();
    assert.ok(real.cores >= 1 && real.memoryBytes > 2 ** 26);
    assert.ok(defaultMemoryBudget(real) < real.memoryBytes);
  });
});
