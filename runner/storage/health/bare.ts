import type { Connection, ServiceFault } from '../connection.ts';

/** What asks a service. */
export type Asking<Session, Fault extends ServiceFault> = Pick<Connection<Session, Fault>, 'run'>;

/** A connection that throws what the service threw, instead of the words for it: a check tells more of it. */
export function bare<Session, Fault extends ServiceFault>(connection: Asking<Session, Fault>): Asking<Session, Fault> {
  return {
    run: async (doing, where, signal, work) => {
      let thrown: { readonly error: unknown } | undefined;
      try {
        return await connection.run(doing, where, signal, async (session, own) => {
          try {
            return await work(session, own);
          } catch (error) {
            thrown = { error };
            throw error;
          }
        });
      } catch (error) {
        throw thrown === undefined ? error : thrown.error;
      }
    },
  };
}
