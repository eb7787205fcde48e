import { UserHome } from '../../helpers/userHome.ts';

/** What a user's machine has for Google Cloud. */
export interface GoogleSetup {
  /** What `gcloud auth application-default login` wrote. */
  readonly applicationDefault?: object | string;
  /** Further files, by their paths below the home folder. */
  readonly files?: Readonly<Record<string, object | string>>;
  /** `HOME/` at the beginning of a value stands for the home folder. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Gives this process the environment and files of a made-up user, and nothing of the real one's: stores read them by themselves. */
export class GoogleHome {
  #saved: NodeJS.ProcessEnv = {};
  #home: UserHome | undefined;

  enter(setup: GoogleSetup = {}): void {
    const home = new UserHome();
    this.#home = home;
    this.#saved = { ...process.env };
    this.write({ ...setup.files, ...(setup.applicationDefault === undefined ? {} : { '.config/gcloud/application_default_credentials.json': setup.applicationDefault }) });
    const more = Object.entries(setup.environment ?? {}).map(([name, value]) => [name, value.replace(/^HOME\//, `${home.folder}/`)]);
    this.#become(home.env(Object.fromEntries(more) as Record<string, string>));
  }

  /** Writes files, by their paths below the home folder. */
  write(files: Readonly<Record<string, object | string>>): void {
    this.#home?.write(files);
  }

  path(...parts: readonly string[]): string {
    if (this.#home === undefined) throw new Error('Not entered');
    return this.#home.path(...parts);
  }

  leave(): void {
    this.#become(this.#saved);
    this.#home?.remove();
    this.#home = undefined;
  }

  #become(wanted: NodeJS.ProcessEnv): void {
    for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
    Object.assign(process.env, wanted);
  }
}
