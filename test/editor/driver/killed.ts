describe('a suite whose extension host is killed', () => {
  it('passes a test', () => undefined);
  it('kills the process', async () => {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  });
});
