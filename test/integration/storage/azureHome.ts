import { UserHome } from '../../helpers/userHome.ts';

/**
 * Gives this process the environment of a made-up user of Azure, and nothing of the real one's: the SDK's credential
 * chain reads it by itself. There is no `az`, and no machine of Azure is asked: the library remembers for as long as the
 * process lives who answered.
 */
export class AzureHome {
  #saved: Record<string, string | undefined> = {};
  #home: UserHome | undefined;

  get home(): UserHome {
    if (this.#home === undefined) throw new Error('Not entered');
    return this.#home;
  }

  enter(variables: Readonly<Record<string, string>> = {}): void {
    this.#home = new UserHome();
    this.#saved = { ...process.env };
    const env = this.#home.env({ PATH: this.#home.folder, AZURE_TOKEN_CREDENTIALS: 'dev', ...variables });
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
  }

  /** Sets variables, or takes them away (`undefined`). */
  set(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }

  leave(): void {
    for (const name of Object.keys(process.env)) if (!(name in this.#saved)) delete process.env[name];
    Object.assign(process.env, this.#saved);
    this.#home?.remove();
    this.#home = undefined;
  }
}
