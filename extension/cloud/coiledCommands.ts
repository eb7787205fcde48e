import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part } from '../services.ts';

/** Commands about the account at Coiled. What they do is loaded when they are used. */
export const registerCoiled: Part = (services) => {
  const ends = new DisposableStore();
  const { log } = services;
  ends.add(registerCommand('spimquant.coiled.signIn', log, async () => (await import('./coiledSignIn.ts')).signInToCoiled(services)));
  ends.add(registerCommand('spimquant.coiled.signOut', log, async () => (await import('./coiledSignIn.ts')).signOutOfCoiled(services)));
  ends.add(registerCommand('spimquant.coiled.check', log, async () => (await import('./coiledSignIn.ts')).checkCoiled(services)));
  return ends;
};
