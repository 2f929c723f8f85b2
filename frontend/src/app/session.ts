import { Injectable, computed, inject, signal } from "@angular/core";

import { Api } from "./api/api";
import { getSession, logIn, logOut } from "./api/functions";
import { CredentialsRequest, Session } from "./api/models";

/** Who is using the client. Asked for once; the answer also brings the CSRF cookie that every change needs. */
@Injectable({ providedIn: "root" })
export class SessionStore {
  private readonly api = inject(Api);
  private readonly current = signal<Session | null>(null);
  private asked: Promise<Session> | null = null;

  readonly username = computed(() => this.current()?.username ?? null);
  readonly isStaff = computed(() => this.current()?.is_staff ?? false);

  load(): Promise<Session> {
    this.asked ??= this.api.invoke(getSession).then(
      (session) => this.keep(session),
      (error: unknown) => {
        this.asked = null;
        throw error;
      },
    );
    return this.asked;
  }

  async logIn(body: CredentialsRequest): Promise<Session> {
    return this.keep(await this.api.invoke(logIn, { body }));
  }

  async logOut(): Promise<void> {
    await this.api.invoke(logOut);
    this.keep({ username: null, is_staff: false });
  }

  private keep(session: Session): Session {
    this.current.set(session);
    this.asked = Promise.resolve(session);
    return session;
  }
}
